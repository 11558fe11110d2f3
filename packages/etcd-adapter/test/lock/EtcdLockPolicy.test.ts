// Transitions, without an etcd: what they write, and under which conditions.
import { assert, describe, it } from "@effect/vitest"
import { defaultLimits, FencingToken, fairPolicy, type LockLimits } from "@rollcall/core"
import type { Compare } from "../../src/index.ts"
import { type Transition, transition } from "../../src/lock/EtcdLockPolicy.ts"
import type { Change, LockScene } from "../../src/lock/LockChange.ts"
import { lockKeys } from "../../src/lock/LockKeys.ts"
import { blankState, type HolderRecord, type WaiterRecord } from "../../src/lock/LockRecord.ts"
import type { LockSnapshot } from "../../src/lock/LockSnapshot.ts"

const keys = lockKeys("x")

const sceneOf = (limits: Partial<LockLimits> = {}, more: Partial<LockScene> = {}): LockScene => ({
  keys,
  self: "a",
  nowMillis: 1_000,
  limits: { ...defaultLimits, ...limits },
  policy: fairPolicy,
  whenHolderDies: "hand-over",
  ...more
})

const waiter = (participant: string, ticket: number, more: Partial<WaiterRecord> = {}) => {
  const record: WaiterRecord = { v: 1, participant, ticket, operation: "restart", ...more }
  const place = { participant, ticket, priority: record.priority ?? 0, triedAt: record.triedAt }
  return { key: keys.waiter(place, 0), created: ticket + 1, lease: BigInt(ticket), waiter: record }
}

const holder = (participant: string, ticket: number, more: Partial<HolderRecord> = {}) => {
  const record: HolderRecord = {
    v: 1,
    participant,
    ticket,
    operation: "restart",
    atMillis: 0,
    ...more
  }
  return { key: keys.grant(participant, ticket), token: ticket + 5, lease: 1n, holder: record }
}

const seen = (
  holders: LockSnapshot["holders"],
  waiters: LockSnapshot["waiters"],
  more: Partial<LockSnapshot> = {}
): LockSnapshot => ({
  revision: 100,
  state: { ...blankState, holders: holders.map((each) => each.holder) },
  stateRevision: 90,
  holders,
  guard: undefined,
  arrivals: 95,
  waiters: [...waiters].sort((a, b) => (a.key < b.key ? -1 : 1)),
  complete: true,
  count: waiters.length,
  unreadable: [],
  broken: false,
  ...more
})

const done = (snapshot: LockSnapshot, change: Change, scene = sceneOf()): Transition => {
  const found = transition(snapshot, change, scene)
  if (found === undefined || found === "page") throw new Error(`no transition: ${found}`)
  return found
}

const compares = (found: Transition, wanted: Compare): boolean =>
  found.txn.when.some((each) => JSON.stringify(each) === JSON.stringify(wanted))

const releaseOf = (each: ReturnType<typeof holder>): Change => ({
  release: [{ key: each.key, token: each.token }]
})

