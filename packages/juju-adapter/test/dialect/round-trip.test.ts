// The reader takes anything and never throws; what the writer wrote is read as it was; keys of others are left alone.
import { type Chance, makeChance } from "@rollcall/conformance"
import {
  type Announcement,
  type Entries,
  HostName,
  ParticipantId,
  type Roll,
  type TokenIssue,
  type TokenRequest
} from "@rollcall/core"
import { Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { sweep } from "../../../../apps/example-charm/test/Expected.ts"
import { deploy } from "../../../../apps/example-charm/test/Fleet.ts"
import { tokenDistributorDialect as dialect } from "../../src/index.ts"
import { write } from "../acceptance/Meddling.ts"

const RUNS = 300

/** Something that may stand where anything may stand. */
const junk = (chance: Chance): string =>
  chance.pick([
    "",
    "empty",
    "up",
    "null",
    "{}",
    "[]",
    '{"v":1}',
    '{"v":1,"host":""}',
    '{"v":2,"host":"a"}',
    '{"v":1,"up":"yes","epoch":"1"}',
    '[{"host":"a","generation":1e99}]',
    "\u0000\uffff",
    "a\nb=c",
    "~".repeat(50),
    "x".repeat(5000),
    ".want.",
    "h~~",
    "h~-1"
  ])

const KEYS = [
  "hostname",
  "mirror",
  "mirror-",
  "mirror-h",
  "mirror-h~2",
  "mirror-h~~2",
  "mirror-.want.h",
  "mirror-.want.h~i~1",
  "mirror-.want.~~",
  "rollcall-host",
  "rollcall-issued",
  "rollcall-roll",
  "rollcall-requests",
  "rollcall-requests.app/0",
  "rollcall-token.",
  "rollcall-token.app/0",
  "rollcall-fact.",
  "rollcall-mailboxes",
  "bootstrap-app",
  ""
]

it("any entries are read, and what was read can be written", () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const chance = makeChance(seed)
    const bag = (): Entries =>
      new Map(Array.from({ length: chance.below(12) }, () => [chance.pick(KEYS), junk(chance)]))
    const announcement = dialect.decodeAnnouncement(bag())
    const roll = dialect.decodeRoll(bag(), bag())
    expect(() => dialect.encodeAnnouncement(announcement, roll), `seed ${seed}`).not.toThrow()
    expect(() => dialect.encodeRoll(roll, chance.happens(0.5)), `seed ${seed}`).not.toThrow()
    expect(() => dialect.encodeShared(roll, false), `seed ${seed}`).not.toThrow()
  }
})

const maybe = <K extends string, V>(chance: Chance, key: K, value: V): { readonly [P in K]?: V } =>
  chance.happens(0.5) ? ({ [key]: value } as { readonly [P in K]?: V }) : {}

const issueOf = (chance: Chance): TokenIssue => ({
  host: HostName.make(`node-${chance.below(9)}`),
  generation: 1 + chance.below(4),
  ...maybe(chance, "incarnation", `i${chance.below(9)}`),
  ...chance.pick([
    {},
    { token: Redacted.make(`t${chance.below(99)}==`) },
    { sealed: "AbC" },
    { refused: "name-taken" as const }
  ])
})

const requestOf = (chance: Chance): TokenRequest => ({
  host: HostName.make(`node-${chance.below(9)}`),
  generation: 1 + chance.below(4),
  participant: ParticipantId.make(`app/${chance.below(9)}`),
  ...maybe(chance, "incarnation", `i${chance.below(9)}`),
  ...maybe(chance, "publicKey", "Zm9v")
})

const factsOf = (chance: Chance) =>
  new Map(
    Array.from({ length: chance.below(3) }, (_, at) => [
      `k${at}`,
      Redacted.make(junk(chance) || "v")
    ])
  )

/** As plain values, for secrets compare by identity. */
const plain = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return { secret: Redacted.value(value) }
  if (value instanceof Map) return [...value].map(([key, each]) => [key, plain(each)]).sort()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

const roll = (chance: Chance): Roll => {
  const issuer = chance.happens(0.5) ? ParticipantId.make("app/0") : undefined
  const drawn = Array.from({ length: chance.below(5) }, () => requestOf(chance))
  const isNamed = ({ incarnation }: TokenRequest) => incarnation !== undefined
  return {
    native: true,
    up: chance.happens(0.8),
    frugal: chance.happens(0.3),
    epoch: chance.below(9),
    formed: chance.happens(0.5),
    bootstrap: chance.happens(0.5) ? ParticipantId.make("app/1") : undefined,
    bootstrapSide: chance.happens(0.5) ? "app" : undefined,
    issuer,
    // those for the issuer come first in a register
    requests:
      issuer === undefined
        ? drawn
        : [...drawn.filter(isNamed), ...drawn.filter((each) => !isNamed(each))],
    issues: new Map(
      Array.from({ length: chance.below(4) }, (_, at) => [
        ParticipantId.make(`app/${at}`),
        issueOf(chance)
      ])
    ),
    facts: factsOf(chance)
  }
}

describe("what was written is read as it was", () => {
  it("of a host", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const chance = makeChance(seed)
      const announcement: Announcement = {
        native: true,
        host: HostName.make("node-1"),
        incarnation: "i",
        publicKey: chance.happens(0.5) ? "k" : undefined,
        member: chance.happens(0.5),
        failure: chance.happens(0.3) ? { generation: 2, reason: "token-expired" } : undefined,
        communicator: chance.happens(0.3),
        issues: Array.from({ length: chance.below(4) }, () => issueOf(chance)),
        facts: factsOf(chance)
      }
      const written = dialect.encodeAnnouncement(announcement, roll(chance))
      const read = dialect.decodeAnnouncement(written)
      expect(plain(read), `seed ${seed}`).toEqual(plain(announcement))
    }
  })

  it("of a mirror", () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const chance = makeChance(seed)
      const before = roll(chance)
      const written = dialect.encodeRoll(before, chance.happens(0.5))
      const read = dialect.decodeRoll(
        new Map(written.map(({ key, value }) => [key, value])),
        new Map()
      )
      expect(plain(read), `seed ${seed}`).toEqual(plain(before))
    }
  })
})

it("keys that the format does not know stay where they are", async () => {
  const foreign = { "charm-own": "kept", suits: "x", rolling: "y" }
  const fleet = await deploy({ seed: 1, hosts: ["ours", "v2", "ours"] })
  await fleet.sim.settle()
  for (const unit of ["td/0", "app/0", "app/2"]) await write(fleet, unit, foreign)
  await fleet.sim.addUnit("app")
  await fleet.sim.settle()
  await sweep(fleet)
  for (const unit of ["td/0", "app/0", "app/2"]) {
    expect(fleet.sim.databag(unit, fleet.relation)).toMatchObject(foreign)
  }
  await fleet.sim.close()
})
