import { assert, describe, it } from "@effect/vitest"
import {
  type Announcement,
  blankRoll,
  HostName,
  ParticipantId,
  type Roll,
  silent
} from "../../src/index.ts"
import {
  allNative,
  blankLedger,
  chooseBootstrap,
  chooseIssuer,
  holdsBack,
  isFormed,
  isUnaccounted,
  type Ledger,
  ownersOf,
  type Seen
} from "../../src/mirror/MirrorPolicy.ts"

const [a, b, c] = ["app/0", "app/1", "edge/0"].map((id) => ParticipantId.make(id)) as [
  ParticipantId,
  ParticipantId,
  ParticipantId
]
const one = (participant: ParticipantId, more: Partial<Announcement> = {}): Seen => ({
  participant,
  side: participant.slice(0, participant.indexOf("/")),
  announcement: {
    ...silent,
    native: true,
    host: HostName.make(`host-${participant.at(-1)}`),
    ...more
  }
})
const nobody: ReadonlySet<ParticipantId> = new Set()

describe("ownersOf", () => {
  const host = HostName.make("host-9")
  const all = [one(a, { host }), one(b, { host }), one(c, { host })]
  const owner = (seen: ReadonlyArray<Seen>, before = blankRoll, founder?: ParticipantId) =>
    ownersOf(seen, before, founder).get(host)?.participant
  const serving = (participant: ParticipantId): Roll => ({
    ...blankRoll,
    requests: [{ participant, host, generation: 1 }]
  })

  it("prefers a member, then the founder, then who is served, then the lowest", () => {
    assert.strictEqual(owner(all), a)
    assert.strictEqual(owner(all, serving(b)), b)
    assert.strictEqual(owner(all, serving(b), c), c)
    assert.strictEqual(
      owner([...all.slice(0, 1), one(b, { host, member: true })], serving(a), a),
      b
    )
  })

  it("does not take a refusal for service", () => {
    const issues = new Map([[b, { host, generation: 1, refused: "name-taken" as const }]])
    assert.strictEqual(owner(all, { ...blankRoll, issues }), a)
  })
})

describe("chooseBootstrap", () => {
  const choose = (
    seen: ReadonlyArray<Seen>,
    ledger: Partial<Ledger> = {},
    more: { readonly formed?: boolean; readonly missing?: ReadonlySet<ParticipantId> } = {}
  ) =>
    chooseBootstrap({
      seen,
      formed: more.formed ?? false,
      missing: more.missing ?? nobody,
      ledger: { ...blankLedger, ...ledger },
      candidates: new Map([
        ["app", b],
        ["edge", c]
      ])
    }).participant

  it("is the candidate of the first side", () =>
    assert.strictEqual(choose([one(a), one(b), one(c)]), b))

  it("stays whom it was granted to while that one is there, or expected", () => {
    assert.strictEqual(choose([one(a), one(b), one(c)], { bootstrap: c, bootstrapSide: "edge" }), c)
    const unseen = { missing: new Set([c]) }
    assert.strictEqual(choose([one(a), one(b)], { bootstrap: c, bootstrapSide: "edge" }, unseen), c)
    assert.strictEqual(choose([one(a), one(b)], { bootstrap: c, bootstrapSide: "edge" }), b)
  })

  it("is nobody once a cluster is there", () =>
    assert.isUndefined(choose([one(a), one(b)], {}, { formed: true })))

  it("is nobody who is not seen", () =>
    assert.isUndefined(choose([one(a), one(c)], { bootstrapSide: "app" })))

  it("is nobody while a deployed unit of that side has not said anything", () => {
    const mute = { participant: a, side: "app", announcement: silent }
    assert.isUndefined(choose([mute, one(b)]))
  })
})

describe("chooseIssuer", () => {
  const choose = (
    seen: ReadonlyArray<Seen>,
    issuer?: ParticipantId,
    bootstrap?: ParticipantId,
    missing = nobody
  ) => chooseIssuer({ seen, bootstrap, missing, ledger: { ...blankLedger, issuer } })
  const member = { member: true }

  it("is the one before while that one can, or is merely not seen", () => {
    assert.strictEqual(choose([one(a, member), one(b, member)], b), b)
    assert.strictEqual(choose([one(a, member)], b, undefined, new Set([b])), b)
    assert.strictEqual(choose([one(a, member)], b), a)
    assert.strictEqual(choose([one(a, member), one(b)], b), a)
  })

  it("is else the founder, else the lowest member", () => {
    assert.strictEqual(choose([one(a, member), one(b)], undefined, b), b)
    assert.strictEqual(choose([one(b, member), one(a, member)]), a)
    assert.isUndefined(choose([one(a), one(b)]))
  })

  it("is never a deployed unit, which follows a rule of its own", () => {
    const deployed = one(c, { native: false, member: true })
    assert.isFalse(allNative([deployed]))
    assert.isUndefined(choose([one(a), deployed]))
    assert.strictEqual(choose([one(a, member), deployed], c), a)
  })
})

describe("isFormed", () => {
  const formed = (seen: ReadonlyArray<Seen>, more: Partial<Parameters<typeof isFormed>[0]> = {}) =>
    isFormed({
      seen,
      before: blankRoll,
      ledger: { ...blankLedger, formed: true },
      missing: nobody,
      bereftMillis: 600_000,
      ...more
    })
  const host = HostName.make("host-0")
  const handed: Roll = {
    ...blankRoll,
    issues: new Map([[a, { host, generation: 2, sealed: "s" }]])
  }

  it("while a member is seen", () => {
    assert.isTrue(formed([one(a, { member: true })], { ledger: blankLedger }))
    assert.isFalse(formed([one(a)], { ledger: blankLedger }))
  })

  it("no more when all members are gone, for ten minutes, and nobody can be one unseen", () => {
    assert.isFalse(formed([one(a)]))
    assert.isTrue(formed([one(a)], { bereftMillis: 599_999 }))
    assert.isTrue(formed([one(a)], { missing: new Set([b]) }))
  })

  it("while a host may have joined with the token it was handed", () => {
    assert.isTrue(formed([one(a)], { before: handed }))
    assert.isTrue(
      formed([one(a, { failure: { generation: 1, reason: "token-expired" } })], { before: handed })
    )
    assert.isFalse(
      formed([one(a, { failure: { generation: 2, reason: "token-expired" } })], { before: handed })
    )
    assert.isFalse(formed([one(a, { incarnation: "another" })], { before: handed }))
  })
})

describe("isUnaccounted", () => {
  it("where somebody the ledger names is not seen, or says nothing", () => {
    const ledger = { ...blankLedger, bootstrap: a, issuer: b }
    assert.isFalse(isUnaccounted(ledger, [one(a), one(b)]))
    assert.isTrue(isUnaccounted(ledger, [one(a)]))
    assert.isTrue(isUnaccounted(ledger, [one(a), { ...one(b), announcement: silent }]))
    assert.isFalse(isUnaccounted(blankLedger, []))
  })
})

describe("holdsBack", () => {
  it("while somebody is missing and the window is open, on a clock that goes forward", () => {
    const rows: ReadonlyArray<readonly [number, number | undefined, number, boolean]> = [
      [0, 0, 0, false],
      [1, undefined, 0, false],
      [1, 0, 0, true],
      [1, 0, 29_999, true],
      [1, 0, 30_000, false],
      [1, 10, 5, false]
    ]
    for (const [missing, sinceMillis, nowMillis, expected] of rows) {
      assert.strictEqual(holdsBack({ missing, sinceMillis }, nowMillis, 30_000), expected)
    }
  })
})