describe("a hand-over", () => {
  const first = holder("a", 10)
  const [b, c] = [waiter("b", 20), waiter("c", 30, { priority: 1 })]

  it("grants the first of the highest priority, and no other", () => {
    const found = done(seen([first], [b, c]), releaseOf(first))
    assert.strictEqual(found.granted?.waiter.participant, "c")
    const grants = found.txn.then.filter((op) => op.op === "put" && /grants\/.*\d$/.test(op.key))
    assert.strictEqual(grants.length, 1)
  })

  it("holds only if nothing it was decided from has changed", () => {
    const found = done(seen([first], [b]), releaseOf(first))
    assert.isTrue(compares(found, { key: keys.state, target: "mod", is: "=", value: 90 }))
    assert.isTrue(compares(found, { key: first.key, target: "mod", is: "=", value: first.token }))
    assert.isTrue(compares(found, { key: b.key, target: "create", is: "=", value: b.created }))
    assert.isTrue(compares(found, { ...keys.before(b.key), target: "create", is: "<", value: 101 }))
  })

  it("that leaves permits free holds only if nobody has come", () => {
    const mark: Compare = { key: keys.arrivals, target: "mod", is: "=", value: 95 }
    assert.isTrue(compares(done(seen([first], []), releaseOf(first)), mark))
    assert.isFalse(compares(done(seen([first], [b]), releaseOf(first)), mark))
    const two = done(seen([first], [b]), releaseOf(first), sceneOf({ permits: 2 }))
    assert.isTrue(compares(two, mark))
  })

  it("names a guard that holds nothing where others go on waiting", () => {
    const found = done(seen([first], [b, waiter("b", 40), waiter("d", 50)]), releaseOf(first))
    const named = found.txn.then.flatMap((op) =>
      op.op === "put" && op.key.endsWith("/guard") ? [op.value] : []
    )
    assert.deepStrictEqual(named, ["d"])
  })

  it("asks for more of the queue where permits are free and all that is known is blocked", () => {
    const inRack = { group: "r" }
    const scene = sceneOf({ permits: 2, perGroup: 1 })
    const snapshot = seen([holder("a", 10, inRack)], [waiter("b", 20, inRack)], { complete: false })
    assert.strictEqual(transition(snapshot, {}, scene), "page")
    const guard = { key: keys.guard("b"), participant: "b" }
    assert.isUndefined(transition({ ...snapshot, complete: true, guard }, {}, scene))
  })
})

describe("a holder without a key", () => {
  const gone = holder("a", 10)
  const snapshot = { ...seen([gone], [waiter("b", 20)]), holders: [] }

  it("is told of, and followed", () => {
    const found = done(snapshot, {})
    assert.strictEqual(found.granted?.waiter.participant, "b")
    assert.deepStrictEqual(
      found.state.holders.map(({ participant }) => participant),
      ["b"]
    )
    assert.isTrue(found.txn.then.some((op) => op.op === "put" && op.value.includes("departed")))
  })

  it("pauses the roll where that is wanted", () => {
    const found = done(snapshot, {}, sceneOf({}, { whenHolderDies: "pause" }))
    assert.isUndefined(found.granted)
    assert.include(found.state.pause?.reason, "its lease ended while it held")
  })
})

describe("the state", () => {
  it("knows the highest token: of its own revision where it granted", () => {
    const first = holder("a", 10)
    const granted = {
      ...blankState,
      token: FencingToken.make(7),
      granted: true,
      holders: [first.holder]
    }
    const found = done(seen([first], [], { state: granted }), releaseOf(first))
    assert.strictEqual(found.state.token, 90)
    assert.isUndefined(found.state.granted)
  })

  it("is left alone where nothing is to be done", () => {
    assert.isUndefined(transition(seen([], []), {}, sceneOf()))
    const paused = { ...blankState, pause: { reason: "x", atMillis: 0 }, blocked: "paused: x" }
    assert.isUndefined(
      transition(
        seen([], [waiter("b", 20)], { state: paused, guard: { key: "g", participant: "b" } }),
        {},
        sceneOf()
      )
    )
  })
})

describe("the order of keys", () => {
  it("is by priority, then untried, then by ticket; with ageing by a ticket that a priority brings forward", () => {
    const key = (ticket: number, priority: number, triedAt: number | undefined, ageing = 0) =>
      keys.waiter({ participant: "p", ticket, priority, triedAt }, ageing)
    const sorted = [
      key(5, 2, undefined),
      key(9, 1, undefined),
      key(3, 0, undefined),
      key(4, 0, undefined),
      key(1, 0, 8)
    ]
    assert.deepStrictEqual([...sorted].sort(), sorted)
    assert.isBelow(key(100, 0, undefined, 50).localeCompare(key(151, 1, undefined, 50)), 0)
    assert.isAbove(key(100, 0, undefined, 50).localeCompare(key(149, 1, undefined, 50)), 0)
  })
})
