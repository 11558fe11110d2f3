// Lives of a lock by their seeds: most over memory, every hundredth over simulated Juju, where each step is a hook's.
import { type LockLife, memoryWorld, simulateLock } from "@rollcall/conformance"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { jujuWorld } from "../store/JujuWorld.ts"

/** Whether the life of that seed is lived over Juju. */
export const isOverJuju = (seed: number): boolean => seed % 100 === 0

/** Lives one life. */
export const liveOne = (seed: number): Promise<LockLife> =>
  Effect.runPromise(
    simulateLock(
      isOverJuju(seed)
        ? { seed, world: jujuWorld({ mailboxes: false, remembers: false }), overlaps: false }
        : { seed, world: memoryWorld }
    ).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
  )

/** What a run over many seeds came to. */
export interface Tally {
  lives: number
  overJuju: number
  starts: number
  /** Seconds of processor time. */
  seconds: number
  /** Seeds whose lives broke a promise, and which one. */
  readonly failed: Array<{ readonly seed: number; readonly violations: ReadonlyArray<string> }>
}

/** Lives every `stride`th seed from `first` up to `count`. */
export const liveMany = async (first: number, stride: number, count: number): Promise<Tally> => {
  const tally: Tally = { lives: 0, overJuju: 0, starts: 0, seconds: 0, failed: [] }
  const before = process.cpuUsage()
  for (let seed = first; seed < count; seed += stride) {
    const { history, violations } = await liveOne(seed)
    tally.lives++
    if (isOverJuju(seed)) tally.overJuju++
    tally.starts += history.filter(({ _tag }) => _tag === "start").length
    if (violations.length > 0) {
      const told = violations.map(({ detail, guarantee }) => `${guarantee}: ${detail}`)
      tally.failed.push({ seed, violations: told })
    }
  }
  const { system, user } = process.cpuUsage(before)
  return { ...tally, seconds: (system + user) / 1_000_000 }
}
