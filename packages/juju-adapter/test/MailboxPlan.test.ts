// Which mailboxes a hook makes, names and fills: few in any hook, and in the end enough.
import { type GroupView, ParticipantId, type Write } from "@rollcall/core"
import { describe, expect, it } from "vitest"
import { COMMANDS_IN_A_HOOK, planMailboxes, type Stock } from "../src/MailboxPlan.ts"

const GROUP = "cluster:1"
const unit = (number: number) => ParticipantId.make(`app/${number}`)
const groupOf = (units: number): GroupView => ({
  id: GROUP,
  symmetric: false,
  own: new Map(),
  peers: new Map(Array.from({ length: units }, (_, number) => [unit(number), new Map()])),
  shared: undefined,
  counterpart: new Map(),
  counterpartName: "app"
})
const letter = (number: number): Write => ({
  place: { _tag: "to", group: GROUP, participant: unit(number) },
  key: `rollcall-token.app/${number}`,
  value: "sealed"
})
const aloud: Write = { place: { _tag: "own", group: GROUP }, key: "rollcall-roll", value: "{}" }
const nothing: Stock = { named: new Map(), stock: new Map() }
const never = () => false

/** What is there after the plan was carried out. */
const carried = (before: Stock, plan: ReturnType<typeof planMailboxes>): Stock => {
  const all = [...before.stock, ...plan.made.map((number) => [number, `id${number}`] as const)]
  return plan.naming
    ? { named: new Map([...before.named, ...all]), stock: new Map() }
    : { named: before.named, stock: new Map(all) }
}

it("before the first unit some are made and named, which wakes nobody", () => {
  const { letters, made, naming } = planMailboxes(groupOf(0), nothing, [], never)
  expect({ letters: letters.size, made: made[0], naming }).toEqual({
    letters: 0,
    made: 0,
    naming: true
  })
  expect(made.length * 2).toBeLessThanOrEqual(COMMANDS_IN_A_HOOK)
})

it("what many are to read goes by databag", () => {
  const stock = { named: new Map([[0, "id0"]]), stock: new Map() }
  const many = Array.from({ length: 15 }, (_, at) => letter(at))
  expect(planMailboxes(groupOf(100), stock, many, never).letters.size).toBe(0)
  expect(planMailboxes(groupOf(2), stock, [letter(0)], never).letters.size).toBe(0)
  expect([...planMailboxes(groupOf(10), stock, [letter(0)], never).letters]).toEqual(["app/0"])
})

it("the stock is named with whatever is written to the databag anyway", () => {
  const numbers = Array.from({ length: 20 }, (_, at) => [at, `id${at}`] as const)
  const stock = { named: new Map(numbers), stock: new Map([[20, "id20"]]) }
  expect(planMailboxes(groupOf(5), stock, [], never).naming).toBe(false)
  expect(planMailboxes(groupOf(5), stock, [aloud], never).naming).toBe(true)
  // what is taken out of a mailbox is no write to the databag
  const removal = { ...aloud, key: "rollcall-token.app/1", value: undefined }
  expect(planMailboxes(groupOf(5), stock, [removal], () => true).naming).toBe(false)
})

describe("hosts one by one", () => {
  it.each([61, 80, 181, 300])("%i of them", (hosts) => {
    let stock = nothing
    let woken = 0
    const step = (units: number, writes: ReadonlyArray<Write>) => {
      const plan = planMailboxes(groupOf(units), stock, writes, never)
      expect(plan.letters.size + plan.made.length * 2).toBeLessThanOrEqual(COMMANDS_IN_A_HOOK)
      const own = writes.some(({ place }) => place._tag === "own") || plan.letters.size === 0
      if (plan.naming && !own) woken += units
      stock = carried(stock, plan)
      return plan
    }
    step(0, [])
    step(1, [aloud])
    step(1, [aloud])
    for (let number = 3; number < hosts; number++) {
      // the issuer is asked, and the host gets its token
      expect([...step(number + 1, [letter(0)]).letters]).toEqual(["app/0"])
      expect([...step(number + 1, [letter(number)]).letters]).toEqual([`app/${number}`])
      expect(stock.named.has(number)).toBe(true)
    }
    // each naming wakes all, yet for each host that is one hook and a half at most
    expect(woken).toBeLessThanOrEqual(1.5 * hosts)
    expect(stock.named.size + stock.stock.size).toBeLessThanOrEqual(3 * hosts + 20)
  })
})
