// The mirror: the leader of one side reads what hosts announce in all its groups and publishes one roll to all of them.
// It decides who founds the cluster and who mints (T3), hands tokens on, and cleans up; it never sees a sealed token.
// Guarantees M1 to M4; a step that finds nothing new writes nothing.
import { Clock, Context, Effect, Hash, Layer, Redacted, Schema } from "effect"
import { ParticipantId } from "../Participant.ts"
import { type Entries, noEntries, type Write, writesBetween } from "../store/Register.ts"
import { type GroupView, Store, type View } from "../store/Store.ts"
import type { StoreError } from "../store/StoreError.ts"
import { corroborate } from "./Corroboration.ts"
import {
  CANDIDATE_KEY,
  LEDGER_KEY,
  MEMORY_KEY,
  readLedger,
  readMemory,
  writeLedger,
  writeMemory
} from "./Ledger.ts"
import { type MirrorDecision, summary } from "./MirrorDecision.ts"
import { FactInvalid } from "./MirrorError.ts"
import { allNative, isUnaccounted, type Seen } from "./MirrorPolicy.ts"
import { blankRoll, type Dialect, type Facts, type Roll } from "./MirrorRecord.ts"
import { type MirrorInput, type MirrorOutcome, nextRoll, resigned } from "./MirrorState.ts"
import { nativeDialect } from "./NativeDialect.ts"

/** The wire format that the composition speaks; the native one unless an adapter says otherwise. */
export const WireDialect = Context.Reference<Dialect>("@rollcall/core/WireDialect", {
  defaultValue: () => nativeDialect
})

/** How a mirror goes about it; durations in millis. */
export interface MirrorOptions {
  /** How long hosts are held back while others are still to come; 30,000 unless set. */
  readonly windowMillis?: number
  /** How long the product's tokens live; after that a host that has not joined gets another; 10,800,000 unless set. */
  readonly tokenLifetimeMillis?: number
  /** Whether every write wakes every host, as Juju's databags do: then fewer of them are made; false unless set. */
  readonly frugal?: boolean
}

/** The mirror's calls. */
export interface MirrorShape {
  /** One decision; `sweep` also takes away what is no longer used, which otherwise waits for the next change. */
  readonly step: (options?: {
    readonly sweep?: boolean
  }) => Effect.Effect<MirrorDecision, StoreError>
  /** Publishes values under keys of this participant's choice, to be mirrored to all. **Fails with** `FactInvalid`. */
  readonly publish: (
    facts: Readonly<Record<string, string>>
  ) => Effect.Effect<void, StoreError | FactInvalid>
  /** The mirrored values this participant sees. */
  readonly facts: Effect.Effect<Facts, StoreError>
}

/** Merges what hosts announce and publishes the roll; runs where the leader of the mirrors is, `step` is harmless elsewhere. */
export class Mirror extends Context.Service<Mirror, MirrorShape>()("@rollcall/core/Mirror") {
  /** The mirror over a `Store`. */
  static readonly layer = (options: MirrorOptions = {}): Layer.Layer<Mirror, never, Store> =>
    Layer.effect(
      Mirror,
      Effect.gen(function* () {
        const store = yield* Store
        const dialect = yield* WireDialect
        return Mirror.of({
          step: Effect.fn("Mirror.step")(({ sweep = false } = {}) =>
            store.step((view) => decide(store, dialect, view, sweep, options))
          ),
          publish: Effect.fn("Mirror.publish")(function* (facts) {
            for (const key of Object.keys(facts)) {
              if (!/^[\w.~-]{1,200}$/.test(key)) {
                const allowed =
                  "keys have 1 to 200 letters, digits, dots, tildes, hyphens, underscores"
                return yield* new FactInvalid({ key, allowed })
              }
            }
            yield* store.step((view) =>
              Effect.succeed([undefined, publishing(dialect, view, facts)])
            )
          }),
          facts: store.step((view) => Effect.succeed([seenRoll(dialect, view).facts, []]))
        })
      })
    )
}

