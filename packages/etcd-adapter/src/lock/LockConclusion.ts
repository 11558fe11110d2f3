// What follows for the state of a lock from what has ended. Pure.
// A holder that the state names and that has no key is dead: etcd took its key away with its lease.
import { type FencingToken, isOpen, type PastEvent, type Pause } from "@rollcall/core"
import type { Candidate, Change, LockScene } from "./LockChange.ts"
import { type HolderRecord, type LockState, nameOf, type WaiterRecord } from "./LockRecord.ts"
import type { LockSnapshot, Outstanding } from "./LockSnapshot.ts"

/** The state after grants that ended, holders that died, and what an operator wants. */
export const concluded = (
  snapshot: LockSnapshot,
  change: Change,
  scene: LockScene
): { readonly events: ReadonlyArray<PastEvent>; readonly state: LockState } => {
  const { limits, nowMillis, self, whenHolderDies } = scene
  const there = new Set(snapshot.holders.map(({ holder }) => nameOf(holder)))
  const dead = snapshot.state.holders.filter((each) => !there.has(nameOf(each)))
  const events = [...(change.events ?? []), ...dead.map((each) => departed(each, nowMillis))]
  let state = change.steer === undefined ? snapshot.state : change.steer(snapshot.state)
  const rest = state.settling
  const over = rest?.by === self && nowMillis >= rest.untilMillis
  if (
    rest !== undefined &&
    (over || change.rested === rest.untilMillis || limits.settleMillis === 0)
  ) {
    const { settling: _, ...rested } = state
    state = rested
  }
  if (limits.settleMillis > 0 && events.some(({ event }) => event === "done")) {
    state = { ...state, settling: { by: self, untilMillis: nowMillis + limits.settleMillis } }
  }
  const bad = events.filter(
    ({ event }) => event === "failed" || (event === "departed" && whenHolderDies === "pause")
  )
  const last = bad.at(-1)
  if (dead.length > 0 && state === snapshot.state) state = { ...state }
  if (last === undefined) return { events, state }
  const failed = [
    ...new Set([...(state.failed ?? []), ...bad.map((each) => `${each.participant}`)])
  ]
  state = { ...state, failed }
  const many = failed.length >= limits.failures || last.event === "departed"
  if (!many || state.pause !== undefined) return { events, state }
  const why = last.reason ?? "it failed"
  const pause: Pause = {
    reason: `${last.operation} on ${last.participant}: ${why}`,
    atMillis: nowMillis
  }
  return { events: [...events, { event: "paused", ...pause }], state: { ...state, pause } }
}

const departed = (each: HolderRecord, atMillis: number): PastEvent => ({
  event: "departed",
  atMillis,
  sinceMillis: each.atMillis,
  participant: each.participant,
  operation: each.operation,
  reason: "its lease ended while it held"
})

/** Why nothing may be granted now; undefined where something may. */
export const blockedBy = (
  state: LockState,
  { unhealthy }: Change,
  { limits, nowMillis }: LockScene
): string | undefined => {
  if (state.pause !== undefined) return `paused: ${state.pause.reason}`
  if (unhealthy !== undefined) return unhealthy
  if (state.settling !== undefined) return "it settles after the last success"
  return isOpen(limits.windows, nowMillis) ? undefined : "outside of its windows"
}

/** The state as a transition leaves it. */
export const stateAfter = (
  { blocked: _, granted: __, ...state }: LockState,
  holders: ReadonlyArray<Outstanding>,
  chosen: Candidate | undefined,
  blocked: string | undefined,
  events: number,
  { state: before, stateRevision }: LockSnapshot,
  scene: LockScene
): LockState => ({
  ...state,
  events: before.events + events,
  permits: scene.limits.permits,
  token: (before.granted === true ? stateRevision : before.token) as FencingToken,
  ...(chosen === undefined ? {} : { granted: true }),
  holders: [
    ...holders.map(({ holder }) => holder),
    ...(chosen === undefined ? [] : [holderOf(chosen.waiter, scene)])
  ],
  ...(blocked === undefined ? {} : { blocked })
})

/** A waiter as it holds. */
export const holderOf = (waiter: WaiterRecord, { nowMillis }: LockScene): HolderRecord => ({
  v: 1,
  participant: waiter.participant,
  ticket: waiter.ticket,
  operation: waiter.operation,
  ...(waiter.permits === undefined ? {} : { permits: waiter.permits }),
  ...(waiter.group === undefined ? {} : { group: waiter.group }),
  atMillis: nowMillis
})
