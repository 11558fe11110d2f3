// What a unit remembers of others' databags stands for a look at them, or is not used.
import { NotLeader } from "@rollcall/core"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { dispatch, isTokenless, JujuConfigError } from "../src/index.ts"
import { recall, remember } from "../src/PeerMemory.ts"
import { recording } from "./Recording.ts"

const RELATION = "cluster:3"
const bag = (host: string) => new Map([["hostname", host]])
const quiet = { sweep: false, nowMillis: 0 }
const hook = (remoteUnit?: string, id = 3) => ({
  event: {
    kind: "hook" as const,
    name: "cluster-relation-changed",
    relation: { endpoint: "cluster", id },
    ...(remoteUnit === undefined ? {} : { remoteUnit })
  }
})

/** The memory after `writes`. */
const after = (
  memory: ReadonlyMap<string, string>,
  writes: ReturnType<typeof remember>
): ReadonlyMap<string, string> => {
  const next = new Map(memory)
  for (const { key, value } of writes) {
    if (value === undefined) next.delete(key)
    else next.set(key, value)
  }
  return next
}

const peers = (count: number) =>
  new Map(Array.from({ length: count }, (_, at) => [`app/${at}`, bag(`h${at}`)] as const))
const always = () => true

describe("a databag", () => {
  it("is known once it was read, until its unit's hook", () => {
    const memory = after(new Map(), remember(new Map(), RELATION, peers(3), always))
    const units = [...peers(3).keys()]
    expect([...recall(memory, hook(), RELATION, units, quiet)]).toEqual([...peers(3)])
    expect([...recall(memory, hook("app/1"), RELATION, units, quiet).keys()]).toEqual([
      "app/0",
      "app/2"
    ])
    // the same unit in another relation is another databag
    expect(recall(memory, hook("app/1", 4), RELATION, units, quiet).size).toBe(3)
    expect(recall(memory, hook(), "cluster:4", units, quiet).size).toBe(0)
  })

  it("is written again only when it is another one", () => {
    const memory = after(new Map(), remember(new Map(), RELATION, peers(3), always))
    expect(remember(memory, RELATION, peers(3), always)).toEqual([])
    const changed = new Map([...peers(3), ["app/1", bag("other")]])
    expect(remember(memory, RELATION, changed, always).map(({ key }) => key)).toEqual([
      "rollcall-seen.cluster:3.app/1"
    ])
  })

  it("that may hold a token is not kept, nor is what was kept of it before", () => {
    const tokens = new Map([...peers(2), ["app/1", new Map([["mirror-h7", "a token"]])]])
    const memory = after(new Map(), remember(new Map(), RELATION, tokens, isTokenless))
    expect([...memory.values()].join()).not.toContain("a token")
    const before = after(new Map(), remember(new Map(), RELATION, peers(2), isTokenless))
    const now = after(before, remember(before, RELATION, tokens, isTokenless))
    expect([...recall(now, hook(), RELATION, ["app/0", "app/1"], quiet).keys()]).toEqual(["app/0"])
    expect(remember(now, RELATION, tokens, isTokenless)).toEqual([])
  })

  it("that is large is not kept, and all together stay below what Juju takes", () => {
    const large = new Map([["app/9", bag("x".repeat(5000))], ...peers(2)])
    const keys = remember(new Map(), RELATION, large, always).map(({ key }) => key)
    expect(keys.map((key) => key.slice(-5))).toEqual(["app/0", "app/1"])
    const rubbish = new Map(
      Array.from({ length: 2000 }, (_, at) => [`app/${at}`, bag("x".repeat(4000))] as const)
    )
    const kept = remember(new Map(), RELATION, rubbish, always)
    const size = kept.reduce((sum, { value = "" }) => sum + value.length, 0)
    expect(size).toBeGreaterThan(100_000)
    expect(size).toBeLessThan(1_000_000)
  })

  it("of a unit that left goes, a few in each hook", () => {
    const memory = after(new Map(), remember(new Map(), RELATION, peers(20), always))
    const removals = remember(memory, RELATION, peers(2), always)
    expect(removals).toHaveLength(4)
    let left = memory
    for (let round = 0; round < 5; round++)
      left = after(left, remember(left, RELATION, peers(2), always))
    expect(left.size).toBe(2)
  })

  it("is read again in one sweep or another", () => {
    const memory = after(new Map(), remember(new Map(), RELATION, peers(50), always))
    const units = [...peers(50).keys()]
    const read = new Set<string>()
    for (let round = 0; round < 7; round++) {
      const nowMillis = 1_700_000_000_000 + round * 300_000
      const known = recall(memory, hook(), RELATION, units, { sweep: true, nowMillis })
      const again = units.filter((unit) => !known.has(unit))
      expect(again.length).toBeLessThanOrEqual(8)
      for (const unit of again) read.add(unit)
    }
    expect(read.size).toBe(50)
  })

  it.each(["", "{", "[]", '{"a":1}', "null"])("that was kept as %j is read", (text) => {
    const memory = new Map([["rollcall-seen.cluster:3.app/0", text]])
    expect(recall(memory, hook(), RELATION, ["app/0"], quiet).size).toBe(0)
  })
})

describe("a hook that is over although no step read its unit's databag", () => {
  const environment = {
    JUJU_CONTEXT_ID: "1",
    JUJU_UNIT_NAME: "td/0",
    JUJU_MODEL_UUID: "m",
    JUJU_MODEL_NAME: "model",
    JUJU_CHARM_DIR: "/charm",
    JUJU_VERSION: "3.6.0",
    JUJU_DISPATCH_PATH: "hooks/cluster-relation-changed",
    JUJU_RELATION_ID: "cluster:3",
    JUJU_REMOTE_UNIT: "app/1"
  }
  const problems = [{ option: "delivery", found: "a string" as const, expected: "databags" }]
  const forgetting = ["state-delete", "--", "rollcall-seen.cluster:3.app/1"]

  it.each([
    ["an option is wrong", new JujuConfigError({ problems })],
    ["another unit leads", new NotLeader({ participant: "td/0", group: "peers:0" })]
  ])("forgets it: %s", async (_, error) => {
    const { calls, layer } = recording()
    expect(await Effect.runPromise(dispatch(environment, layer, Effect.fail(error)))).toBe(0)
    expect(calls.map(({ argv }) => argv)).toContainEqual(forgetting)
  })

  it("fails where it cannot, so that Juju runs it again", async () => {
    const { layer } = recording({ code: 1, stderr: "ERROR connection is shut down" })
    const error = new NotLeader({ participant: "td/0", group: "peers:0" })
    expect(await Effect.runPromise(dispatch(environment, layer, Effect.fail(error)))).toBe(1)
  })
})