/** What a participant sees of all mirrors together. */
export const seenRoll = (dialect: Dialect, view: View): Roll =>
  corroborate(
    view.groups.flatMap((group) =>
      sources(group, view.self).map(([, entries]) => dialect.decodeRoll(entries, group.counterpart))
    )
  )

const sources = (group: GroupView, self: ParticipantId): ReadonlyArray<[ParticipantId, Entries]> =>
  group.symmetric ? [[self, group.own], ...group.peers] : [...group.peers]

const decide = (
  store: Store["Service"],
  dialect: Dialect,
  view: View,
  sweep: boolean,
  options: MirrorOptions
) =>
  Effect.gen(function* () {
    const before = ownRoll(dialect, view)
    const natives = (seen: ReadonlyArray<Seen>) => allNative(seen)
    const seen = seenHosts(dialect, view)
    if (!view.leader) {
      const roll = before.up ? resigned(before) : before
      const writes = before.up ? rollWrites(dialect, view, roll, natives(seen)) : []
      return [{ _tag: "Standby" } as MirrorDecision, writes] as const
    }
    const input: MirrorInput = {
      self: view.self,
      nowMillis: yield* Clock.currentTimeMillis,
      sweep,
      seen,
      candidates: candidatesOf(view, seen),
      missing: new Set(),
      before,
      ledger: readLedger(ledgerGroup(view)?.shared ?? noEntries),
      memory: readMemory(view.private),
      digest: (token) => (Hash.string(token) >>> 0).toString(16),
      reveal: Redacted.value,
      frugal: options.frugal ?? false,
      windowMillis: options.windowMillis ?? 30_000,
      tokenLifetimeMillis: options.tokenLifetimeMillis ?? 10_800_000
    }
    const bold = nextRoll(input)
    // who else is to come is only asked for when something could depend on them
    const fresh =
      bold.roll !== before &&
      bold.roll.requests.some((r) => !before.requests.some((b) => b.host === r.host))
    const grants = bold.ledger.bootstrap !== input.ledger.bootstrap
    const bereft = input.ledger.formed && !bold.ledger.formed
    const missing =
      fresh || grants || bereft || isUnaccounted(input.ledger, seen)
        ? yield* Effect.map(store.census, (census) => missingOf(census.counterparts, view, seen))
        : input.missing
    const outcome = missing.size === 0 ? bold : nextRoll({ ...input, missing })
    const writes = [
      ...rollWrites(dialect, view, outcome.roll, natives(seen)),
      ...ledgerWrites(view, outcome, input)
    ]
    return [summary(outcome, seen, missing.size, unreadable(dialect, view)), writes] as const
  })

const seenHosts = (dialect: Dialect, view: View): ReadonlyArray<Seen> =>
  view.groups.flatMap((group) =>
    sources(group, view.self).map(([participant, entries]) => ({
      participant,
      side: group.counterpartName,
      announcement: dialect.decodeAnnouncement(entries)
    }))
  )

/** Who has written something in the format's place for a host, and names none. */
const unreadable = (dialect: Dialect, view: View): ReadonlyArray<ParticipantId> =>
  view.groups.flatMap((group) =>
    [...group.peers].flatMap(([participant, entries]) => {
      const { host, native } = dialect.decodeAnnouncement(entries)
      const says = [...entries.keys()].some((key) => dialect.owns(key))
      return says && host === undefined && !native ? [participant] : []
    })
  )

/** What this mirror published so far: the same roll everywhere, each token in the group of its addressee. */
const ownRoll = (dialect: Dialect, view: View): Roll => {
  const rolls = view.groups
    .map((group) => dialect.decodeRoll(group.own, noEntries))
    .filter((roll) => roll.native)
  const [first] = rolls
  return first === undefined
    ? blankRoll
    : { ...first, issues: new Map(rolls.flatMap((roll) => [...roll.issues])) }
}

