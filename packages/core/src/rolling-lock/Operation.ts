// What a participant can do under the lock: the typed registry that a composition gives to it, and what is handed to the
// code of an operation. Arguments are a JSON object; its canonical text tells whether two requests ask for the same.
import { Effect, Schema } from "effect"
import type { FencingToken } from "./FencingToken.ts"
import type { Ended } from "./RequestQueue.ts"

/** What an operation came to; `retry-hold` keeps the permit until the next try, also for work that goes on meanwhile. */
export type OperationResult = Ended["result"]

/** What the code of an operation is given. */
export interface OperationCall<A = unknown> {
  readonly operation: string
  readonly arguments: A
  /** To be quoted to whatever is changed: it refuses a smaller one than it has seen. */
  readonly token: FencingToken
  readonly lock: string
  /** Tries before this one. */
  readonly attempt: number
  /** What the requester gave to be handed back. */
  readonly requestContext: unknown
  /** Whether this try was begun before and cut off: a reboot that was asked for is then behind it. */
  readonly interrupted: boolean
}

/** The end of an operation that is not tried again. */
export interface Outcome {
  readonly outcome: "done" | "failed"
  readonly reason: string | undefined
}

/** The code of one operation. A failure of `run` counts as `retry-release`, with its message as the reason. */
export interface Operation {
  /** What is wrong with arguments, in words; undefined where they will do. */
  readonly refuses: (args: unknown) => string | undefined
  readonly run: (
    call: OperationCall
  ) => Effect.Effect<OperationResult, { readonly message: string }>
  /** Hears of the end, at least once; a failure of this code is logged and nothing more. */
  readonly after?: (
    call: OperationCall,
    outcome: Outcome
  ) => Effect.Effect<void, { readonly message: string }>
}

/** The operations of a lock by name. */
export type Operations = Readonly<Record<string, Operation>>

/** An operation whose arguments are checked when it is asked for, and typed when it is run. */
export const operation = <S extends Schema.ConstraintDecoder<unknown, never>>(options: {
  readonly arguments: S
  readonly run: (
    call: OperationCall<S["Type"]>
  ) => Effect.Effect<OperationResult, { readonly message: string }>
  readonly after?: Operation["after"]
}): Operation => {
  const decode = Schema.decodeUnknownResult(options.arguments)
  return {
    refuses: (args) => {
      const decoded = decode(args)
      return decoded._tag === "Failure" ? decoded.failure.message : undefined
    },
    run: (call) => {
      const decoded = decode(call.arguments)
      return decoded._tag === "Failure"
        ? Effect.succeed("failed" as const)
        : options.run({ ...call, arguments: decoded.success })
    },
    ...(options.after === undefined ? {} : { after: options.after })
  }
}

/** An operation that takes any arguments. */
export const plainOperation = (run: Operation["run"]): Operation => ({
  refuses: () => undefined,
  run
})

/** The text of a JSON value with sorted keys; undefined where `value` is none (`NaN`, a function, a cycle). */
export const canonicalJson = (value: unknown, depth = 0): string | undefined => {
  if (depth > MAX_DEPTH) return undefined
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value)
  }
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : undefined
  if (typeof value !== "object") return undefined
  if (Array.isArray(value)) {
    const parts = Array.from(value, (each: unknown) => canonicalJson(each, depth + 1))
    return parts.includes(undefined) ? undefined : `[${parts.join(",")}]`
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const parts = Object.keys(value)
    .sort(byCodePoint)
    .map((key) => {
      const text = canonicalJson((value as Record<string, unknown>)[key], depth + 1)
      return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`
    })
  return parts.includes(undefined) ? undefined : `{${parts.join(",")}}`
}

/** The value of a JSON text, or undefined where it is none. */
export const parsedJson = (text: string | undefined): unknown => {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const MAX_DEPTH = 32

const byCodePoint = (left: string, right: string): number => {
  const [a, b] = [[...left], [...right]]
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
