// What one host's trouble is to the others: a key that is none, a name that the product does not take, user code that
// fails. Nobody waits for it, and no token is lost by it.
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import {
  type HostDecision,
  HostName,
  Journal,
  Lifecycle,
  LifecycleFailed,
  type LifecycleShape,
  MemoryCluster,
  MemoryWorld,
  Mirror,
  memoryStore,
  ParticipantId,
  Sealer,
  SealerError,
  type SealerShape,
  TokenIssuer
} from "../../src/index.ts"

/** Writes tokens backwards, and refuses to for the key `broken`. */
const sealerWith = (publicKey: string): SealerShape => {
  const turned = (text: string) => [...text].reverse().join("")
  return {
    generate: Effect.succeed({ publicKey, privateKey: Redacted.make("private") }),
    seal: (key, token) =>
      key === "broken"
        ? Effect.fail(new SealerError({ operation: "seal", detail: "it is none" }))
        : Effect.succeed(turned(Redacted.value(token))),
    open: (_, sealed) => Effect.succeed(Redacted.make(turned(sealed)))
  }
}

interface Options {
  readonly hosts: number
  readonly cluster?: MemoryCluster
  readonly keyOf?: (host: number) => string
  readonly lifecycle?: Partial<LifecycleShape>
}

/** A mirror and hosts `host-0`, `host-1` and so on; `round` runs everybody once, with a sweep. */
const gather = Effect.fnUntraced(function* ({ hosts, keyOf, lifecycle, ...options }: Options) {
  const { cluster = new MemoryCluster() } = options
  const world = new MemoryWorld([
    { id: "cluster:1", sides: ["distributor", "app"] },
    { id: "peers:0", sides: ["distributor"] }
  ])
  const leader = ParticipantId.make("distributor/0")
  world.enter(leader, "distributor")
  const mirror = yield* Layer.build(Mirror.layer().pipe(Layer.provide(memoryStore(world, leader))))
  const issuers: Array<TokenIssuer["Service"]> = []
  for (let at = 0; at < hosts; at++) {
    const id = ParticipantId.make(`app/${at}`)
    const host = HostName.make(`host-${at}`)
    world.enter(id, "app")
    const user = { ...(yield* Lifecycle), ...lifecycle }
    const around = Layer.mergeAll(
      memoryStore(world, id),
      cluster.layer(host),
      Layer.fresh(Journal.layerMemory),
      Layer.succeed(Sealer, sealerWith(keyOf?.(at) ?? `key-${at}`)),
      Layer.succeed(Lifecycle, user)
    )
    const built = yield* Layer.build(TokenIssuer.layer({ host }).pipe(Layer.provide(around)))
    issuers.push(Context.get(built, TokenIssuer))
  }
  const round = Effect.gen(function* () {
    yield* Context.get(mirror, Mirror).step({ sweep: true })
    const decisions: Array<HostDecision> = []
    for (const { step } of issuers) decisions.push(yield* step({ sweep: true }))
    return decisions
  })
  const run = (rounds: number) =>
    Effect.gen(function* () {
      let decisions: ReadonlyArray<HostDecision> = []
      for (let at = 0; at < rounds; at++) decisions = yield* round
      return decisions
    })
  return { cluster, issuers, run }
})

const text = (decision: HostDecision | undefined): string => {
  if (decision?._tag === "Refused") return decision.reason
  return decision?.problem?.message ?? ""
}

describe("one host's trouble is its own", () => {
  it.effect("a key that is none: the others join in the same round, and no token is lost", () =>
    Effect.gen(function* () {
      const keyOf = (host: number) => (host === 1 ? "broken" : `key-${host}`)
      const { cluster, run } = yield* gather({ hosts: 4, keyOf })
      const decisions = yield* run(8)
      assert.deepStrictEqual([...cluster.members.keys()].sort(), ["host-0", "host-2", "host-3"])
      assert.strictEqual(cluster.calls.get("add"), 2)
      assert.match(text(decisions[0]), /host-1 announced a key that is none: .*replace its unit/)
      // another host that comes meanwhile is not kept waiting, and time mends nothing
      yield* TestClock.adjust("1 hour")
      yield* run(8)
      assert.strictEqual(cluster.calls.get("add"), 2)
      assert.strictEqual(cluster.tokens.size, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("a name that the product does not take is refused once, and the others join", () =>
    Effect.gen(function* () {
      const cluster = new MemoryCluster({ refusedNames: ["host-1"] })
      const { run } = yield* gather({ hosts: 4, cluster })
      const decisions = yield* run(8)
      assert.deepStrictEqual([...cluster.members.keys()].sort(), ["host-0", "host-2", "host-3"])
      assert.strictEqual(decisions[1]?._tag, "Refused")
      assert.match(text(decisions[1]), /host-1 is not accepted by the cluster; rename this host/)
      yield* TestClock.adjust("1 day")
      yield* run(8)
      assert.strictEqual(cluster.calls.get("add"), 3)
    }).pipe(Effect.scoped)
  )

  it.effect("a founder's name that is not taken is not tried again before somebody acts", () =>
    Effect.gen(function* () {
      const cluster = new MemoryCluster({ refusedNames: ["host-0"] })
      const { issuers, run } = yield* gather({ hosts: 1, cluster })
      const [decision] = yield* run(4)
      assert.match(text(decision), /^bootstrap: bad-name: .*rename the host/)
      yield* TestClock.adjust("7 days")
      yield* run(4)
      assert.strictEqual(cluster.calls.get("bootstrap"), 1)
      yield* issuers[0]?.step({ afresh: true }) ?? Effect.void
      assert.strictEqual(cluster.calls.get("bootstrap"), 2)
    }).pipe(Effect.scoped)
  )
})

it.effect("user code that fails on a token hears of it again, until it has heard it once", () =>
  Effect.gen(function* () {
    const heard: Array<string> = []
    let failures = 3
    const on: LifecycleShape["on"] = (event) =>
      Effect.suspend(() => {
        if (event._tag !== "TokenIssued") return Effect.void
        if (failures-- > 0) {
          return Effect.fail(new LifecycleFailed({ event: "TokenIssued", detail: "no disk" }))
        }
        heard.push(event.host)
        return Effect.void
      })
    const { run } = yield* gather({ hosts: 3, lifecycle: { on } })
    yield* run(4)
    assert.deepStrictEqual([...heard].sort(), ["host-1", "host-2"])
    yield* run(8)
    assert.deepStrictEqual([...heard].sort(), ["host-1", "host-2"])
  }).pipe(Effect.scoped)
)
