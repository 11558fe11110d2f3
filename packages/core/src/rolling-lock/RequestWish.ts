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

/** What a wish is checked against. */
export interface WishScene {
  readonly operations: Operations
  readonly limits: LockLimits
  /** The participant's own group. */
  readonly group: string | undefined
  readonly nowMillis: number
}

/** The wish in a caller's words. **Fails with** `RequestInvalid`, naming the field and what is allowed. */
export const wishOf = Effect.fnUntraced(function* (options: RequestOptions, scene: WishScene) {
  const { deadlineMillis, maxRetries, operation, permits = 1, priority = 0 } = options
  const group = options.group ?? scene.group
  const given = options.arguments ?? {}
  const args = Array.isArray(given) ? undefined : canonicalJson(given)
  const context = options.context === undefined ? undefined : canonicalJson(options.context)
  const problem =
    numberProblem(options, scene) ??
    textProblem("arguments", args) ??
    (options.context === undefined ? undefined : textProblem("context", context)) ??
    operationProblem(operation, given, scene) ??
    groupProblem(group, permits, scene)
  if (problem !== undefined) {
    return yield* new RequestInvalid({ field: problem[0], allowed: problem[1] })
  }
  return {
    operation,
    arguments: args ?? "{}",
    ...(context === undefined ? {} : { context }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    ...(priority === 0 ? {} : { priority }),
    ...(permits === 1 ? {} : { permits }),
    ...(group === undefined ? {} : { group }),
    ...(deadlineMillis === undefined ? {} : { expiresAtMillis: scene.nowMillis + deadlineMillis })
  } satisfies Wish
})

/** A field, and what is allowed in it. */
type Problem = readonly [string, string] | undefined

const operationProblem = (name: string, given: unknown, { operations }: WishScene): Problem => {
  const code = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (code === undefined) return ["operation", `one of ${Object.keys(operations).join(", ")}`]
  const refused = code.refuses(given)
  return refused === undefined ? undefined : ["arguments", `what ${name} takes: ${refused}`]
}

const textProblem = (field: "arguments" | "context", text: string | undefined): Problem => {
  if (text === undefined || (field === "arguments" && !text.startsWith("{"))) {
    const kind = field === "arguments" ? "a JSON object" : "JSON"
    return [field, `${kind}: no NaN, no function, no cycle`]
  }
  return text.length > MAX_TEXT ? [field, `at most ${MAX_TEXT} characters`] : undefined
}

const numberProblem = (options: RequestOptions, { limits }: WishScene): Problem => {
  const numbers: ReadonlyArray<readonly [string, number | undefined, number, number]> = [
    ["maxRetries", options.maxRetries, 0, 1_000_000],
    ["priority", options.priority, -1_000, 1_000],
    ["permits", options.permits, 1, limits.permits],
    ["deadlineMillis", options.deadlineMillis, 1, 366 * 86_400_000]
  ]
  const bad = numbers.find(
    ([, value, least, most]) => value !== undefined && !isWhole(value, least, most)
  )
  return bad === undefined ? undefined : [bad[0], `a whole number from ${bad[2]} to ${bad[3]}`]
}

const groupProblem = (
  group: string | undefined,
  permits: number,
  { limits }: WishScene
): Problem => {
  if (group === undefined) return undefined
  if (group === "" || group.length > MAX_NAME) {
    return ["group", `a name of 1 to ${MAX_NAME} characters`]
  }
  const { perGroup = permits } = limits
  return permits > perGroup ? ["permits", `at most ${perGroup} in one group`] : undefined
}

const MAX_TEXT = 16_384
const MAX_NAME = 200
