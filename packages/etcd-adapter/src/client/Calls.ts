// Calls that are answered once: each try has a deadline of its own, and one that stays without an answer is tried on the
// next endpoint, as long as that cannot do the thing twice. It cannot where the caller says so (`again`) and where the
// server certainly did nothing: it could not be reached, or it refused.
import { Clock, Effect, Result } from "effect"
import { attempt, errorOf, type Failed, isOfEndpoint, isTransient } from "./Attempt.ts"
import { type Authentication, type EtcdUser, makeAuthentication } from "./Authentication.ts"
import { makeCrowd } from "./Crowd.ts"
import type { Endpoints } from "./Endpoints.ts"
import type { EtcdError } from "./EtcdError.ts"
import type { Rpc, RpcOptions } from "./Rpc.ts"

/** A call. */
export interface Call<A> {
  /** What it does, as in "failed to read". */
  readonly operation: string
  /** Its name in the counts. */
  readonly name: string
  /** Whether doing it twice is the same as doing it once. */
  readonly again: boolean
  readonly send: (rpc: Rpc, options: RpcOptions) => Promise<A>
  /** How long one try may take, in milliseconds; 1,000 where it is not said, 5,000 where there is only one. */
  readonly attemptMillis?: number
  /** Whether it goes out however many calls are under way: a lease does not wait for them. */
  readonly urgent?: boolean
  /** How long all tries together may take, in milliseconds; what the client was told where it is not said. */
  readonly deadlineMillis?: number
}

/** What a call came to, and whether an earlier try of it may have been applied. */
export interface Answered<A> {
  readonly value: A
  readonly repeated: boolean
}

/** Makes calls. */
export interface Calls {
  readonly call: <A>(call: Call<A>) => Effect.Effect<Answered<A>, EtcdError>
  /** What proves who asks, for the headers of a stream. */
  readonly headers: (rpc: Rpc) => Effect.Effect<Readonly<Record<string, string>>, Failed>
  /** Says that the token in use was refused. */
  readonly forget: () => void
  readonly count: (name: string) => void
  readonly counts: () => ReadonlyMap<string, number>
}

/**
 * How long one try may take, in milliseconds. What was sent to a member that followed a dead leader is lost without an
 * answer, also when another leads by now; so this is what a call takes longer than the election.
 */
export const ATTEMPT_MILLIS = 1_000
/** What is not tried again is waited for longer: giving it up would mean not to know. */
const ONLY_ATTEMPT_MILLIS = 5_000

/** More than keep etcd busy would only wait there, and time out; it refuses when 5,000 do. */
const MOST_AT_ONCE = 64

/** `Calls` over `endpoints`, each with `deadlineMillis` for all its tries. */
export const makeCalls = (
  endpoints: Endpoints,
  user: EtcdUser | undefined,
  deadlineMillis: number
): Calls => {
  const counts = new Map<string, number>()
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const authentication = makeAuthentication(user, (rpc, name, password) => {
    count("Authenticate")
    const send = (options: RpcOptions) => rpc.auth.authenticate({ name, password }, options)
    return attempt(rpc, ATTEMPT_MILLIS, {}, send)
  })
  return {
    call: makeCall(endpoints, authentication, count, deadlineMillis),
    headers: authentication.headers,
    forget: authentication.forget,
    count,
    counts: () => new Map(counts)
  }
}

const makeCall = (
  endpoints: Endpoints,
  authentication: Authentication,
  count: Calls["count"],
  deadlineMillis: number
) => {
  const crowd = makeCrowd(MOST_AT_ONCE)
  let answeredAt = 0n
  const tryOnce = <A>(request: Call<A>, millis: () => number) => {
    const once = tryNow(endpoints, authentication, count, request, millis)
    return request.urgent === true ? once : crowd(once)
  }

  return Effect.fnUntraced(function* <A>(
    request: Call<A>
  ): Effect.fn.Return<Answered<A>, EtcdError> {
    const allowed = request.deadlineMillis ?? deadlineMillis
    const clock = yield* Clock.Clock
    // as long as others that came before are answered, waiting for room is not counted
    let since = clock.monotonicTimeNanosUnsafe()
    const gone = () => Number(clock.monotonicTimeNanosUnsafe() - since) / 1e6
    let repeated = false
    let renewed = false
    for (let tries = 1; ; tries++) {
      const most = patience(request, tries, endpoints.size)
      const { rpc, result } = yield* tryOnce(request, () => {
        if (tries === 1 && answeredAt > since) since = answeredAt
        return Math.max(Math.min(most, allowed - gone()), MOMENT_MILLIS)
      })
      if (Result.isSuccess(result)) {
        answeredAt = clock.monotonicTimeNanosUnsafe()
        return { value: result.success, repeated }
      }
      const failed = result.failure
      repeated ||= !failed.refused
      if (failed.stale && !renewed) {
        authentication.forget()
        renewed = true
        continue
      }
      if (isOfEndpoint(failed)) endpoints.leave(rpc)
      const pause = pauseAfter(tries, endpoints.size)
      const late = gone() + pause >= allowed
      if (late || !mayTryAgain(failed, request.again, tries < endpoints.size)) {
        return yield* errorOf(request.operation, rpc, failed)
      }
      if (pause > 0) yield* Effect.sleep(pause)
    }
  })
}

/** One try, at the endpoint that is in use when there is room for it, for at most `millis` from then on. */
const tryNow = Effect.fnUntraced(function* <A>(
  endpoints: Endpoints,
  authentication: Authentication,
  count: Calls["count"],
  { name, send }: Call<A>,
  millis: () => number
) {
  const rpc = endpoints.current()
  const result = yield* authentication.headers(rpc).pipe(
    Effect.flatMap((headers) => {
      count(name)
      return attempt(rpc, millis(), headers, (options) => send(rpc, options))
    }),
    Effect.result
  )
  return { rpc, result }
})

/** How long a try may take: longer with each round, for what is slow everywhere is not mended by asking again. */
const patience = (call: Call<unknown>, tries: number, endpoints: number): number =>
  (call.attemptMillis ?? (call.again ? ATTEMPT_MILLIS : ONLY_ATTEMPT_MILLIS)) *
  2 ** Math.floor((tries - 1) / endpoints)

/** What a last try has at least, so that its failure tells of the server and not of the clock. */
const MOMENT_MILLIS = 20

/** The next endpoint is asked at once, all of them again only after a pause. */
const pauseAfter = (tries: number, endpoints: number): number =>
  tries % endpoints === 0 ? Math.min(25 * 2 ** (tries / endpoints - 1), 250) : 0

/** A certificate that one endpoint refuses another may take; if all refuse it, time does not help. */
const mayTryAgain = (failed: Failed, again: boolean, anotherIsLeft: boolean): boolean =>
  failed.reason === "tls" ? anotherIsLeft : isTransient(failed.reason) && (again || failed.refused)
