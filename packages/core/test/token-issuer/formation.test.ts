// What forming a cluster costs over memory when nothing goes wrong; what holds when things do is shown by the
// conformance suites, which core cannot depend on.
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
  TokenIssuer
} from "../../src/index.ts"

/** Hosts `0..n-1` and one distributor, all woken by what they see, in an order that `seed` decides. */
const form = Effect.fnUntraced(function* (n: number, seed: number) {
  const world = new MemoryWorld([
    { id: "cluster:1", sides: ["distributor", "app"] },
    { id: "peers:0", sides: ["distributor"] }
  ])
  const cluster = new MemoryCluster()
  const steps = new Map<ParticipantId, Effect.Effect<unknown, unknown>>()
  const woken = new Set<ParticipantId>()
  const enter = (id: ParticipantId, side: string, step: Effect.Effect<unknown, unknown>) => {
    steps.set(id, step)
    world.onWake(id, () => woken.add(id))
    world.enter(id, side)
    woken.add(id)
  }
  const names = Array.from({ length: n }, (_, i) => ParticipantId.make(`app/${i}`))
  for (const id of names) world.expect(id, "app")
  const leader = ParticipantId.make("distributor/0")
  const mirror = yield* Layer.build(Mirror.layer().pipe(Layer.provide(memoryStore(world, leader))))
  enter(leader, "distributor", Context.get(mirror, Mirror).step())
  for (const [i, id] of names.entries()) {
    const host = HostName.make(`host-${i}`)
    const surroundings = Layer.mergeAll(
      memoryStore(world, id),
      cluster.layer(host),
      Layer.fresh(Journal.layerMemory)
    )
    const issuer = yield* Layer.build(TokenIssuer.layer({ host }).pipe(Layer.provide(surroundings)))
    enter(id, "app", Context.get(issuer, TokenIssuer).step())
  }
  let state = seed
  let total = 0
  while (woken.size > 0) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    const id = [...woken][state % woken.size] as ParticipantId
    woken.delete(id)
    total++
    yield* steps.get(id) ?? Effect.die(`${id} cannot run`)
  }
  return { cluster, total }
})

describe("formation over memory", () => {
  it.effect("five hosts form one cluster with four tokens, whoever comes first", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 50; seed++) {
        const { cluster } = yield* Effect.scoped(form(5, seed))
        assert.strictEqual(cluster.founded, 1, `seed ${seed}`)
        assert.strictEqual(cluster.members.size, 5, `seed ${seed}`)
        assert.strictEqual(cluster.calls.get("add"), 4, `seed ${seed}`)
        assert.strictEqual(cluster.calls.get("join"), 4, `seed ${seed}`)
      }
    })
  )

  it.effect("eighty hosts take at most five executions each and ten more, and two lists each", () =>
    Effect.gen(function* () {
      const { cluster, total } = yield* Effect.scoped(form(80, 3))
      assert.strictEqual(cluster.members.size, 80)
      assert.isAtMost(total, 5 * 80 + 10)
      assert.isAtMost(cluster.calls.get("list") ?? 0, 2 * 80)
    })
  )
})
