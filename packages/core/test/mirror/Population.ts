// Arbitrary populations for the mirror's state machine: who is seen, what they say, what was published and decided
// before. Names are few, so that they collide.
import { Arbitrary, Redacted, Schema } from "effect"
import {
  type Announcement,
  blankRoll,
  HostName,
  ParticipantId,
  type Roll,
  silent,
  type TokenIssue
} from "../../src/index.ts"
import { blankLedger, type Ledger, type Seen } from "../../src/mirror/MirrorPolicy.ts"
import type { MirrorInput } from "../../src/mirror/MirrorState.ts"

const Index = Schema.Literals([0, 1, 2, 3])
const Generation = Schema.Literals([1, 2, 3])
const Issue = Schema.Struct({
  to: Index,
  host: Index,
  machine: Schema.Literals(["x", "y"]),
  generation: Generation,
  form: Schema.Literals(["token", "sealed", "refused"])
})
const Person = Schema.Struct({
  host: Schema.optionalKey(Index),
  machine: Schema.Literals(["x", "y"]),
  member: Schema.Boolean,
  failed: Schema.optionalKey(Generation),
  issues: Schema.Array(Issue).check(Schema.isMaxLength(3)),
  facts: Schema.Record(Schema.Literals(["k", "l"]), Schema.Literals(["empty", "v", "w"])),
  before: Schema.optionalKey(Issue)
})
const Draft = Schema.Struct({
  people: Schema.Array(Person).check(Schema.isMaxLength(5)),
  absent: Schema.Array(Index).check(Schema.isMaxLength(2)),
  ledger: Schema.Struct({
    epoch: Schema.Literals([0, 3]),
    bootstrap: Schema.optionalKey(Index),
    issuer: Schema.optionalKey(Index),
    formed: Schema.Boolean
  }),
  candidate: Schema.optionalKey(Index),
  facts: Schema.Record(Schema.Literals(["k", "l"]), Schema.Literals(["v", "w"])),
  sweep: Schema.Boolean
})

const participant = (i: number) => ParticipantId.make(i % 2 === 0 ? `app/${i}` : `edge/${i}`)
const hostOf = (i: number) => HostName.make(`host-${i}`)
const idOf = (i: number | undefined) => (i === undefined ? undefined : participant(i))
const hidden = (facts: object) =>
  new Map(Object.entries(facts).map(([key, value]) => [key, Redacted.make(`${value}`)]))

const issueOf = ({ form, generation, host, machine, to }: typeof Issue.Type): TokenIssue => {
  const incarnation = `${machine}${to}`
  const named = { host: hostOf(host), incarnation, generation }
  const text = `token-${host}-${incarnation}-${generation}`
  if (form === "token") return { ...named, token: Redacted.make(text) }
  return form === "sealed" ? { ...named, sealed: text } : { ...named, refused: "name-taken" }
}

const seenOf = (person: typeof Person.Type, i: number): Seen => {
  const announcement: Announcement = {
    ...silent,
    native: true,
    host: person.host === undefined ? undefined : hostOf(person.host),
    incarnation: `${person.machine}${i}`,
    member: person.host !== undefined && person.member,
    failure:
      person.failed === undefined
        ? undefined
        : { generation: person.failed, reason: "token-rejected" },
    communicator: true,
    issues: person.issues.map(issueOf),
    facts: hidden(person.facts)
  }
  return { participant: participant(i), side: i % 2 === 0 ? "app" : "edge", announcement }
}

const inputOf = (draft: typeof Draft.Type): MirrorInput => {
  const { bootstrap, epoch, formed, issuer } = draft.ledger
  const before: Roll = {
    ...blankRoll,
    native: true,
    up: true,
    epoch,
    issues: new Map(
      draft.people.flatMap((person, i) =>
        person.before === undefined
          ? []
          : [[participant(i), issueOf({ ...person.before, to: i as 0 })] as const]
      )
    ),
    facts: hidden(draft.facts)
  }
  const ledger: Ledger = {
    ...blankLedger,
    epoch,
    formed,
    bootstrap: idOf(bootstrap),
    issuer: idOf(issuer)
  }
  return {
    self: ParticipantId.make("distributor/0"),
    nowMillis: 1_000_000,
    sweep: draft.sweep,
    frugal: false,
    seen: draft.people.map(seenOf),
    candidates: new Map(
      draft.candidate === undefined ? [] : [["app", participant(draft.candidate)]]
    ),
    missing: new Set(draft.absent.map((i) => participant(i + 5))),
    before,
    ledger,
    memory: { heldSinceMillis: undefined, bereftSinceMillis: undefined, handedAtMillis: new Map() },
    digest: (token) => `digest of ${token}`,
    reveal: Redacted.value,
    windowMillis: 30_000,
    tokenLifetimeMillis: 10_800_000
  }
}

/** Any input a leading mirror may find itself with. */
export const inputs = Arbitrary.map(Arbitrary.schema(Draft), inputOf)
