// Who is next, in tables: one case a line.
import { assert, describe, it } from "@effect/vitest"
import { fairPolicy, ParticipantId, type Situation, type Waiter } from "../../src/index.ts"

const waiter = (name: string, ticket: number, more: Partial<Waiter> = {}): Waiter => ({
  participant: ParticipantId.make(`app/${name}`),
  ticket,
  operation: "restart",
  priority: 0,
  permits: 1,
  group: undefined,
  triedAt: undefined,
  ...more
})

const situation = (
  waiters: ReadonlyArray<Waiter>,
  limits: Partial<Situation["limits"]> = {},
  holders: ReadonlyArray<Waiter> = []
): Situation => ({
  waiters,
  holders,
  horizon: Math.max(0, ...waiters.map(({ ticket }) => ticket)),
  limits: { permits: 1, perGroup: undefined, ageing: 0, ahead: 0, ...limits }
})

const chosen = (of: Situation) =>
  fairPolicy.chosen(of).map(({ participant }) => participant.slice("app/".length))

const cases: Readonly<Record<string, readonly [Situation, ReadonlyArray<string>]>> = {
  "nobody waits": [situation([]), []],
  "the earlier ticket": [situation([waiter("1", 5), waiter("2", 3)]), ["2"]],
  "a tie by name, as people count": [situation([waiter("10", 5), waiter("9", 5)]), ["9"]],
  "nobody while it is held": [situation([waiter("1", 5)], {}, [waiter("2", 1)]), []],
  "priority first": [situation([waiter("1", 1), waiter("2", 9, { priority: 1 })]), ["2"]],
  "age raises priority": [
    situation([waiter("1", 1), waiter("2", 9, { priority: 1 })], { ageing: 8 }),
    ["1"]
  ],
  "a fresh request before one that is tried again": [
    situation([waiter("1", 1, { triedAt: 4 }), waiter("2", 9)]),
    ["2"]
  ],
  "of those tried again, the one tried longer ago": [
    situation([waiter("1", 1, { triedAt: 4 }), waiter("2", 9, { triedAt: 3 })]),
    ["2"]
  ],
  "as many as there are permits": [
    situation([waiter("1", 1), waiter("2", 2), waiter("3", 3)], { permits: 2 }),
    ["1", "2"]
  ],
  "one that needs more permits is not overtaken": [
    situation([waiter("1", 1, { permits: 2 }), waiter("2", 2)], { permits: 2 }, [waiter("3", 0)]),
    []
  ],
  "one that could never fit is": [
    situation([waiter("1", 1, { permits: 3 }), waiter("2", 2)], { permits: 2 }),
    ["2"]
  ],
  "one of a full group is": [
    situation(
      [
        waiter("1", 1, { group: "a" }),
        waiter("2", 2, { group: "a" }),
        waiter("3", 3, { group: "b" })
      ],
      { permits: 3, perGroup: 1 }
    ),
    ["1", "3"]
  ],
  "nothing more after permits were lowered": [
    situation([waiter("1", 1)], { permits: 1 }, [waiter("2", 0), waiter("3", 0)]),
    []
  ],
  "ahead of their turn": [
    situation([waiter("1", 1), waiter("2", 2), waiter("3", 3)], { ahead: 1 }),
    ["1", "2"]
  ]
}

describe("the fair policy", () => {
  for (const [name, [given, expected]] of Object.entries(cases)) {
    it(name, () => assert.deepStrictEqual(chosen(given), expected))
  }

  it("does not depend on the order in which waiters are seen", () => {
    const waiters = [3, 1, 2, 2, 5].map((ticket, i) => waiter(`${i}`, ticket, { priority: i % 2 }))
    const order = (some: ReadonlyArray<Waiter>) =>
      fairPolicy.ordered(situation(some)).map(({ participant }) => participant)
    assert.deepStrictEqual(order([...waiters].reverse()), order(waiters))
  })
})
