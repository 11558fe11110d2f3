// Turns that are derived from an order, in tables: everybody derives the same, and each is taken up once.
import { assert, describe, it } from "@effect/vitest"
import {
  blankGrants,
  blankRequests,
  FencingToken,
  type GrantRecord,
  type Order,
  ParticipantId,
  type RequestRecord
} from "../../src/index.ts"
import { fateOf, type Registers } from "../../src/rolling-lock/Fate.ts"
import { lastTurn, openOrders, turnOf, withTurns } from "../../src/rolling-lock/Orders.ts"

const id = (n: number) => ParticipantId.make(`app/${n}`)
const order: Order = {
  ticket: 7,
  operation: "restart",
  arguments: "{}",
  maxRetries: 2,
  participants: [id(2), id(0), id(1)]
}
const grants: GrantRecord = { ...blankGrants, orders: [order] }
const registersOf = (record: Partial<RequestRecord>): Registers =>
  new Map([[id(0), { _tag: "Readable", record: { ...blankRequests, ...record } }]])

const turned = (record: Partial<RequestRecord>, given = grants): RequestRecord => {
  const register = withTurns(registersOf(record), given).get(id(0))
  if (register?._tag !== "Readable") throw new Error("it was readable")
  return register.record
}

const own = { ticket: 5, operation: "restart", arguments: "{}" }
const grant = {
  token: FencingToken.make(1),
  participant: id(0),
  operation: "restart",
  atMillis: 0
}

describe("a turn", () => {
  it("has a ticket that nobody can draw, in the order of participants", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 3].map((n) => turnOf(order, id(n))),
      [7.002, 7.003, 7.001, undefined]
    )
    assert.strictEqual(lastTurn(grants, id(1)), 7.003)
  })

  it("is one of up to 999 different ones, which JSON keeps", () => {
    const participants = Array.from({ length: 999 }, (_, n) => id(n))
    for (const ticket of [1, 12_345, 4_000_000_000]) {
      const turns = participants.map((each) => turnOf({ ...order, ticket, participants }, each))
      assert.strictEqual(new Set(turns).size, 999)
      assert.isTrue(turns.every((turn) => turn !== undefined && turn > ticket && turn < ticket + 1))
      assert.deepStrictEqual(JSON.parse(JSON.stringify(turns)), turns)
    }
  })

  it("stands at the end of the queue, and derived again it is there once", () => {
    const once = turned({ queue: [{ ...own, arguments: '{"n":1}' }], lastTicket: 5 })
    const turn = { ticket: 7.002, operation: "restart", arguments: "{}", maxRetries: 2 }
    assert.deepStrictEqual(once.queue[1], turn)
    assert.strictEqual(once.lastTicket, 8)
    assert.deepStrictEqual(turned(once), once)
  })

  it("is not derived for who took it up, and answered or cancelled it", () => {
    const done = { queue: [], lastTicket: 8, ordered: 7.002 }
    assert.deepStrictEqual(turned(done).queue, [])
    assert.strictEqual(turned({ ...done, ordered: 6.999 }).queue.length, 1)
  })

  it("is the same request that waited when it was ordered, until that is gone", () => {
    const given = { ...grants, orders: [{ ...order, merged: { [id(0)]: 5 } }] }
    const waits = turned({ queue: [own], lastTicket: 5 }, given)
    assert.deepStrictEqual(waits.queue, [{ ...own, maxRetries: 2 }])
    assert.strictEqual(waits.ordered, 7.002)
    assert.deepStrictEqual(
      turned({ queue: [], lastTicket: 5 }, given).queue.map(({ ticket }) => ticket),
      [7.002]
    )
  })

  it("stands in front where it was granted before its participant knew of it", () => {
    const given = { ...grants, grants: [{ ...grant, ticket: 7.002 }] }
    const tickets = turned({ queue: [own], lastTicket: 9 }, given).queue.map(({ ticket }) => ticket)
    assert.deepStrictEqual(tickets, [7.002, 5])
  })

  it("is held by a register that has not heard of it, whatever else that has asked for", () => {
    const unheard = { ...blankRequests, lastTicket: 20 }
    const held = { ...grant, ticket: 7.002 }
    assert.strictEqual(fateOf(held, { _tag: "Readable", record: unheard })._tag, "Held")
    const heard = { ...unheard, ordered: 7.002 }
    assert.strictEqual(fateOf(held, { _tag: "Readable", record: heard })._tag, "Withdrawn")
  })
})

describe("orders that are kept", () => {
  const later = { ...order, ticket: 9 }
  const both = { ...grants, orders: [order, later] }
  const cases: Readonly<Record<string, readonly [ReadonlyMap<ParticipantId, number>, boolean]>> = {
    "while somebody has not taken up its turn": [
      new Map([
        [id(0), 7.002],
        [id(1), 0],
        [id(2), 7.001]
      ]),
      true
    ],
    "not when all have": [
      new Map([
        [id(0), 7.002],
        [id(1), 9.003],
        [id(2), 7.001]
      ]),
      false
    ],
    "not when all have but one that departed": [
      new Map([
        [id(1), 7.003],
        [id(2), 7.001]
      ]),
      false
    ]
  }
  for (const [name, [taken, kept]] of Object.entries(cases)) {
    it(name, () => {
      const open = openOrders(both, taken, (each) => each === id(0))
      assert.deepStrictEqual(open, kept ? [order, later] : [later])
    })
  }

  it("the last one always is", () => {
    assert.deepStrictEqual(
      openOrders(grants, new Map(), () => true),
      [order]
    )
  })
})
