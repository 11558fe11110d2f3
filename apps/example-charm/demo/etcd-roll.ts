// The roll: every host works on itself under one lock over etcd, one at a time, in the order in which they asked.
import { Journal } from "@rollcall/core"
import { EtcdRollingLock, etcdClient, etcdRollingLock } from "@rollcall/etcd-adapter"
import type { EtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { Effect, Layer } from "effect"
import type { Telling } from "./Narrator.ts"

/** What an observer of the roll saw. */
export interface Rolled {
  /** Hosts in the order of their turns, with the token of each turn. */
  readonly turns: ReadonlyArray<{ readonly host: string; readonly token: number }>
  readonly atOnce: number
}

/** Rolls `hosts`, each over a connection of its own. */
export const roll = Effect.fn("roll")(function* (
  { endpoints }: EtcdCluster,
  hosts: ReadonlyArray<string>,
  { event }: Telling
) {
  const turns: Array<Rolled["turns"][number]> = []
  let inside = 0
  let atOnce = 0
  const turn = (host: string) =>
    Effect.flatMap(EtcdRollingLock, (lock) =>
      lock.withPermits(1)(({ token }) =>
        Effect.gen(function* () {
          atOnce = Math.max(atOnce, (inside += 1))
          turns.push({ host, token: Number(token) })
          event(`${host} restarts alone, its fencing token is ${token}`)
          yield* Effect.sleep(WORK)
          inside -= 1
        })
      )
    ).pipe(
      Effect.provide(
        etcdRollingLock({ lock: "restart", participant: host }).pipe(
          Layer.provide([etcdClient({ endpoints, prefix: "rollcall/" }), Journal.layerMemory])
        )
      )
    )
  yield* Effect.forEach(hosts, turn, { concurrency: "unbounded", discard: true })
  return { turns, atOnce } satisfies Rolled
})

const WORK = "100 millis"
