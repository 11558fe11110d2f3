import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Redacted, Schema } from "effect"
import {
  type Announcement,
  blankRoll,
  type Entries,
  HostName,
  JoinFailure,
  nativeDialect,
  ParticipantId,
  Refusal,
  type Roll,
  silent
} from "../../src/index.ts"

const Host = Schema.Literals(["host-1", "host-2", "a.b"])
const Id = Schema.Literals(["app/0", "app/10", "edge/1"])
const Text = Schema.NonEmptyString
const Facts = Schema.Record(Schema.Literals(["k", "a.b-c_~"]), Text)
const Issue = Schema.Struct({
  host: Host,
  incarnation: Schema.optionalKey(Text),
  generation: Schema.Int,
  token: Schema.optionalKey(Text),
  sealed: Schema.optionalKey(Text),
  refused: Schema.optionalKey(Refusal)
})
const Said = Schema.Struct({
  host: Host,
  incarnation: Schema.optionalKey(Text),
  publicKey: Schema.optionalKey(Text),
  member: Schema.Boolean,
  failure: Schema.optionalKey(JoinFailure),
  communicator: Schema.Boolean,
  issues: Schema.Array(Issue),
  facts: Facts
})
const Shown = Schema.Struct({
  up: Schema.Boolean,
  epoch: Schema.Int,
  formed: Schema.Boolean,
  bootstrap: Schema.optionalKey(Id),
  bootstrapSide: Schema.optionalKey(Text),
  issuer: Schema.optionalKey(Id),
  requests: Schema.Array(
    Schema.Struct({ host: Host, generation: Schema.Int, participant: Schema.optionalKey(Id) })
  ),
  issue: Schema.optionalKey(Issue),
  facts: Facts
})

const hidden = (facts: object) =>
  new Map(Object.entries(facts).map(([key, value]) => [key, Redacted.make(`${value}`)]))
const issueOf = ({ host, token, ...rest }: typeof Issue.Type) => ({
  ...rest,
  host: HostName.make(host),
  ...(token === undefined ? {} : { token: Redacted.make(token) })
})
const idOf = (id: string | undefined) => (id === undefined ? undefined : ParticipantId.make(id))

// deepStrictEqual sees two Redacted as equal whatever they hold: they are compared in clear
const bare = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each) =>
      Redacted.isRedacted(each)
        ? { secret: Redacted.value(each) }
        : each instanceof Map
          ? [...each]
          : each
    )
  )

const announced = Arbitrary.map(
  Arbitrary.schema(Said),
  ({ facts, host, issues, ...said }): Announcement => ({
    ...silent,
    ...said,
    native: true,
    host: HostName.make(host),
    issues: issues.map(issueOf),
    facts: hidden(facts)
  })
)
const rolled = Arbitrary.map(
  Arbitrary.schema(Shown),
  ({ bootstrap, facts, issue, issuer, requests, ...shown }): Roll => ({
    ...blankRoll,
    ...shown,
    native: true,
    bootstrap: idOf(bootstrap),
    issuer: idOf(issuer),
    requests: requests.map(({ generation, host, participant }) => ({
      generation,
      host: HostName.make(host),
      ...(participant === undefined ? {} : { participant: ParticipantId.make(participant) })
    })),
    issues: new Map(issue === undefined ? [] : [[ParticipantId.make("app/3"), issueOf(issue)]]),
    facts: hidden(facts)
  })
)
const registers = Arbitrary.map(
  Arbitrary.schema(Schema.Array(Schema.Tuple([Schema.Int, Schema.String, Schema.String]))),
  (rows): Entries =>
    new Map(
      rows.map(([n, suffix, value]) => [
        KEYS[Math.abs(n) % KEYS.length] + (n % 2 ? suffix : ""),
        value
      ])
    )
)
const KEYS = [
  "rollcall-host",
  "rollcall-issued",
  "rollcall-roll",
  "rollcall-requests",
  "rollcall-requests.",
  "rollcall-token.",
  "rollcall-fact.",
  "rollcall-mirrored.",
  ""
]

describe("the native dialect", () => {
  it.prop("reads an announcement as it was written", [announced], ([announcement]) => {
    const entries = nativeDialect.encodeAnnouncement(announcement, blankRoll)
    assert.deepStrictEqual(bare(nativeDialect.decodeAnnouncement(entries)), bare(announcement))
  })

  it.prop("reads a roll as it was written", [rolled], ([roll]) => {
    const entries = new Map(
      nativeDialect.encodeRoll(roll, true).map(({ key, value }) => [key, value])
    )
    assert.deepStrictEqual(bare(nativeDialect.decodeRoll(entries, new Map())), bare(roll))
  })

  it.prop("keeps both apart in one register", [announced, rolled], ([announcement, roll]) => {
    const said = nativeDialect.encodeAnnouncement(announcement, roll)
    const shown = nativeDialect
      .encodeRoll(roll, true)
      .map(({ key, value }) => [key, value] as const)
    const register = new Map([...said, ...shown])
    assert.strictEqual(register.size, said.size + shown.length)
    assert.deepStrictEqual(bare(nativeDialect.decodeAnnouncement(register)), bare(announcement))
    assert.deepStrictEqual(bare(nativeDialect.decodeRoll(register, new Map())), bare(roll))
  })

  it.prop(
    "reads any register without throwing, and can write what it read",
    [registers],
    ([entries]) => {
      const announcement = nativeDialect.decodeAnnouncement(entries)
      const roll = nativeDialect.decodeRoll(entries, entries)
      nativeDialect.encodeAnnouncement(announcement, roll)
      nativeDialect.encodeRoll(roll, false)
    }
  )

  it("owns its own keys and no others", () => {
    for (const key of KEYS.filter((each) => each !== "")) assert.isTrue(nativeDialect.owns(key))
    for (const key of ["hostname", "mirror", "mirror-host-1", "ingress-address", "x-rollcall-"]) {
      assert.isFalse(nativeDialect.owns(key))
    }
  })

  it("ignores fields it does not know, and a version it does not know altogether", () => {
    const read = (value: object) =>
      nativeDialect.decodeAnnouncement(new Map([["rollcall-host", JSON.stringify(value)]])).host
    assert.strictEqual(read({ v: 1, host: "host-1", more: [1, 2] }), "host-1")
    assert.isUndefined(read({ v: 2, host: "host-1" }))
    assert.isUndefined(read({ v: 1, host: "not a host" }))
  })

  it("mirrors what is published by one that is no host", () => {
    const { communicator, facts, host } = nativeDialect.decodeAnnouncement(
      new Map([["rollcall-fact.motd", "hello"]])
    )
    assert.isTrue(communicator)
    assert.isUndefined(host)
    assert.deepStrictEqual(bare(facts), bare(hidden({ motd: "hello" })))
  })

  it("shows no token to whoever prints what it read", () => {
    const issue = { host: HostName.make("host-1"), generation: 1, token: Redacted.make("s3cret") }
    const entries = nativeDialect.encodeAnnouncement(
      { ...silent, native: true, host: HostName.make("host-2"), issues: [issue] },
      blankRoll
    )
    const read = nativeDialect.decodeAnnouncement(entries)
    assert.notInclude(JSON.stringify(read) + String(read.issues[0]?.token), "s3cret")
  })
})
