// Products that break one promise each.
import { ClusterCli, ClusterCliError, MemoryCluster } from "@rollcall/core"
import { Effect, Layer, Redacted } from "effect"
import { type ProductFactory, productOf, REFUSED } from "../../src/Product.ts"

type Command = ClusterCli["Service"]

const over = (
  alter: (command: Command, cluster: MemoryCluster) => Command,
  options: ConstructorParameters<typeof MemoryCluster>[0] = {}
): ProductFactory =>
  Effect.sync(() => {
    const cluster = new MemoryCluster({ refusedNames: [REFUSED], ...options })
    const product = productOf(cluster)
    return {
      ...product,
      command: (host, machine) =>
        Layer.effect(
          ClusterCli,
          Effect.map(ClusterCli, (command) => ClusterCli.of(alter(command, cluster)))
        ).pipe(Layer.provide(product.command(host, machine)))
    }
  })

/** C1: lists nobody where there is no cluster. */
export const vagueCli = over((command) => ({
  ...command,
  list: Effect.catch(command.list, () => Effect.succeed([]))
}))

/** C2: says that founding went well where it did not. */
export const flatteringCli = over((command) => ({
  ...command,
  bootstrap: (args) => Effect.ignore(command.bootstrap(args))
}))

/** C4: fails to remove who is gone. */
export const pedanticCli = over((command) => ({
  ...command,
  remove: (host, options) =>
    Effect.andThen(
      Effect.flatMap(command.list, (members) =>
        members.some(({ name }) => name === host)
          ? Effect.void
          : Effect.fail(new ClusterCliError({ operation: "remove", reason: "unknown", detail: "" }))
      ),
      command.remove(host, options)
    )
}))

/** C5: quotes the token it was given. */
export const indiscreetCli = over((command) => ({
  ...command,
  join: (token, args) =>
    Effect.mapError(
      command.join(token, args),
      ({ operation, reason }) =>
        new ClusterCliError({ operation, reason, detail: `cannot use ${Redacted.value(token)}` })
    )
}))

/** C6: says of a name that is not taken that something went wrong. */
export const evasiveCli = over((command) => ({
  ...command,
  add: (host) =>
    Effect.mapError(command.add(host), (error) =>
      error.reason === "bad-name"
        ? new ClusterCliError({ operation: "add", reason: "unknown", detail: "" })
        : error
    )
}))

/** C6: says that the last member is gone. */
export const carefreeCli = over((command) => ({
  ...command,
  remove: (host, options) =>
    Effect.catchIf(
      command.remove(host, options),
      ({ reason }) => reason === "last-member",
      () => Effect.void
    )
}))

/** T1: a token can be used again. */
export const sharedTokenCli = over((command, cluster) => ({
  ...command,
  join: (token, args) =>
    Effect.suspend(() => {
      const text = Redacted.value(token)
      const live = cluster.tokens.get(text) ?? spentOf(cluster).get(text)
      if (live !== undefined) {
        spentOf(cluster).set(text, live)
        cluster.tokens.set(text, live)
      }
      return command.join(token, args)
    })
}))

const spentOf = (cluster: MemoryCluster): MemoryCluster["tokens"] => {
  const known = SPENT.get(cluster) ?? new Map()
  SPENT.set(cluster, known)
  return known
}

const SPENT = new WeakMap<MemoryCluster, MemoryCluster["tokens"]>()

/** T2: mints as many tokens for a name as it is asked for, all of use. */
export const generousCli = over((command) => command, { oneLiveToken: false })

/** T6: its tokens never grow old. */
export const eternalCli: ProductFactory = Effect.map(
  over((command) => command),
  (product) => ({
    ...product,
    outliveTokens: Effect.void
  })
)
