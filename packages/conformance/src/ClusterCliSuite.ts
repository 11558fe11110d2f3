// The contract of a cluster's command, C1 to C6, and what only a product can promise of T1, T2 and T6. It runs against
// anything that offers machines of one product, real or not; every check begins with a product of its own.
//   C1 the command tells what is: the members on a member, `not-initialised` elsewhere
//   C2 a machine is in one cluster at most
//   C3 a token is of use to the host it was minted for, and to no other
//   C4 removing a member ends its membership, removing it again is no failure, and its name is free afterwards
//   C5 no failure shows a token
//   C6 what no second try mends is told by its name: `bad-name` for a name that is not taken, `last-member` for the
//      removal of the only one, which stays
import { ClusterCli, type ClusterCliError, type ClusterCliShape, HostName } from "@rollcall/core"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import type { Lacks } from "./Capability.ts"
import { type Check, unmet } from "./Check.ts"
import type { Product, ProductFactory } from "./Product.ts"
import { register } from "./Suite.ts"

const checks: ReadonlyArray<Omit<Check<ProductFactory>, "run"> & { readonly run: Run }> = [
  {
    guarantee: "C1",
    states: "outside a cluster listing and adding fail with not-initialised",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const alone = yield* on("host-1")
        const list = yield* Effect.flip(alone.list)
        const add = yield* Effect.flip(alone.add(HostName.make("host-2")))
        return unmet({
          [`list said ${list.reason}`]: list.reason === "not-initialised",
          [`add said ${add.reason}`]: add.reason === "not-initialised"
        })
      })
  },
  {
    guarantee: "C1",
    states: "all members list the same members, by name, online",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const alone = yield* founder.list
        const second = yield* on("host-2")
        yield* second.join(yield* founder.add(HostName.make("host-2")), [])
        const seen = [yield* names(founder), yield* names(second)]
        return unmet({
          "the founder is the first member": alone.map(({ name }) => name).join() === "host-1",
          "it is online": alone[0]?.status === "online",
          [`both list both: ${seen.join(" and ")}`]: seen.every((each) => each === "host-1,host-2")
        })
      })
  },
  {
    guarantee: "C2",
    states: "founding and joining again fail, and change nothing",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const again = yield* Effect.flip(founder.bootstrap([]))
        const second = yield* on("host-2")
        yield* second.join(yield* founder.add(HostName.make("host-2")), [])
        const found = yield* Effect.flip(second.bootstrap([]))
        const seen = yield* names(founder)
        return unmet({
          [`founding again said ${again.reason}`]: again.reason === "already-initialised",
          [`founding as a member said ${found.reason}`]: found.reason === "already-initialised",
          [`the members are ${seen}`]: seen === "host-1,host-2"
        })
      })
  },
  {
    guarantee: "C3",
    states: "a token does not let another host in, and stays of use to its own",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const token = yield* founder.add(HostName.make("host-2"))
        const stranger = yield* on("host-3")
        const refusal = yield* Effect.flip(stranger.join(token, []))
        yield* (yield* on("host-2")).join(token, [])
        const seen = yield* names(founder)
        return unmet({
          [`the stranger was told ${refusal.reason}`]: refusal.reason === "token-rejected",
          [`the members are ${seen}`]: seen === "host-1,host-2"
        })
      })
  },
  {
    guarantee: "C3",
    states: "what is no token lets nobody in",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const second = yield* on("host-2")
        const refusal = yield* Effect.flip(second.join(Redacted.make("no-token"), []))
        const seen = yield* names(founder)
        return unmet({
          [`it was told ${refusal.reason}`]: refusal.reason === "token-rejected",
          [`the members are ${seen}`]: seen === "host-1"
        })
      })
  },
  {
    guarantee: "C4",
    states: "a member that is removed is gone, and removing it again is no failure",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const second = HostName.make("host-2")
        yield* (yield* on("host-2")).join(yield* founder.add(second), [])
        yield* founder.remove(second, { force: false })
        const left = yield* names(founder)
        yield* founder.remove(second, { force: false })
        return unmet({ [`the members are ${left}`]: left === "host-1" })
      })
  },
  {
    guarantee: "C4",
    states:
      "a member that does not answer is removed by force, and another machine of its name joins",
    needs: ["loses-machines"],
    run: ({ on, product }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        // two of three are a majority, which products need
        const third = HostName.make("host-3")
        yield* (yield* on("host-2")).join(yield* founder.add(HostName.make("host-2")), [])
        yield* (yield* on("host-3")).join(yield* founder.add(third), [])
        yield* product.lose("host-3")
        yield* founder.remove(third, { force: true })
        const left = yield* names(founder)
        const successor = yield* on("host-3", "host-3-again")
        yield* successor.join(yield* founder.add(third), [])
        const seen = yield* names(successor)
        return unmet({
          [`the members are ${left}`]: left === "host-1,host-2",
          [`then they are ${seen}`]: seen === "host-1,host-2,host-3"
        })
      })
  },
  {
    guarantee: "C5",
    states: "no failure shows the token it is about",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const token = yield* founder.add(HostName.make("host-2"))
        const stranger = yield* Effect.flip((yield* on("host-3")).join(token, []))
        const second = yield* on("host-2")
        yield* second.join(token, [])
        const again = yield* Effect.flip(second.join(token, []))
        const told = [stranger, again].map((each) => `${each.message} ${JSON.stringify(each)}`)
        return unmet({
          "no text contains it": told.every((text) => !text.includes(Redacted.value(token)))
        })
      })
  },
  {
    guarantee: "C6",
    states: "the last member is not removed, not by force either",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const refusals = yield* Effect.forEach([false, true], (force) =>
          Effect.flip(founder.remove(HostName.make("host-1"), { force }))
        )
        const told = refusals.map(({ reason }) => reason).join()
        const seen = yield* names(founder)
        return unmet({
          [`it was told ${told}`]: told === "last-member,last-member",
          [`the members are ${seen}`]: seen === "host-1"
        })
      })
  },
  {
    guarantee: "C6",
    states: "a name that the product does not take is told, and the others are served",
    needs: ["refuses-names"],
    run: ({ on, product }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const name = product.refusedName ?? HostName.make("host-2")
        const { reason } = yield* Effect.flip(founder.add(name))
        yield* (yield* on("host-2")).join(yield* founder.add(HostName.make("host-2")), [])
        const seen = yield* names(founder)
        return unmet({
          [`it was told ${reason}`]: reason === "bad-name",
          [`the members are ${seen}`]: seen === "host-1,host-2"
        })
      })
  },
  {
    guarantee: "T1",
    states: "a token that was used lets nobody in again, not even its host after it was removed",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const second = HostName.make("host-2")
        const token = yield* founder.add(second)
        yield* (yield* on("host-2")).join(token, [])
        yield* founder.remove(second, { force: false })
        const successor = yield* on("host-2", "host-2-again")
        const refusal = yield* Effect.flip(successor.join(token, []))
        const seen = yield* names(founder)
        return unmet({
          [`it was told ${refusal.reason}`]: refusal.reason === "token-rejected",
          [`the members are ${seen}`]: seen === "host-1"
        })
      })
  },
  {
    guarantee: "T2",
    states: "a second token for a name is refused with name-taken, or ends the first",
    needs: [],
    run: ({ on }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const second = HostName.make("host-2")
        const first = yield* founder.add(second)
        const next = yield* Effect.result(founder.add(second))
        if (next._tag === "Failure") {
          const { reason } = next.failure
          return unmet({ [`it was told ${reason}`]: reason === "name-taken" })
        }
        const late = yield* Effect.result((yield* on("host-2")).join(first, []))
        return unmet({ "the first token is of no use": late._tag === "Failure" })
      })
  },
  {
    guarantee: "T6",
    states: "a token that is too old lets nobody in, and another one can be minted",
    needs: ["tokens-age"],
    run: ({ on, product }) =>
      Effect.gen(function* () {
        const founder = yield* on("host-1")
        yield* founder.bootstrap([])
        const name = HostName.make("host-2")
        const token = yield* founder.add(name)
        yield* product.outliveTokens
        const second = yield* on("host-2")
        const { reason } = yield* Effect.flip(second.join(token, []))
        yield* second.join(yield* founder.add(name), [])
        const seen = yield* names(founder)
        return unmet({
          [`it was told ${reason}`]: reason === "token-expired" || reason === "token-rejected",
          [`the members are ${seen}`]: seen === "host-1,host-2"
        })
      })
  }
]

/** All checks of a cluster's command. */
export const clusterCliChecks: ReadonlyArray<Check<ProductFactory>> = checks.map((check) => ({
  ...check,
  run: (factory: ProductFactory) =>
    Effect.flatMap(factory, (product) => check.run({ product, on: commandOn(product) }))
}))

/** Runs the contract of a cluster's command under vitest. */
export const clusterCliSuite = (name: string, product: ProductFactory, lacks: Lacks = {}): void =>
  register(`${name}: the contract of a cluster's command`, clusterCliChecks, product, lacks)

type Run = (scene: {
  readonly product: Product
  readonly on: ReturnType<typeof commandOn>
}) => Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope>

const commandOn =
  (product: Product) =>
  (host: string, machine = host): Effect.Effect<ClusterCliShape, never, Scope.Scope> =>
    Effect.map(Layer.build(product.command(HostName.make(host), machine)), (context) =>
      Context.get(context, ClusterCli)
    )

const names = (command: ClusterCliShape): Effect.Effect<string, ClusterCliError> =>
  Effect.map(command.list, (members) =>
    members
      .map(({ name }) => name)
      .sort()
      .join()
  )
