// A hand-off between two processes of `etcdctl lock`.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import type { EtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { Effect } from "effect"

/** From the SIGINT of the holder until the one that waits prints its key, in milliseconds. */
export const holdWithEtcdctl = (
  cluster: EtcdCluster,
  waitedMillis: number
): Effect.Effect<number> =>
  Effect.promise(async () => {
    const holder = lock(cluster)
    await once(holder.stdout as NodeJS.ReadableStream, "data")
    const waiter = lock(cluster)
    await new Promise((done) => setTimeout(done, waitedMillis))
    const taken = once(waiter.stdout as NodeJS.ReadableStream, "data")
    const released = performance.now()
    holder.kill("SIGINT")
    await taken
    const millis = performance.now() - released
    waiter.kill("SIGINT")
    await Promise.all([ended(holder), ended(waiter)])
    return millis
  })

/** The same among `waiters` that hand on to each other at once. */
export const queueWithEtcdctl = (
  cluster: EtcdCluster,
  waiters: number
): Effect.Effect<ReadonlyArray<number>> =>
  Effect.promise(async () => {
    const all = Array.from({ length: waiters }, () => lock(cluster))
    const times: Array<number> = []
    let released = 0
    await Promise.all(
      all.map(async (each) => {
        await once(each.stdout as NodeJS.ReadableStream, "data")
        if (released > 0) times.push(performance.now() - released)
        await new Promise((done) => setTimeout(done, HOLD_MILLIS))
        released = performance.now()
        each.kill("SIGINT")
        await ended(each)
      })
    )
    return times
  })

/** How long each of a queue holds, in milliseconds. */
export const HOLD_MILLIS = 5

const lock = ({ env, etcd }: EtcdCluster): ChildProcess =>
  spawn(etcd.etcdctl, ["lock", "bench-etcdctl"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"]
  })

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}
