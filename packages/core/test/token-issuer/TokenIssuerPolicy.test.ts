import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import {
  blankRoll,
  HostName,
  Member,
  ParticipantId,
  type Roll,
  silent,
  type TokenIssue,
  type TokenRequest
} from "../../src/index.ts"
import {
  answerFor,
  issuesInUse,
  keepsQuiet,
  mayMint,
  mintsByRule,
  onlyFewerIssues,
  openRequests
} from "../../src/token-issuer/TokenIssuerPolicy.ts"

const [a, b] = [ParticipantId.make("app/0"), ParticipantId.make("app/1")]
const host = HostName.make("host-1")
const request: TokenRequest = { participant: b, host, incarnation: "x", generation: 1 }
const issue: TokenIssue = { host, incarnation: "x", generation: 1, token: Redacted.make("t") }
const roll: Roll = { ...blankRoll, native: true, up: true, issuer: a, requests: [request] }

describe("mintsByRule", () => {
  const Members = Schema.Array(
    Schema.Struct({ ...Member.fields, name: Schema.Literals(["a", "b", "c", "host-10", "host-2"]) })
  )
  const hosts = ["a", "b", "c", "host-10", "host-2", "z"].map((name) => HostName.make(name))

  it.prop(
    "picks one online member, a voter where there is one, the same in any order",
    [Members],
    ([members]) => {
      const minting = hosts.filter((each) => mintsByRule(members, each))
      const online = members.filter(({ status }) => status === "online")
      assert.strictEqual(minting.length, online.length === 0 ? 0 : 1)
      assert.deepStrictEqual(
        hosts.filter((each) => mintsByRule(members.toReversed(), each)),
        minting
      )
      const voters = online.filter(({ role }) => role === "voter")
      if (voters.length > 0) assert.isTrue(voters.some(({ name }) => name === minting[0]))
    }
  )

  it("compares names as strings, as deployed units do", () => {
    const members = ["host-2", "host-10"].map((name) => voter(name))
    assert.isTrue(mintsByRule(members, HostName.make("host-10")))
  })
})

describe("mayMint", () => {
  it("is the named one's alone, and the rule's where none is named", () => {
    assert.strictEqual(mayMint(roll, a, request), "yes")
    assert.strictEqual(mayMint(roll, b, request), "no")
    assert.strictEqual(mayMint({ ...roll, issuer: undefined }, b, request), "by-rule")
    assert.strictEqual(mayMint({ ...roll, native: false }, a, request), "by-rule")
  })
})

describe("answerFor", () => {
  const own = HostName.make("host-9")
  const rows: ReadonlyArray<readonly [string, TokenRequest, ReadonlyArray<Member>, string]> = [
    ["a host that is no member", request, [voter("host-2")], "mint"],
    ["the issuer itself", { ...request, host: own }, [], "leave"],
    ["a member's name, asked for by another machine", request, [voter("host-1")], "refuse"],
    ["a lost member's name", request, [{ ...voter("host-1"), status: "offline" }], "replace"],
    ["a member of unknown state", request, [{ ...voter("host-1"), status: "unknown" }], "refuse"],
    [
      "a member that does not say which machine it is",
      { host, generation: 1 },
      [voter("host-1")],
      "leave"
    ]
  ]
  for (const [name, asked, members, expected] of rows) {
    it(`${expected}: ${name}`, () => assert.strictEqual(answerFor(asked, members, own), expected))
  }
})

describe("openRequests", () => {
  const open = (of: Roll, issues: ReadonlyArray<TokenIssue> = [], self = a) =>
    openRequests(of, self, issues).length

  it("are those that nobody has answered", () => {
    assert.strictEqual(open(roll), 1)
    assert.strictEqual(open(roll, [issue]), 0)
    assert.strictEqual(open(roll, [{ ...issue, generation: 2 }]), 1)
    assert.strictEqual(open(roll, [{ ...issue, incarnation: "y" }]), 1)
    assert.strictEqual(open({ ...roll, issues: new Map([[b, issue]]) }), 0)
  })

  it("are never the issuer's own", () => assert.strictEqual(open(roll, [], b), 0))

  it("stay open where another was refused in the same place", () => {
    const refused: TokenIssue = { host, incarnation: "x", generation: 1, refused: "name-taken" }
    assert.strictEqual(open({ ...roll, issues: new Map([[b, refused]]) }), 1)
  })
})

