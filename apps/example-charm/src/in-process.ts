// The two charms as functions of one hook, for simulations of many units in one process: the same compositions over
// parts that cost no process. The clock is the caller's, so that simulated time decides what is due.
import { type ClusterCli, type HostName, Journal } from "@rollcall/core"
import { HookCommand, type RunHookCommand, WakeUp } from "@rollcall/juju-adapter"
import { Clock, Duration, Effect, Layer } from "effect"
import { distributor } from "./distributor.ts"
import { member } from "./member.ts"
import type { MemberConfig } from "./member-config.ts"

/** One hook as a simulator gives it to a function. */
export interface InProcessHook {
  readonly env: Readonly<Record<string, string>>
  readonly run: RunHookCommand
}

/** A charm as a function of one hook; resolves to the exit code. */
export type InProcessCharm = (hook: InProcessHook) => Promise<number>

/** The token distributor's charm, by the caller's clock in millis. */
export const inProcessDistributor =
  (nowMillis: () => number): InProcessCharm =>
  ({ env, run }) =>
    Effect.runPromise(
      distributor(env, HookCommand.layerWith(run)).pipe(
        Effect.provideService(Clock.Clock, clockOf(nowMillis))
      )
    )

/** What differs from one in-process member to the next. */
export interface InProcessMemberOptions {
  /** The clock of a unit's machine. */
  readonly nowMillis: (unit: string) => number
  readonly hostOf: (unit: string) => HostName
  /** The cluster's command on a unit's host, by the options of the charm. */
  readonly clusterOf: (
    host: HostName,
    config: MemberConfig,
    unit: string
  ) => Layer.Layer<ClusterCli>
  /** Later hooks for a unit; only Juju's own unless set. */
  readonly wakeUp?: (unit: string) => Layer.Layer<WakeUp>
}

/** The member's charm; every unit keeps a journal of its own, which survives failed hooks. */
export const inProcessMember = (options: InProcessMemberOptions): InProcessCharm => {
  const journals = new Map<string, ReadonlyMap<string, string>>()
  return ({ env, run }) => {
    const unit = env.JUJU_UNIT_NAME ?? ""
    const host = options.hostOf(unit)
    const journalOf = (service: string) => {
      const name = `${unit} ${service}`
      return Layer.succeed(
        Journal,
        Journal.of({
          load: Effect.sync(() => journals.get(name) ?? new Map()),
          save: (entries) => Effect.sync(() => void journals.set(name, new Map(entries)))
        })
      )
    }
    const cluster = (config: MemberConfig) => options.clusterOf(host, config, unit)
    return Effect.runPromise(
      member(env, {
        host,
        commands: HookCommand.layerWith(run),
        journal: journalOf("cluster"),
        lockJournal: journalOf("lock"),
        wakeUp: options.wakeUp?.(unit) ?? WakeUp.layerNone,
        cluster
      }).pipe(
        Effect.provideService(
          Clock.Clock,
          clockOf(() => options.nowMillis(unit))
        )
      )
    )
  }
}

/** Deadlines run on wall time all the same: what they guard against is a part that really hangs. */
const clockOf = (nowMillis: () => number): Clock.Clock => {
  const nanos = () => BigInt(Math.trunc(nowMillis())) * 1_000_000n
  return {
    currentTimeMillisUnsafe: nowMillis,
    currentTimeMillis: Effect.sync(nowMillis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => process.hrtime.bigint(),
    monotonicTimeNanos: Effect.sync(() => process.hrtime.bigint()),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(duration))
        return Effect.sync(() => clearTimeout(timer))
      })
  }
}
