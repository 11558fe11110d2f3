// One try of one call at one endpoint: bounded in time, its failure understood.
import { Effect } from "effect"
import { EtcdError } from "./EtcdError.ts"
import { failureOf, type Rpc, type RpcOptions } from "./Rpc.ts"
import { type RpcFailure, type Verdict, verdictOf } from "./RpcFailure.ts"

/** Why one try failed. */
export interface Failed extends Verdict {
  readonly detail: string
}

/** One try: `send`, for at most `millis`. By a plain timer, for a lock of thousands makes thousands of these a second. */
export const attempt = <A>(
  rpc: Rpc,
  millis: number,
  headers: Readonly<Record<string, string>>,
  send: (options: RpcOptions) => Promise<A>
): Effect.Effect<A, Failed> =>
  Effect.callback((resume) => {
    const ending = new AbortController()
    let settled = false
    const giveUp = () => {
      if (settled) return
      settled = true
      const text = `no answer within ${Math.ceil(millis)} ms`
      resume(Effect.fail(failedBy({ ...TOO_LATE, text })))
      rpc.doubt()
      ending.abort()
    }
    // a process that was busy first reads what came meanwhile
    const timer = setTimeout(() => void setImmediate(giveUp), millis)
    const settle = (exit: Effect.Effect<A, Failed>) => {
      settled = true
      clearTimeout(timer)
      resume(exit)
    }
    const sent = async () =>
      send({ signal: ending.signal, headers: { ...headers, ...WITH_LEADER } })
    sent().then(
      (value) => settle(Effect.succeed(value)),
      (cause) => settle(Effect.fail(failedBy(failureOf(cause))))
    )
    return Effect.sync(() => {
      settled = true
      clearTimeout(timer)
      ending.abort()
    })
  })

/** What a failure of the wire means. */
export const failedBy = (failure: RpcFailure): Failed => ({
  ...verdictOf(failure),
  detail: failure.text.replace(WRAPPING, "").trim()
})

/** The error of a call that failed at `rpc`'s endpoint for the reason in `failed`. */
export const errorOf = (operation: string, rpc: Rpc, failed: Failed): EtcdError =>
  new EtcdError({
    operation,
    endpoint: rpc.endpoint,
    reason: failed.reason,
    detail: failed.detail
  })

/** Whether a failure says something about the endpoint, so that another one may do better. */
export const isOfEndpoint = ({ reason }: Verdict): boolean =>
  reason === "tls" || isTransient(reason)

/** Whether time alone may mend it. */
export const isTransient = (reason: Verdict["reason"]): boolean =>
  reason === "unreachable" || reason === "deadline" || reason === "no-leader"

/** A member that sees no leader is to say so, not to wait for one: another may be with the majority. */
export const WITH_LEADER = { hasleader: "true" } as const

const TOO_LATE = { code: 4, systemCode: undefined }

// what gRPC puts before etcd's words, and OpenSSL before and after its own
const WRAPPING = /^rpc error: code = \w+ desc = |^.*SSL routines:[^:]*:|:\.\.\/deps\/.*$/gs
