// Hosts that start together, over memory: one cluster, everybody in it, in few rounds.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  HostName,
  Journal,
  MemoryCluster,
  MemoryWorld,
  Mirror,
  memoryStore,
  ParticipantId,
  TokenIssuer
} from "../../src/index.ts"

const form = (n: number, seed: number) =>
  Effect.gen(function* () {
    const world = new MemoryWorld([
      { id: "cluster:1", sides: ["distributor", "app"] },
      { id: "peers:0", sides: ["distributor"] }
    ])
    const cluster = new MemoryCluster()
    const ready = new Map<ParticipantId, Effect.Effect<unknown, unknown>>()
    const woken = new Set<ParticipantId>()
    const steps = new Map<ParticipantId, number>()
    const add = (
      name: string,
      side: string,
      layer: Layer.Layer<Mirror | TokenIssuer>,
      step: Effect.Effect<unknown, unknown, Mirror | TokenIssuer>
    ) =>
      Effect.gen(function* () {
        const id = ParticipantId.make(name)
        const context = yield* Layer.build(layer)
        ready.set(id, Effect.provideContext(step, context))
        world.onWake(id, () => woken.add(id))
        world.enter(id, side)
        woken.add(id)
      })
    const d = ParticipantId.make("distributor/0")
    for (let i = 0; i < n; i++) world.expect(ParticipantId.make(`app/${i}`), "app")
    yield* add(
      "distributor/0",
      "distributor",
      Mirror.layer().pipe(Layer.provide(memoryStore(world, d))) as never,
      Effect.flatMap(Mirror, (m) => m.step()) as never
    )
    for (let i = 0; i < n; i++) {
      const host = HostName.make(`host-${i}`)
      const layer = TokenIssuer.layer({ host }).pipe(
        Layer.provide(memoryStore(world, ParticipantId.make(`app/${i}`))),
        Layer.provide(cluster.layer(host)),
        Layer.provide(Layer.fresh(Journal.layerMemory))
      )
      yield* add(
        `app/${i}`,
        "app",
        layer as never,
        Effect.flatMap(TokenIssuer, (t) => t.step()) as never
      )
    }
    let state = seed
    const next = (bound: number) => {
      state = (state * 1103515245 + 12345) & 0x7fffffff
      return state % bound
    }
    let total = 0
    while (woken.size > 0) {
      const all = [...woken]
      const id = all[next(all.length)] as ParticipantId
      woken.delete(id)
      steps.set(id, (steps.get(id) ?? 0) + 1)
      total++
      const r = yield* ready.get(id) as Effect.Effect<unknown>
      if (process.env["DBG"]) console.log(id, JSON.stringify(r))
    }
    return { cluster, total, world }
  }).pipe(Effect.scoped)

describe("formation over memory", () => {
  it.effect("five hosts form one cluster", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 50; seed++) {
        const { cluster, total } = yield* form(5, seed)
        assert.strictEqual(cluster.founded, 1)
        assert.strictEqual(cluster.members.size, 5, `seed ${seed}`)
        assert.isTrue(total > 0)
        assert.strictEqual(cluster.calls.get("add"), 4)
      }
    })
  )
  it.effect("80 hosts", () =>
    Effect.gen(function* () {
      const { cluster, total } = yield* form(80, 3)
      console.log(total, cluster.calls)
      assert.strictEqual(cluster.members.size, 80)
    })
  )
})
