// Processes that live at a lock that moves: they serve, and run sections, while it moves under them.
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Ref, type Scope } from "effect"
import {
  Journal,
  type LockBackend,
  MemoryWorld,
  MovingLock,
  memoryStore,
  movingLock,
  ParticipantId,
  plainOperation,
  RollingLock,
  Store
} from "../../src/index.ts"

const AUDIT = { by: "operator", reason: "test" }

/** A participant of two memory worlds, with a lock in each. */
const participant = (
  peers: MemoryWorld,
  elsewhere: MemoryWorld,
  name: string,
  ran: Ref.Ref<ReadonlyArray<string>>
): Effect.Effect<Context.Service.Shape<typeof MovingLock>, never, Scope.Scope> => {
  const self = ParticipantId.make(name)
  for (const world of [peers, elsewhere]) world.enter(self, "app")
  const backend = (world: MemoryWorld, called: string): LockBackend => ({
    name: called,
    layer: (operations) =>
      RollingLock.layer({ lock: "roll", operations }).pipe(
        Layer.provide(Layer.fresh(memoryStore(world, self)))
      )
  })
  const restart = plainOperation(({ token }) =>
    Effect.as(
      Ref.update(ran, (all) => [...all, `${name} ${token}`]),
      "release" as const
    )
  )
  const layer = movingLock({
    lock: "roll",
    operations: { restart },
    scope: "application",
    preferred: backend(elsewhere, "etcd"),
    other: backend(peers, "peers")
  }).pipe(
    Layer.provide(Layer.succeed(Store, storeOf(peers, self))),
    Layer.provide(Layer.fresh(Journal.layerMemory))
  )
  return Effect.map(Effect.orDie(Layer.build(layer)), (built) => Context.get(built, MovingLock))
}

const storeOf = (world: MemoryWorld, self: ParticipantId) =>
  Context.get(Effect.runSync(Effect.scoped(Layer.build(memoryStore(world, self)))), Store)

const worlds = Effect.gen(function* () {
  const world = () => new MemoryWorld([{ id: "peers:0", sides: ["app"] }])
  const ran = yield* Ref.make<ReadonlyArray<string>>([])
  const [peers, elsewhere] = [world(), world()]
  const one = yield* participant(peers, elsewhere, "app/0", ran)
  const two = yield* participant(peers, elsewhere, "app/1", ran)
  for (const lock of [one, two]) {
    yield* Effect.forkScoped(lock.serve, { startImmediately: true })
  }
  return { one, two, ran }
})

const eventually = <A, E>(look: Effect.Effect<A, E>, wanted: (seen: A) => boolean) =>
  Effect.gen(function* () {
    for (;;) {
      const seen = yield* look
      if (wanted(seen)) return seen
      yield* Effect.sleep(20)
    }
  })

describe("processes that live at a lock that moves", () => {
  it.live(
    "serve it wherever it is, under rising tokens",
    () =>
      Effect.gen(function* () {
        const { one, ran, two } = yield* worlds
        yield* one.request({ operation: "restart" })
        yield* eventually(Ref.get(ran), (all) => all.length === 1)
        yield* eventually(Effect.result(one.move("peers", AUDIT)), ({ _tag }) => _tag === "Success")
        yield* two.request({ operation: "restart" })
        yield* eventually(Ref.get(ran), (all) => all.length === 2)
        assert.strictEqual((yield* two.where).backend, "peers")
        const tokens = (yield* Ref.get(ran)).map((each) => Number(each.split(" ")[1]))
        assert.isAbove(tokens[1] as number, tokens[0] as number)
      }).pipe(Effect.scoped),
    30_000
  )

  it.live(
    "a section is waited for, and one that waits goes along",
    () =>
      Effect.gen(function* () {
        const { one, two } = yield* worlds
        const [begun, go] = [yield* Deferred.make<number>(), yield* Deferred.make<void>()]
        const first = yield* Effect.forkScoped(
          one.withPermits(1)(({ token }) =>
            Effect.andThen(Deferred.succeed(begun, token), Deferred.await(go))
          )
        )
        const token = yield* Deferred.await(begun)
        const second = yield* Effect.forkScoped(
          two.withPermits(1)((held) => Effect.succeed(held.token))
        )
        yield* one.move("peers", AUDIT)
        const waits = yield* eventually(one.where, ({ waitsFor }) => waitsFor.length === 1)
        assert.strictEqual(waits.movingTo, "peers")
        assert.match(waits.waitsFor[0]?.why ?? "", /a section runs under token/)
        assert.isUndefined(second.pollUnsafe(), "nobody else has begun")
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(first)
        assert.isAbove(yield* Fiber.join(second), token)
        assert.strictEqual((yield* two.where).backend, "peers")
      }).pipe(Effect.scoped),
    30_000
  )
})
