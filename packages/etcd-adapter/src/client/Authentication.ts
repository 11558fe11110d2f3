// Who this client is by name and password: a token that etcd gives and forgets (after minutes, or when a member starts
// again). It is asked for with the first call and when one was refused because of it, by one fiber for all.
import { Effect, Redacted, Semaphore } from "effect"
import type { Failed } from "./Attempt.ts"
import type { Rpc } from "./Rpc.ts"

/** A user of etcd. */
export interface EtcdUser {
  readonly name: string
  readonly password: Redacted.Redacted<string>
}

/** Knows the token. */
export interface Authentication {
  /** The headers that prove who asks; none where there is no user, or etcd asks for none. */
  readonly headers: (rpc: Rpc) => Effect.Effect<Readonly<Record<string, string>>, Failed>
  /** The token was refused: the next call gets another. */
  readonly forget: () => void
}

/** Authenticates `user` by `ask`, which makes the call. */
export const makeAuthentication = (
  user: EtcdUser | undefined,
  ask: (
    rpc: Rpc,
    name: string,
    password: string
  ) => Effect.Effect<{ readonly token: string }, Failed>
): Authentication => {
  let known: Readonly<Record<string, string>> | undefined = user === undefined ? {} : undefined
  const one = Semaphore.makeUnsafe(1)
  const get = Effect.fnUntraced(function* (rpc: Rpc, { name, password }: EtcdUser) {
    if (known !== undefined) return known
    return (known = yield* ask(rpc, name, Redacted.value(password)).pipe(
      Effect.map(({ token }) => ({ token })),
      // the user is there for the day on which it is enabled
      Effect.catchIf(
        ({ detail }) => /authentication is not enabled/.test(detail),
        () => Effect.succeed({})
      )
    ))
  })
  return {
    headers: (rpc) =>
      known !== undefined || user === undefined
        ? Effect.succeed(known ?? {})
        : one.withPermit(get(rpc, user)),
    forget: () => {
      if (user !== undefined) known = undefined
    }
  }
}
