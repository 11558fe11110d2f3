import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import {
  blankRoll,
  HostName,
  nativeDialect,
  ParticipantId,
  type Roll,
  silent,
  type TokenIssue
} from "../../src/index.ts"
import { blankLedger, type Seen } from "../../src/mirror/MirrorPolicy.ts"
import {
  type MirrorInput,
  type MirrorOutcome,
  nextRoll,
  resigned
} from "../../src/mirror/MirrorState.ts"
import { inputs } from "./Population.ts"

const { ROLLCALL_RUNS, ROLLCALL_SEED } = process.env
// fixed, so that a change of the code is what turns a run red
const RUNS = {
  arbitrary: {
    runs: Number(ROLLCALL_RUNS ?? 500),
    seed: ROLLCALL_SEED ?? 1
  }
}

const written = (roll: Roll): ReadonlyArray<string> =>
  nativeDialect
    .encodeRoll(roll, true)
    .map(({ key, value }) => `${key} ${value}`)
    .sort()

const after = (input: MirrorInput, { ledger, memory, roll }: MirrorOutcome): MirrorInput => ({
  ...input,
  before: roll,
  ledger,
  memory
})

const tokens = ({ issues }: Roll): ReadonlyArray<TokenIssue> =>
  [...issues.values()].filter(({ sealed, token }) => token !== undefined || sealed !== undefined)

describe("nextRoll, whatever it finds", () => {
  it.prop(
    "changes nothing when it sees the same again (M3)",
    [inputs],
    ([input]) => {
      const once = nextRoll(input)
      const twice = nextRoll(after(input, once))
      assert.deepStrictEqual(written(twice.roll), written(once.roll))
      assert.deepStrictEqual(twice.ledger, once.ledger)
    },
    RUNS
  )

  it.prop(
    "does not depend on the order in which it sees them (M3)",
    [inputs],
    ([input]) => {
      const { ledger, roll } = nextRoll(input)
      for (const seen of [
        input.seen.toReversed(),
        [...input.seen.slice(2), ...input.seen.slice(0, 2)]
      ]) {
        const other = nextRoll({ ...input, seen })
        assert.deepStrictEqual(written(other.roll), written(roll))
        assert.deepStrictEqual({ ...other.ledger, burned: [] }, { ...ledger, burned: [] })
        assert.deepStrictEqual(new Set(other.ledger.burned), new Set(ledger.burned))
      }
    },
    RUNS
  )

  it.prop(
    "keeps every value it published, and mirrors no placeholder (M2)",
    [inputs],
    ([input]) => {
      const { facts } = nextRoll(input).roll
      for (const [key, value] of input.before.facts) {
        assert.strictEqual(
          Redacted.value(facts.get(key) ?? Redacted.make("")),
          Redacted.value(value)
        )
      }
      for (const value of facts.values()) assert.notStrictEqual(Redacted.value(value), "empty")
    }
  )

  it.prop(
    "asks at most once for a host, and never for a member (T2)",
    [inputs],
    ([input]) => {
      const { requests } = nextRoll({ ...input, sweep: true }).roll
      const hosts = requests.map(({ host }) => host)
      assert.strictEqual(new Set(hosts).size, hosts.length)
      const members = input.seen.filter(({ announcement }) => announcement.member)
      for (const { announcement, participant } of members) {
        assert.isFalse(requests.some((request) => request.participant === participant))
        assert.isFalse(announcement.host !== undefined && hosts.includes(announcement.host))
      }
    },
    RUNS
  )

  it.prop(
    "hands a token to whom it was asked for, one each (T2)",
    [inputs],
    ([input]) => {
      const { roll } = nextRoll({ ...input, sweep: true })
      const handed = tokens(roll).map(({ host, incarnation }) => `${host} ${incarnation}`)
      assert.strictEqual(new Set(handed).size, handed.length)
      for (const [participant, issue] of roll.issues) {
        const asked = roll.requests.find((request) => request.participant === participant)
        if (issue.token === undefined && issue.sealed === undefined) continue
        assert.strictEqual(asked?.host, issue.host)
        assert.strictEqual(asked?.incarnation, issue.incarnation)
        assert.strictEqual(asked?.generation, issue.generation)
      }
    },
    RUNS
  )

  it.prop(
    "hands on no token that is burned",
    [inputs],
    ([input]) => {
      const { ledger, roll } = nextRoll({ ...input, sweep: true })
      for (const { token } of tokens(roll)) {
        if (token !== undefined)
          assert.notInclude(ledger.burned, input.digest(Redacted.value(token)))
      }
    },
    RUNS
  )

  it.prop(
    "never goes back to an earlier generation",
    [inputs],
    ([input]) => {
      const once = nextRoll({ ...input, sweep: true })
      const twice = nextRoll(after(input, once))
      for (const request of twice.roll.requests) {
        const old = once.roll.requests.find(
          ({ incarnation, participant }) =>
            participant === request.participant && incarnation === request.incarnation
        )
        assert.isAtLeast(request.generation, old?.generation ?? 1)
      }
    },
    RUNS
  )

  it.prop(
    "goes on counting where it stopped when it lost everything (M4)",
    [inputs],
    ([input]) => {
      const { roll } = nextRoll({ ...input, before: blankRoll, ledger: blankLedger })
      for (const { generation, host, incarnation } of roll.requests) {
        const minted = input.seen.flatMap(({ announcement }) => announcement.issues)
        const own = minted.filter(
          (issue) => issue.host === host && issue.incarnation === incarnation
        )
        for (const issue of own) assert.isAtLeast(generation, issue.generation)
      }
    },
    RUNS
  )

  it.prop(
    "lets only those mint who can, or are merely not seen (T3)",
    [inputs],
    ([input]) => {
      const { issuer, bootstrap, formed } = nextRoll(input).roll
      const one = input.seen.find(({ participant }) => participant === issuer)
      const founder = !formed && issuer === bootstrap
      const unseen = issuer === input.ledger.issuer
      assert.isTrue(issuer === undefined || one?.announcement.member || founder || unseen)
    },
    RUNS
  )
})

