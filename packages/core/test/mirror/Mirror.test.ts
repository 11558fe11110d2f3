import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import {
  HostName,
  Journal,
  MemoryCluster,
  MemoryWorld,
  Mirror,
  memoryStore,
  ParticipantId,
  type Place,
  Store,
  TokenIssuer
} from "../../src/index.ts"

const distributor = ParticipantId.make("distributor/0")
const app = ParticipantId.make("app/0")

const scene = Effect.gen(function* () {
  const world = new MemoryWorld([{ id: "cluster:1", sides: ["distributor", "app"] }])
  world.enter(distributor, "distributor")
  world.enter(app, "app")
  const host = HostName.make("host-0")
  const issuer = TokenIssuer.layer({ host }).pipe(
    Layer.provide(new MemoryCluster().layer(host)),
    Layer.provide(Journal.layerMemory)
  )
  const mirroring = yield* Layer.build(
    Layer.provideMerge(Mirror.layer(), memoryStore(world, distributor))
  )
  const hosting = yield* Layer.build(
    Layer.provideMerge(Layer.merge(Mirror.layer(), issuer), memoryStore(world, app))
  )
  return { mirroring, hosting }
})

const write = (store: Store["Service"], place: Place, key: string, value: string) =>
  store.step(() => Effect.succeed([undefined, [{ place, key, value }]] as const))

describe("Mirror and TokenIssuer, in one register with others", () => {
  it.effect("keep the entries of others", () =>
    Effect.gen(function* () {
      const { hosting, mirroring } = yield* scene
      const own = { _tag: "own", group: "cluster:1" } as const
      for (const services of [hosting, mirroring]) {
        yield* write(Context.get(services, Store), own, "ingress-address", "10.0.0.1")
      }
      for (let i = 0; i < 4; i++) {
        yield* Context.get(hosting, TokenIssuer).step({ sweep: true })
        yield* Context.get(mirroring, Mirror).step({ sweep: true })
      }
      for (const services of [hosting, mirroring]) {
        const view = yield* Context.get(services, Store).step((seen) =>
          Effect.succeed([seen, []] as const)
        )
        assert.strictEqual(view.groups[0]?.own.get("ingress-address"), "10.0.0.1")
        assert.isAbove(view.groups[0]?.own.size ?? 0, 1)
      }
    })
  )

  it.effect("mirror no value whose key could be taken for something else", () =>
    Effect.gen(function* () {
      const { hosting } = yield* scene
      const { facts, publish } = Context.get(hosting, Mirror)
      for (const key of ["", "a b", "a=b", "a/b", "x".repeat(201)]) {
        assert.strictEqual((yield* Effect.flip(publish({ [key]: "v" })))._tag, "FactInvalid")
      }
      assert.strictEqual((yield* facts).size, 0)
    })
  )
})
