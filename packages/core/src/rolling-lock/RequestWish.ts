// What a caller asks for, checked before anything is written. Pure but for its errors.
import { Effect } from "effect"
import { isWhole, type LockLimits } from "./LockLimits.ts"
import { canonicalJson, type Operations } from "./Operation.ts"
import type { Wish } from "./RequestQueue.ts"
import { RequestInvalid } from "./RollingLockError.ts"

/** A request as a caller words it. */
export interface RequestOptions {
  readonly operation: string
  /** A JSON object; empty unless set. */
  readonly arguments?: Readonly<Record<string, unknown>>
  /** JSON that is handed back with the outcome. */
  readonly context?: unknown
  /** How many tries may follow the first; no bound unless set. */
  readonly maxRetries?: number
  /** Higher goes first, from -1000 to 1000; 0 unless set. */
  readonly priority?: number
  /** Permits it takes; 1 unless set. */
  readonly permits?: number
  /** How long it may wait for its grant, in millis by the caller's own clock; for ever unless set. */
  readonly deadlineMillis?: number
  /** The zone or rack it counts against; the participant's own unless set. */
  readonly group?: string
}

/** The wish in a caller's words. **Fails with** `RequestInvalid`, naming the field and what is allowed. */
export const wishOf = Effect.fnUntraced(function* (
  options: RequestOptions,
  scene: {
    readonly operations: Operations
    readonly limits: LockLimits
    readonly group: string | undefined
    readonly nowMillis: number
  }
) {
  const invalid = (field: string, allowed: string) => new RequestInvalid({ field, allowed })
  const { operations } = scene
  const { deadlineMillis, maxRetries, operation: name, permits = 1, priority = 0 } = options
  const group = options.group ?? scene.group
  const code = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (code === undefined) {
    return yield* invalid("operation", `one of ${Object.keys(operations).join(", ")}`)
  }
  const given = options.arguments ?? {}
  const args = Array.isArray(given) ? undefined : canonicalJson(given)
  if (args === undefined || !args.startsWith("{")) {
    return yield* invalid("arguments", "a JSON object: no NaN, no function, no cycle")
  }
  const refused = code.refuses(given)
  if (refused !== undefined) return yield* invalid("arguments", `what ${name} takes: ${refused}`)
  const context = options.context === undefined ? undefined : canonicalJson(options.context)
  if (options.context !== undefined && context === undefined) {
    return yield* invalid("context", "JSON")
  }
  for (const [field, text] of [
    ["arguments", args],
    ["context", context ?? ""]
  ] as const) {
    if (text.length > MAX_TEXT) return yield* invalid(field, `at most ${MAX_TEXT} characters`)
  }
  const numbers: ReadonlyArray<readonly [string, number | undefined, number, number]> = [
    ["maxRetries", maxRetries, 0, 1_000_000],
    ["priority", priority, -1_000, 1_000],
    ["permits", permits, 1, scene.limits.permits],
    ["deadlineMillis", deadlineMillis, 1, 366 * 86_400_000]
  ]
  for (const [field, value, least, most] of numbers) {
    if (value !== undefined && !isWhole(value, least, most)) {
      return yield* invalid(field, `a whole number from ${least} to ${most}`)
    }
  }
  if (group !== undefined && (group === "" || group.length > MAX_NAME)) {
    return yield* invalid("group", `a name of 1 to ${MAX_NAME} characters`)
  }
  if (group !== undefined && permits > (scene.limits.perGroup ?? permits)) {
    return yield* invalid("permits", `at most ${scene.limits.perGroup} in one group`)
  }
  return {
    operation: name,
    arguments: args,
    ...(context === undefined ? {} : { context }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    ...(priority === 0 ? {} : { priority }),
    ...(permits === 1 ? {} : { permits }),
    ...(group === undefined ? {} : { group }),
    ...(deadlineMillis === undefined ? {} : { expiresAtMillis: scene.nowMillis + deadlineMillis })
  } satisfies Wish
})

const MAX_TEXT = 16_384
const MAX_NAME = 200
