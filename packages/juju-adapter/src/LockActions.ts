// An operator's actions on a rolling lock, each answered with results or with what is allowed; what is refused has
// written nothing. The leader alone can pause, resume and force; elsewhere the action says where to run it.
// Juju does not tell who runs an action, so the history names the action and the unit.
import {
  type Audit,
  type GrantUnknown,
  type LockNotReady,
  NotLeader,
  ParticipantId,
  type PastEvent,
  RollingLock,
  Store,
  type StoreError,
  type WaitReason,
  wording
} from "@rollcall/core"
import { Effect, Schema } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { actionFail, actionGet, actionSet } from "./hook-commands/action.ts"
import { JujuContext } from "./JujuContext.ts"
import { keyIssues } from "./SchemaIssues.ts"

/** A parameter of an action that its Schema does not take; nothing was written. */
export class ActionInvalid extends Schema.TaggedError<ActionInvalid>()("ActionInvalid", {
  parameter: Schema.String,
  allowed: Schema.String
}) {
  /** One line: which parameter, and what is allowed. */
  override get message(): string {
    return `${this.parameter} cannot be used: allowed is ${this.allowed}; nothing was written`
  }
}

/** The action's parameters as `schema` reads them. **Fails with** `ActionInvalid`. */
export const actionParameters = <const Fields extends Schema.Struct.Fields>(
  schema: Schema.Struct<Fields>
) =>
  Effect.flatMap(actionGet, (given) =>
    Schema.decodeUnknownEffect(schema)(given).pipe(
      Effect.mapError(({ issue }) => {
        const [first] = keyIssues(issue)
        return new ActionInvalid({ parameter: first?.key ?? "", allowed: first?.expected ?? "" })
      })
    )
  )

/** Answers an action: its results, or the message of its error, as Juju shows them. Succeeds with whether it went well. */
export const answered = <E extends { readonly message: string; readonly _tag: string }, R>(
  action: Effect.Effect<Readonly<Record<string, string>>, E, R>
) =>
  action.pipe(
    Effect.flatMap(actionSet),
    Effect.as(true),
    Effect.catch((error) => Effect.as(actionFail(wordsOf(error)), false))
  )

/** One action: its results, by key. */
export type LockAction = Effect.Effect<
  Readonly<Record<string, string>>,
  ActionInvalid | HookCommandError | StoreError | LockNotReady | GrantUnknown,
  RollingLock | Store | HookCommand | JujuContext
>

/** The actions that every charm with a rolling lock can offer, by name; all but `rolling-status` are to be followed by a step. */
export const lockActions: Readonly<Record<`rolling-${Verb}`, LockAction>> = {
  "rolling-status": Effect.suspend(() => report),
  "rolling-pause": Effect.suspend(() => steered("pause")),
  "rolling-resume": Effect.suspend(() => steered("resume")),
  "rolling-cancel": Effect.suspend(() => cancel),
  "rolling-force-release": Effect.suspend(() => forceRelease)
}

type Verb = "status" | "pause" | "resume" | "cancel" | "force-release"

const Reason = Schema.NonEmptyString.check(Schema.isMaxLength(500))
const Ticket = Schema.Finite.check(Schema.isGreaterThan(0))

const steered = Effect.fnUntraced(function* (verb: "pause" | "resume") {
  const given = yield* actionParameters(Schema.Struct({ reason: Schema.optionalKey(Reason) }))
  const lock = yield* RollingLock
  // where nothing would change nothing would be refused either
  if (!(yield* lock.status).leader) {
    return yield* new NotLeader({ participant: (yield* Store).self, group: "the roll" })
  }
  yield* lock[verb](yield* auditOf(given.reason ?? "an operator asked for it"))
  return { roll: verb === "pause" ? "paused" : "goes on" }
})

const cancel = Effect.gen(function* () {
  const given = yield* actionParameters(Schema.Struct({ ticket: Schema.optionalKey(Ticket) }))
  const gone = yield* (yield* RollingLock).cancel(given.ticket)
  return { cancelled: gone.length === 0 ? "nothing" : gone.join(" ") }
})

const forceRelease = Effect.gen(function* () {
  const { reason, unit } = yield* actionParameters(
    Schema.Struct({ unit: Schema.NonEmptyString, reason: Reason })
  )
  const lock = yield* RollingLock
  yield* lock.forceRelease(ParticipantId.make(unit), yield* auditOf(reason))
  return { released: unit, roll: "paused; see what became of it, then run rolling-resume" }
})

/** Who holds, who waits and why, what is wrong, and what was; writes nothing. */
const report = Effect.gen(function* () {
  const lock = yield* RollingLock
  const store = yield* Store
  const units = yield* store.step((view) =>
    Effect.succeed([[view.self, ...(view.groups[0]?.peers.keys() ?? [])].sort(byNumber), []])
  )
  const { grants, pause, permits, problem, problems, token, waiters } = yield* lock.status
  const reasons = yield* Effect.forEach(units, (unit) =>
    Effect.map(lock.explain(unit), (each) => [`units.${keyOf(unit)}`, linesOf(each)] as const)
  )
  const history = (yield* lock.history).map(lineOf)
  return {
    holders: namesOf(grants.map(({ participant, token }) => `${participant} (token ${token})`)),
    order: namesOf(waiters.map(({ participant }) => participant)),
    roll: problem ?? (pause === undefined ? "not paused" : `paused: ${pause.reason}`),
    permits: String(permits),
    token: String(token),
    ...(problems.size === 0
      ? {}
      : { problems: [...problems].map(([unit, text]) => `${unit}: ${text}`).join("\n") }),
    ...(history.length === 0 ? {} : { history: history.join("\n") }),
    ...Object.fromEntries(reasons)
  }
})

const auditOf = (reason: string): Effect.Effect<Audit, never, JujuContext> =>
  Effect.map(JujuContext, ({ event, unit }) => ({
    by: `action ${event.action?.uuid ?? event.name} on ${unit}`,
    reason
  }))

const namesOf = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "nobody" : names.join(", ")

const linesOf = (reasons: ReadonlyArray<WaitReason>): string => reasons.map(wording).join("; ")

/** A unit as a key of action results: small letters, digits, hyphens. */
const keyOf = (unit: string): string => unit.replaceAll("/", "-")

const lineOf = (past: PastEvent): string => {
  const { atMillis, by, event, operation, participant, reason, token } = past
  return [
    new Date(atMillis).toISOString(),
    participant,
    operation,
    event,
    token === undefined ? undefined : `token ${token}`,
    by === undefined ? undefined : `by ${by}`,
    reason
  ]
    .filter((each) => each !== undefined)
    .join(" ")
}

const byNumber = (left: string, right: string): number =>
  Number(left.slice(left.indexOf("/") + 1)) - Number(right.slice(right.indexOf("/") + 1))

const wordsOf = (error: { readonly message: string; readonly _tag: string }): string =>
  error._tag === "NotLeader" ? `${error.message}: run this action on the leader` : error.message