const candidatesOf = (
  view: View,
  seen: ReadonlyArray<Seen>
): ReadonlyMap<string, ParticipantId> => {
  const candidates = new Map<string, ParticipantId>()
  for (const group of view.groups) {
    const named = group.counterpart.get(CANDIDATE_KEY)
    const own = seen.find(
      ({ announcement, participant }) =>
        participant === view.self && announcement.native && announcement.host !== undefined
    )
    if (group.symmetric && own !== undefined) candidates.set(group.counterpartName, own.participant)
    else if (named !== undefined && Schema.is(ParticipantId)(named)) {
      candidates.set(group.counterpartName, named)
    }
  }
  return candidates
}

const missingOf = (
  expected: ReadonlyMap<string, ReadonlySet<ParticipantId>>,
  view: View,
  seen: ReadonlyArray<Seen>
): ReadonlySet<ParticipantId> => {
  const announced = new Set(
    seen.flatMap(({ announcement, participant }) =>
      announcement.host === undefined ? [] : participant
    )
  )
  const all = new Set(view.groups.flatMap(({ id }) => [...(expected.get(id) ?? [])]))
  return new Set([...all].filter((participant) => !announced.has(participant)))
}

const ledgerGroup = (view: View): GroupView | undefined => view.council ?? view.groups[0]

const ledgerWrites = (
  view: View,
  outcome: MirrorOutcome,
  input: MirrorInput
): ReadonlyArray<Write> => {
  const group = ledgerGroup(view)
  const writes: Array<Write> = []
  const memory = writeMemory(outcome.memory)
  if (memory !== view.private.get(MEMORY_KEY)) {
    writes.push({ place: { _tag: "private" }, key: MEMORY_KEY, value: memory })
  }
  if (group !== undefined && writeLedger(outcome.ledger) !== writeLedger(input.ledger)) {
    const place = { _tag: "shared", group: group.id } as const
    writes.push({ place, key: LEDGER_KEY, value: writeLedger(outcome.ledger) })
  }
  return writes
}

/** The writes that make every group show `roll`; a token goes only to the group of its addressee. */
const rollWrites = (
  dialect: Dialect,
  view: View,
  roll: Roll,
  natives: boolean
): ReadonlyArray<Write> =>
  view.groups.flatMap((group) => {
    const here = (to: ParticipantId) => group.peers.has(to) || (group.symmetric && to === view.self)
    const entries = dialect
      .encodeRoll(roll, natives)
      .filter(({ to }) => to === undefined || here(to))
    const writes: Array<Write> = []
    const keys = new Set(entries.map(({ key }) => key))
    for (const { key, to, value } of entries) {
      if (group.own.get(key) === value) continue
      const place =
        to === undefined
          ? { _tag: "own", group: group.id }
          : { _tag: "to", group: group.id, participant: to }
      writes.push({ place: place as Write["place"], key, value })
    }
    const foreign = group.symmetric
      ? new Set(dialect.encodeAnnouncement(dialect.decodeAnnouncement(group.own), roll).keys())
      : new Set<string>()
    for (const key of group.own.keys()) {
      if (!dialect.owns(key) || keys.has(key) || foreign.has(key)) continue
      writes.push({ place: { _tag: "own", group: group.id }, key, value: undefined })
    }
    const shared = view.leader ? dialect.encodeShared(roll, natives) : noEntries
    const place = { _tag: "shared", group: group.id } as const
    return [...writes, ...writesBetween(place, group.shared ?? noEntries, shared, () => false)]
  })

const publishing = (
  dialect: Dialect,
  view: View,
  facts: Readonly<Record<string, string>>
): ReadonlyArray<Write> =>
  view.groups.flatMap((group) => {
    const own = dialect.decodeAnnouncement(group.own)
    const next = new Map([
      ...own.facts,
      ...Object.entries(facts).map(([k, v]) => [k, Redacted.make(v)] as const)
    ])
    const announcement = { ...own, communicator: true, facts: next }
    const after = dialect.encodeAnnouncement(announcement, seenRoll(dialect, view))
    return writesBetween({ _tag: "own", group: group.id }, group.own, after, () => false)
  })
