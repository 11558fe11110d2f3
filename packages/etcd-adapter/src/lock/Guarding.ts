// The guard: one of those who wait, none of those who hold, watches for holders whose lease has ended, and for the end of
// a rest or the opening of a window. It is named in the transaction that leaves nobody else to do it.
// A grant that ends in a transition goes together with a write of the state; one that goes alone was a dead holder's.
import { opensAtMillis } from "@rollcall/core"
import { Clock, Effect, FiberHandle, Stream } from "effect"
import type { WatchBatch } from "../client/Etcd.ts"
import { handOut } from "./Attempting.ts"
import type { LockFailure } from "./LockErrors.ts"
import type { LockProcess } from "./LockProcess.ts"
import { type LockState, readState } from "./LockRecord.ts"

/** Watches until it is interrupted. */
export const watchHolders = (process: LockProcess): Effect.Effect<void, LockFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      // who is granted within that time needs nobody to watch
      yield* Effect.sleep(CALM_MILLIS)
      const timer = yield* FiberHandle.make<void, never>()
      const rest = (state: LockState | undefined) =>
        Effect.gen(function* () {
          const wait = state && (yield* pauseOf(process, state))
          if (wait === undefined) return yield* FiberHandle.clear(timer)
          const { millis, rested } = wait
          yield* FiberHandle.run(
            timer,
            Effect.andThen(Effect.sleep(millis), Effect.ignore(handOut(process, rested)))
          )
        })
      yield* Stream.runForEach(process.etcd.watch(process.keys.grants), (batch) =>
        Effect.gen(function* () {
          const seen = seenIn(process, batch)
          if (seen.state !== undefined) yield* rest(seen.state)
          if (!seen.look) return
          const state = yield* handOut(process)
          if (seen.state === undefined) yield* rest(state)
        })
      )
    })
  )

/** Whether a batch is a reason to look, and the last state in it. */
const seenIn = (
  { keys }: LockProcess,
  batch: WatchBatch
): { readonly look: boolean; readonly state: LockState | undefined } => {
  if (batch._tag === "Resync" || batch.events.length === 0) return { look: true, state: undefined }
  const written = new Set<number>()
  let state: LockState | undefined
  for (const event of batch.events) {
    if (event.type !== "put" || event.kv.key !== keys.state) continue
    written.add(event.kv.modRevision)
    state = readState(event.kv.value)
  }
  const look = batch.events.some(
    (event) =>
      event.type === "delete" &&
      !/\/(?:guard|hint|asked)$/.test(event.key) &&
      !written.has(event.modRevision)
  )
  return { look, state }
}

/** How long nothing can be granted although there are permits; undefined where nothing but a change helps. */
const pauseOf = Effect.fnUntraced(function* ({ gate, limits }: LockProcess, state: LockState) {
  if (state.pause !== undefined) return undefined
  const { settling } = state
  if (settling !== undefined) return { millis: limits.settleMillis, rested: settling.untilMillis }
  if (state.blocked === undefined) return undefined
  const nowMillis = yield* Clock.currentTimeMillis
  const opens = opensAtMillis(limits.windows, nowMillis) ?? nowMillis
  const again = gate === undefined ? 0 : GATE_MILLIS
  return { millis: Math.max(opens - nowMillis, again), rested: undefined }
})

const CALM_MILLIS = 100
const GATE_MILLIS = 5_000
