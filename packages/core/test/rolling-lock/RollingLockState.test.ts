// The leader's side: what becomes of a grant, in a table; and what holds for any input, over random ones.
import { assert, describe, it } from "@effect/vitest"
import {
  blankGrants,
  blankRequests,
  defaultLimits,
  FencingToken,
  fairPolicy,
  type Grant,
  type GrantRecord,
  ParticipantId,
  type Request,
  type RequestRecord,
  type RequestRegister
} from "../../src/index.ts"
import { fateOf, type Registers } from "../../src/rolling-lock/Fate.ts"
import { takenUpIn } from "../../src/rolling-lock/Orders.ts"
import { type LeaderInput, nextGrants } from "../../src/rolling-lock/RollingLockState.ts"
import { type Chance, makeChance } from "./Chance.ts"

const id = (n: number) => ParticipantId.make(`app/${n}`)
const token = (n: number) => FencingToken.make(n)
const request = (ticket: number, more: Partial<Request> = {}): Request => ({
  ticket,
  operation: "restart",
  arguments: "{}",
  ...more
})
const readable = (record: Partial<RequestRecord>): RequestRegister => ({
  _tag: "Readable",
  record: { ...blankRequests, ...record }
})
const grant: Grant = { token: token(5), participant: id(1), ticket: 7, operation: "r", atMillis: 0 }
const completed = (n: number) => ({ token: token(n), ticket: 7, outcome: "done" as const })

const fates: Readonly<Record<string, readonly [RequestRegister | undefined, string]>> = {
  "no register": [undefined, "NoRegister"],
  "a register nobody can read": [{ _tag: "Unreadable", detail: "?" }, "Unknown"],
  "the request is still there": [readable({ lastTicket: 7, queue: [request(7)] }), "Held"],
  "the register is older than the grant": [readable({ lastTicket: 6 }), "Held"],
  "the request is gone": [readable({ lastTicket: 7 }), "Withdrawn"],
  "its token was quoted": [readable({ lastTicket: 7, completed: completed(5) }), "Over"],
  "a later token was quoted": [readable({ lastTicket: 7, completed: completed(6) }), "Over"],
  "an earlier token was quoted": [
    readable({ lastTicket: 7, queue: [request(7)], completed: completed(4) }),
    "Held"
  ]
}

describe("the fate of a grant", () => {
  for (const [name, [register, expected]] of Object.entries(fates)) {
    it(`${name}: ${expected}`, () => assert.strictEqual(fateOf(grant, register)._tag, expected))
  }
})

const drawRegister = (chance: Chance): RequestRegister => {
  if (chance.happens(0.1)) return { _tag: "Unreadable", detail: "?" }
  const tickets = [0, 1, 2].map(() => 1 + chance.below(9)).sort((a, b) => a - b)
  const queue = [...new Set(tickets)].slice(chance.below(3)).map((ticket) =>
    request(ticket, {
      ...(chance.happens(0.2) ? { resting: true } : {}),
      ...(chance.happens(0.3) ? { priority: chance.below(3) } : {}),
      ...(chance.happens(0.2) ? { permits: 2 } : {}),
      ...(chance.happens(0.5) ? { group: chance.pick(["a", "b"]) } : {})
    })
  )
  const outcome = chance.pick(["done", "retry", "failed"] as const)
  const quoted = { token: token(chance.below(12)), ticket: 1, outcome }
  return readable({
    lastTicket: 9,
    queue,
    completed: chance.happens(0.5) ? quoted : undefined
  })
}

const drawInput = (chance: Chance): LeaderInput => {
  const registers: Registers = new Map(
    [0, 1, 2, 3].map((n) => [id(n), drawRegister(chance)] as const)
  )
  const permits = 1 + chance.below(3)
  const holders = [...registers.keys()].filter(() => chance.happens(0.3))
  const grants = holders.map((participant, i) => ({
    ...grant,
    participant,
    token: token(i + 1),
    ticket: 1 + chance.below(9)
  }))
  const before: GrantRecord = {
    ...blankGrants,
    token: token(grants.length + chance.below(3)),
    permits,
    grants,
    pause: chance.happens(0.1) ? { reason: "?", atMillis: 0 } : undefined
  }
  return {
    self: id(0),
    nowMillis: chance.below(100_000),
    before,
    registers,
    takenUp: takenUpIn(registers),
    defers: chance.happens(0.5),
    departed: () => chance.happens(0.5),
    limits: {
      ...defaultLimits,
      permits,
      perGroup: chance.pick([undefined, 1, 2]),
      settleMillis: chance.pick([0, 1000]),
      ahead: chance.pick([0, 0, 2])
    },
    policy: fairPolicy,
    gated: false,
    unhealthy: chance.happens(0.1) ? "ill" : undefined
  }
}

const weight = (grants: ReadonlyArray<Grant>) =>
  grants.reduce((sum, { permits = 1 }) => sum + permits, 0)

describe("a request that was ended by force", () => {
  it("is not granted again while its participant still has it", () => {
    const register = readable({ lastTicket: 7, queue: [request(7)] })
    const before = { ...blankGrants, revoked: [{ participant: id(1), ticket: 7 }] }
    const input = {
      ...drawInput(makeChance(1)),
      before,
      unhealthy: undefined,
      departed: () => false
    }
    const after = nextGrants({ ...input, registers: new Map([[id(1), register]]) })
    assert.strictEqual(after, before)
    const moved = readable({ lastTicket: 8, queue: [request(8)] })
    const next = nextGrants({ ...input, registers: new Map([[id(1), moved]]) })
    assert.deepStrictEqual(next.revoked, [])
    assert.strictEqual(next.grants.length, 1)
  })
})

describe("the leader's next record, whatever the input", () => {
  const inputs = Array.from({ length: 5_000 }, (_, seed) => drawInput(makeChance(seed)))

  it("grants something in many of them", () => {
    const granting = inputs.filter((input) => nextGrants(input).token > input.before.token)
    assert.isAbove(granting.length, 500)
  })

  it("is the same value when nothing changes (L6)", () => {
    for (const input of inputs) {
      const after = nextGrants(input)
      assert.strictEqual(nextGrants({ ...input, before: after }), after)
    }
  })

  it("grants within the permits what fits beside those that hold (L1)", () => {
    for (const input of inputs) {
      const { before } = input
      const after = nextGrants(input)
      if (after.token === before.token || input.limits.ahead > 0) continue
      assert.isAtMost(weight(after.grants), input.limits.permits)
    }
  })

  it("gives greater tokens than any that is shown (L2), to first requests that do not rest (L3)", () => {
    for (const input of inputs) {
      const { before, registers } = input
      const shown = [...registers.values()].map((each) =>
        each._tag === "Readable" ? (each.record.completed?.token ?? 0) : 0
      )
      const highest = Math.max(before.token, ...shown)
      let last = highest
      for (const each of nextGrants(input).grants) {
        if (before.grants.includes(each)) continue
        assert.isAbove(each.token, last)
        last = each.token
        const register = registers.get(each.participant)
        const [first] = register?._tag === "Readable" ? register.record.queue : []
        assert.strictEqual(first?.ticket, each.ticket)
        assert.notStrictEqual(first?.resting, true)
      }
    }
  })

  it("keeps the grant of whoever cannot be read", () => {
    for (const input of inputs) {
      const after = nextGrants(input)
      for (const each of input.before.grants) {
        if (input.registers.get(each.participant)?._tag !== "Unreadable") continue
        assert.include(after.grants, each)
      }
    }
  })
})