describe("nextRoll", () => {
  const [a, b] = [ParticipantId.make("app/0"), ParticipantId.make("app/1")]
  const says = (participant: ParticipantId, host: string, more: object = {}): Seen => ({
    participant,
    side: "app",
    announcement: {
      ...silent,
      native: true,
      host: HostName.make(host),
      incarnation: participant,
      ...more
    }
  })
  const calm: MirrorInput = {
    self: ParticipantId.make("distributor/0"),
    nowMillis: 1_000_000,
    sweep: false,
    frugal: false,
    seen: [],
    candidates: new Map(),
    missing: new Set(),
    before: blankRoll,
    ledger: blankLedger,
    memory: { heldSinceMillis: undefined, bereftSinceMillis: undefined, handedAtMillis: new Map() },
    digest: (token) => token,
    reveal: Redacted.value,
    windowMillis: 30_000,
    tokenLifetimeMillis: 10_800_000
  }
  const issue = (participant: ParticipantId, host: string, generation = 1): TokenIssue => ({
    host: HostName.make(host),
    incarnation: participant,
    generation,
    token: Redacted.make(`token for ${host}, try ${generation}`)
  })

  it("leaves in a frugal sweep only what the joined can no longer open (T6)", () => {
    const sealed = { ...issue(b, "host-2"), sealed: "x" }
    const { token: _, ...handed } = sealed
    const seen = [says(a, "host-1", { member: true }), says(b, "host-2")]
    const waiting = nextRoll({ ...calm, frugal: true, seen })
    const before: Roll = { ...waiting.roll, issues: new Map([[b, handed]]) }
    const next = { ...after(calm, { ...waiting, roll: before }), frugal: true, sweep: true }
    const joined = [says(a, "host-1", { member: true }), says(b, "host-2", { member: true })]
    assert.strictEqual(nextRoll({ ...next, seen: joined }).roll, before)
    assert.strictEqual(nextRoll({ ...next, frugal: false, seen: joined }).roll.issues.size, 0)
    const left = [says(a, "host-1", { member: true })]
    assert.strictEqual(nextRoll({ ...next, seen: left }).roll.issues.size, 0)
  })

  it("refuses a name as long as another one has it, and no longer", () => {
    const both = [says(a, "host-1", { member: true }), says(b, "host-1")]
    const refused = nextRoll({ ...calm, seen: both })
    assert.strictEqual(refused.roll.issues.get(b)?.refused, "name-taken")
    const alone = nextRoll(after({ ...calm, seen: [says(b, "host-1")] }, refused))
    assert.strictEqual(alone.roll.issues.get(b), undefined)
    assert.deepStrictEqual(
      alone.roll.requests.map(({ participant }) => participant),
      [b]
    )
  })

  it("gives a name to whom it lets found the cluster", () => {
    const both = [says(a, "host-1"), says(b, "host-1")]
    const { roll } = nextRoll({ ...calm, seen: both, candidates: new Map([["app", b]]) })
    assert.strictEqual(roll.bootstrap, b)
    assert.strictEqual(roll.issues.get(b), undefined)
    assert.strictEqual(roll.issues.get(a)?.refused, "name-taken")
  })

  it("does not hold back a host whose token is there already", () => {
    const minted = says(a, "host-0", { member: true, issues: [issue(b, "host-1")] })
    const seen = [minted, says(b, "host-1")]
    const outcome = nextRoll({ ...calm, seen, missing: new Set([ParticipantId.make("app/9")]) })
    assert.strictEqual(outcome.held, 0)
    assert.isDefined(outcome.roll.issues.get(b)?.token)
  })

  it("holds founding back while others are still to come, for the window at most", () => {
    const seen = [says(a, "host-0")]
    const missing = new Set([b])
    const input = { ...calm, seen, missing, candidates: new Map([["app", a]]) }
    const held = nextRoll(input)
    assert.isUndefined(held.roll.bootstrap)
    const later = nextRoll({ ...after(input, held), nowMillis: calm.nowMillis + 30_000 })
    assert.strictEqual(later.roll.bootstrap, a)
  })

  it("names another issuer than a founder that was granted the founding and came too late", () => {
    const seen = [says(a, "host-0"), says(b, "host-1", { member: true })]
    const ledger = { ...blankLedger, bootstrap: a, issuer: a }
    assert.strictEqual(nextRoll({ ...calm, seen, ledger }).roll.issuer, b)
  })

  it("counts a token's age from when it was handed on", () => {
    const waiting = [says(a, "host-0", { member: true }), says(b, "host-1")]
    const asked = nextRoll({ ...calm, seen: waiting })
    const late = calm.nowMillis + calm.tokenLifetimeMillis + 1
    const minted = says(a, "host-0", { member: true, issues: [issue(b, "host-1")] })
    const input = { ...after(calm, asked), seen: [minted, says(b, "host-1")], nowMillis: late }
    const handed = nextRoll(input)
    const soon = nextRoll({ ...after(input, handed), nowMillis: late + 1000 })
    assert.strictEqual(soon.roll.requests[0]?.generation, 1)
    const aged = nextRoll({ ...after(input, handed), nowMillis: late + calm.tokenLifetimeMillis })
    assert.strictEqual(aged.roll.requests[0]?.generation, 2)
  })

  it("asks anew for everybody who has a token of a cluster that is gone", () => {
    const before: Roll = {
      ...blankRoll,
      native: true,
      up: true,
      issues: new Map([[b, issue(b, "host-1")]])
    }
    const { ledger, roll } = nextRoll({ ...calm, seen: [says(b, "host-1")], before })
    assert.strictEqual(roll.requests[0]?.generation, 2)
    assert.strictEqual(roll.issues.size, 0)
    assert.isEmpty(ledger.issuer ?? "")
  })

  it("hands no token on to the successor of a host that left, wherever it still turns up", () => {
    const facts = new Map([["host-1", Redacted.make("an old token")]])
    const deployed = { native: false, incarnation: undefined }
    const minter = says(ParticipantId.make("edge/0"), "host-9", {
      ...deployed,
      communicator: true,
      facts
    })
    const member = says(ParticipantId.make("edge/1"), "host-8", { member: true })
    const first = nextRoll({ ...calm, seen: [minter, member, says(a, "host-1", deployed)] })
    assert.isDefined(first.roll.issues.get(a)?.token)
    const input = { ...after(calm, first), seen: [minter, member, says(b, "host-1", deployed)] }
    const second = nextRoll(input)
    assert.isUndefined(second.roll.issues.get(b))
    assert.isUndefined(nextRoll(after(input, second)).roll.issues.get(b))
  })

  it("begins a new epoch with every change of leader, and with nothing else", () => {
    const first = nextRoll({ ...calm, seen: [says(a, "host-0")] })
    const input = after({ ...calm, seen: [says(a, "host-0")] }, first)
    assert.strictEqual(nextRoll(input).roll.epoch, first.roll.epoch)
    const next = nextRoll({
      ...input,
      self: ParticipantId.make("distributor/1"),
      before: blankRoll
    })
    assert.strictEqual(next.roll.epoch, first.roll.epoch + 1)
  })

  it("tells at once that a cluster is gone", () => {
    const before: Roll = { ...blankRoll, native: true, up: true, epoch: 1, formed: true }
    const ledger = { ...blankLedger, leader: calm.self, epoch: 1, formed: true }
    const seen = [says(a, "host-0")]
    const memory = { ...calm.memory, bereftSinceMillis: 0 }
    const requested = nextRoll({ ...calm, seen, before, ledger, memory: calm.memory }).roll
    assert.isTrue(requested.formed)
    const gone = nextRoll({ ...calm, seen, before: requested, ledger, memory })
    assert.isFalse(gone.roll.formed)
  })

  it("leaves no token in a mirror that leads no more", () => {
    const roll: Roll = {
      ...blankRoll,
      native: true,
      up: true,
      issues: new Map([[b, issue(b, "host-1")]])
    }
    assert.isFalse(resigned(roll).up)
    assert.strictEqual(resigned(roll).issues.size, 0)
  })
})
