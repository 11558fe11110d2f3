// All watches of a client on one stream. It is opened with the first watch, and again on the next endpoint whenever it
// breaks or falls silent: while anybody watches, etcd is asked for a sign of life, since a stopped member or a cut cable
// breaks no connection. Each watch then goes on where it was (WatchState.ts).
// A watch fails where time alone does not help: permission, user, certificate. Everything else is tried again for ever.
import { Effect, Queue, type Scope, Stream } from "effect"
import { errorOf, type Failed, failedBy, isOfEndpoint, WITH_LEADER } from "./Attempt.ts"
import type { Calls } from "./Calls.ts"
import type { Endpoints } from "./Endpoints.ts"
import type { WatchBatch, WatchRequest } from "./Etcd.ts"
import type { EtcdError } from "./EtcdError.ts"
import { failureOf, type Rpc } from "./Rpc.ts"
import type { WatchHub } from "./WatchHub.ts"

/** Gives the changes of what is asked for. */
export type Watch = (request: WatchRequest) => Stream.Stream<WatchBatch, EtcdError>

/** Whether the member at an endpoint is with the majority: a read that the cluster has to agree on, within a moment. */
export type Ask = (rpc: Rpc) => Effect.Effect<boolean>

/** Watches through `endpoints` for as long as the scope is open. */
export const makeWatches = Effect.fnUntraced(function* (
  endpoints: Endpoints,
  calls: Calls,
  hub: WatchHub,
  isWithMajority: Ask
): Effect.fn.Return<Watch, never, Scope.Scope> {
  yield* Effect.forkScoped(converse(endpoints, calls, hub, isWithMajority))
  return (request) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const queue = yield* Queue.unbounded<WatchBatch, EtcdError>()
        const end = hub.add(request, queue)
        yield* Effect.addFinalizer(() => Effect.andThen(Effect.sync(end), Queue.shutdown(queue)))
        return Stream.fromQueue(queue)
      })
    )
})

/** How often the stream is looked after, in milliseconds. */
const TICK_MILLIS = 350
/** After this many ticks of silence the endpoint is left. Ticks, not time: a busy process is not to blame etcd for it. */
const TICKS_TO_LEAVE = 4

/** One stream after another. */
const converse = Effect.fnUntraced(function* (
  endpoints: Endpoints,
  calls: Calls,
  hub: WatchHub,
  isWithMajority: Ask
): Effect.fn.Return<never> {
  let failures = 0
  let inARow = 0
  let last: Failed["reason"] | undefined
  for (;;) {
    yield* hub.needed.await
    const rpc = endpoints.current()
    let heard = false
    const failed = yield* calls.headers(rpc).pipe(
      Effect.flatMap((headers) =>
        Effect.raceFirst(
          read(rpc, headers, hub, () => (heard = true)),
          lookAfter(endpoints, rpc, hub, isWithMajority)
        )
      ),
      Effect.flip
    )
    failures = heard ? 1 : failures + 1
    inARow = failed.reason === last && !heard ? inARow + 1 : 1
    last = failed.reason
    if (failed.stale) calls.forget()
    if (isOfEndpoint(failed)) endpoints.leave(rpc)
    if (isLasting(failed, inARow, endpoints.size)) hub.fail(errorOf("watch", rpc, failed))
    if (failures >= endpoints.size) yield* Effect.sleep(Math.min(25 * 2 ** failures, 1_000))
  }
})

/** A token is renewed once and a certificate tried at every endpoint; then they are refused for good. */
const isLasting = ({ reason, stale }: Failed, inARow: number, endpoints: number): boolean =>
  reason === "tls"
    ? inARow >= endpoints
    : reason === "unauthenticated"
      ? !stale || inARow > 2
      : reason === "permission-denied"

/** Reads one stream until it breaks. */
const read = (
  rpc: Rpc,
  headers: Readonly<Record<string, string>>,
  hub: WatchHub,
  onAnswer: () => void
): Effect.Effect<never, Failed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const outbox = hub.attach()
      try {
        for await (const response of rpc.watch.watch(outbox, {
          signal,
          headers: { ...headers, ...WITH_LEADER }
        })) {
          if (signal.aborted) break
          const failed = hub.receive(outbox, rpc, response)
          if (failed !== undefined) return failed
          onAnswer()
        }
        return failedBy({ code: 14, text: "the stream was ended", systemCode: undefined })
      } finally {
        hub.detach(outbox)
      }
    },
    catch: (cause) => failedBy(failureOf(cause))
  }).pipe(Effect.flatMap((failed) => Effect.fail(failed)))

/** Fails when the stream is silent, or when calls left its endpoint and it is indeed cut off from the others. */
const lookAfter = Effect.fnUntraced(function* (
  endpoints: Endpoints,
  rpc: Rpc,
  hub: WatchHub,
  isWithMajority: Ask
): Effect.fn.Return<never, Failed> {
  let silent = 0
  let looked = endpoints.current()
  for (;;) {
    yield* Effect.sleep(TICK_MILLIS)
    silent = hub.isSilent() ? silent + 1 : 0
    if (silent >= TICKS_TO_LEAVE) {
      rpc.doubt()
      return yield* Effect.fail(lost("deadline", `no sign of life for ${silent * TICK_MILLIS} ms`))
    }
    if (silent > 0) hub.probe()
    if (looked !== endpoints.current()) {
      looked = endpoints.current()
      if (looked !== rpc && !(yield* isWithMajority(rpc))) {
        return yield* Effect.fail(lost("no-leader", "the member is cut off from the others"))
      }
    }
  }
})

const lost = (reason: Failed["reason"], detail: string): Failed => ({
  reason,
  detail,
  refused: false,
  stale: false
})
