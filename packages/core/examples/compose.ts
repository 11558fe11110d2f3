// The smallest composition: a mirror and two hosts in one process, over stores and a cluster product in memory.
// A charm composes the same services over other layers; apps/example-charm shows it.
import {
  type HostDecision,
  HostName,
  Journal,
  MemoryCluster,
  MemoryWorld,
  Mirror,
  memoryStore,
  ParticipantId,
  TokenIssuer
} from "@rollcall/core"
import { Effect, Layer } from "effect"

const world = new MemoryWorld([{ id: "demo", sides: ["mirror", "host"] }])
const product = new MemoryCluster()

const mirror = Mirror.layer().pipe(
  Layer.provide(memoryStore(world, ParticipantId.make("mirror/0")))
)

const host = (name: string, participant: string) =>
  TokenIssuer.layer({ host: HostName.make(name) }).pipe(
    Layer.provide(memoryStore(world, ParticipantId.make(participant))),
    Layer.provide(product.layer(HostName.make(name))),
    Layer.provide(Layer.fresh(Journal.layerMemory))
  )

/** Lets everybody decide in turn until both hosts are members; what the second one said on the way. */
export const form: Effect.Effect<ReadonlyArray<HostDecision>, unknown> = Effect.gen(function* () {
  for (const id of ["mirror/0", "host/0", "host/1"]) {
    world.enter(ParticipantId.make(id), id.slice(0, id.indexOf("/")))
  }
  const { step: mirrorStep } = yield* Effect.provideContext(Mirror, yield* Layer.build(mirror))
  const first = yield* Effect.provideContext(
    TokenIssuer,
    yield* Layer.build(host("node-1", "host/0"))
  )
  const second = yield* Effect.provideContext(
    TokenIssuer,
    yield* Layer.build(host("node-2", "host/1"))
  )
  const said: Array<HostDecision> = []
  for (let round = 0; round < 4; round++) {
    yield* mirrorStep()
    yield* first.step()
    said.push(yield* second.step())
  }
  return said
}).pipe(Effect.scoped)