describe("issuesInUse", () => {
  const used = (issues: ReadonlyArray<TokenIssue>, of: Roll = roll) => issuesInUse(issues, of, true)

  it("are those that are asked for or handed on", () => {
    assert.deepStrictEqual(used([issue]), [issue])
    assert.deepStrictEqual(used([{ ...issue, generation: 2 }]), [])
    const handed = { ...roll, requests: [], issues: new Map([[b, issue]]) }
    assert.deepStrictEqual(used([issue], handed), [issue])
  })

  it("are not those of another machine of that name", () => {
    const namesake: TokenIssue = { host, incarnation: "y", generation: 1, refused: "name-taken" }
    const refusing = { ...roll, requests: [], issues: new Map([[b, namesake]]) }
    assert.deepStrictEqual(used([issue], refusing), [])
  })

  it("are all while no mirror is up", () => {
    assert.deepStrictEqual(used([issue], { ...roll, up: false, requests: [] }), [issue])
  })
})

describe("onlyFewerIssues", () => {
  const said = { ...silent, native: true, host: HostName.make("host-0"), member: true }
  const sealed: TokenIssue = { host, generation: 1, sealed: "s" }

  it("lets a sealed token wait, and a token in clear not", () => {
    assert.isTrue(onlyFewerIssues({ ...said, issues: [sealed] }, said))
    assert.isFalse(onlyFewerIssues({ ...said, issues: [issue] }, said))
    const next = { ...issue, generation: 2 }
    assert.isFalse(onlyFewerIssues({ ...said, issues: [issue, next] }, { ...said, issues: [next] }))
  })

  it("lets nothing wait that is new", () => {
    assert.isFalse(onlyFewerIssues(said, { ...said, issues: [sealed] }))
    assert.isFalse(onlyFewerIssues(said, { ...said, member: false }))
    const refused: TokenIssue = { host, generation: 1, refused: "name-taken" }
    assert.isFalse(onlyFewerIssues({ ...said, issues: [refused] }, { ...said, issues: [sealed] }))
  })
})

function voter(name: string): Member {
  return { name, address: `${name}:1`, role: "voter", status: "online" }
}

describe("keepsQuiet", () => {
  const before = { ...silent, native: true, host, incarnation: "x" }
  const joined = { ...before, member: true }
  const { token: _, ...told } = issue
  const sealed = { ...told, sealed: "s" }
  const other = { ...sealed, host: HostName.make("host-2") }
  const frugal = (...issues: ReadonlyArray<readonly [ParticipantId, TokenIssue]>): Roll => ({
    ...roll,
    frugal: true,
    issues: new Map(issues)
  })

  it("while the mirror is in doubt about this host alone, until a sweep", () => {
    assert.isTrue(keepsQuiet(b, frugal([b, sealed]), before, joined, false))
    assert.isFalse(keepsQuiet(b, frugal([b, sealed]), before, joined, true))
    assert.isFalse(keepsQuiet(b, frugal([b, sealed], [a, other]), before, joined, false))
  })

  it("for good, once the mirror was told by the issuer", () => {
    assert.isTrue(keepsQuiet(b, frugal([b, told], [a, other]), before, joined, true))
  })

  it("never about a token in clear, a failure, or to a mirror that is not frugal, down, or without an issuer", () => {
    assert.isFalse(keepsQuiet(b, frugal([b, issue]), before, joined, false))
    const failed = { ...joined, failure: { generation: 1, reason: "token-rejected" } as const }
    assert.isFalse(keepsQuiet(b, frugal([b, sealed]), before, failed, false))
    const { issuer: __, ...nobody } = frugal([b, sealed])
    for (const deaf of [
      { ...nobody, issuer: undefined },
      { ...nobody, issuer: a, up: false }
    ]) {
      assert.isFalse(keepsQuiet(b, deaf, before, joined, false))
    }
    const generous = { ...frugal([b, sealed]), frugal: false }
    assert.isFalse(keepsQuiet(b, generous, before, joined, false))
  })
})
