// What one participant sees of the others, kept up to date by watches: no step has to read.
// Changes come with their revision, so that what is told twice, or late, changes nothing (S4). Each change says whether
// it is one that the participant can see: then it is woken (S5).
import { type Entries, naturalOrder, noEntries, type ParticipantId } from "@rollcall/core"
import type { WatchEvent } from "../client/Etcd.ts"
import { readRegister, sameEntries } from "./RegisterText.ts"
import type { EtcdGroup, KeyMeaning, StoreKeys } from "./StoreKeys.ts"

/** Who leads a side; a later term has a higher number. */
export interface Lead {
  readonly participant: string
  readonly term: number
}

/** A key as it was put; what a read and a watch have in common. */
export interface Put {
  readonly key: string
  readonly value: string
  readonly modRevision: number
}

interface Peer {
  readonly shown: Entries | undefined
  readonly addressed: Entries
  readonly merged: Entries
}

interface Seen {
  readonly peers: Map<ParticipantId, Peer>
  /** The names of those who are there, in their order. */
  readonly order: Array<ParticipantId>
  /** By side. */
  readonly shared: Map<string, Entries>
  /** What `peersOf` gives, until something changes. */
  given: ReadonlyMap<ParticipantId, Entries> | undefined
}

const nobody: Peer = { shown: undefined, addressed: noEntries, merged: noEntries }

/** The registers that one participant sees. */
export class Sight {
  readonly #self: ParticipantId
  readonly #keys: StoreKeys
  readonly #groups = new Map<string, Seen>()
  readonly #revisions = new Map<string, number>()
  readonly #unreadable = new Set<string>()
  #lead: Lead | undefined

  /** The sight of `self`, which sees nothing yet. */
  constructor(self: ParticipantId, keys: StoreKeys, groups: ReadonlyArray<EtcdGroup>) {
    this.#self = self
    this.#keys = keys
    for (const { id } of groups) {
      this.#groups.set(id, { peers: new Map(), order: [], shared: new Map(), given: undefined })
    }
  }

  /** Who leads this participant's side, as far as it has heard. */
  get lead(): Lead | undefined {
    return this.#lead
  }

  /** Keys whose value no participant wrote. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable
  }

  /** The revision each key was last put at, for who compares. */
  get revisions(): ReadonlyMap<string, number> {
    return this.#revisions
  }

  /** The registers of the others in a group, with what is meant for this one; equal as objects until they change. */
  peersOf(group: string): ReadonlyMap<ParticipantId, Entries> {
    const seen = this.#groups.get(group)
    if (seen === undefined) return new Map()
    const merged = (id: ParticipantId) => seen.peers.get(id)?.merged ?? noEntries
    seen.given ??= new Map(seen.order.map((id) => [id, merged(id)]))
    return seen.given
  }

  /** The shared register of a side. */
  sharedOf(group: string, side: string): Entries {
    return this.#groups.get(group)?.shared.get(side) ?? noEntries
  }

  /** Takes in what a read found in `ranges`, all of it at one revision; what it did not find is gone. */
  load(puts: ReadonlyArray<Put>, revision: number): boolean {
    const found = new Set(puts.map(({ key }) => key))
    const gone = [...this.#revisions.keys()].filter((key) => !found.has(key))
    const events: ReadonlyArray<WatchEvent> = gone.map((key) => ({
      type: "delete",
      key,
      modRevision: revision
    }))
    const changes = [...events.map((event) => this.hear(event)), ...puts.map((kv) => this.put(kv))]
    return changes.includes(true)
  }

  /** Takes in one change; whether the participant can see it. */
  hear(event: WatchEvent): boolean {
    if (event.type === "put") return this.put(event.kv)
    const known = this.#revisions.get(event.key)
    if (known === undefined || known > event.modRevision) return false
    this.#revisions.delete(event.key)
    this.#unreadable.delete(event.key)
    return this.#change(this.#keys.meaning(event.key), undefined)
  }

  /** Takes in that a key was put; whether the participant can see that. */
  put({ key, modRevision, value }: Put): boolean {
    if ((this.#revisions.get(key) ?? 0) >= modRevision) return false
    const meaning = this.#keys.meaning(key)
    this.#revisions.set(key, modRevision)
    if (meaning._tag === "Lead") {
      this.#lead = { participant: value, term: modRevision }
      return false
    }
    // a later version may keep more here
    if (meaning._tag === "Foreign") return false
    const entries = readRegister(value)
    const mended = this.#unreadable.delete(key)
    if (entries === undefined) {
      this.#unreadable.add(key)
      return true
    }
    return this.#change(meaning, entries) || mended
  }

  #change(meaning: KeyMeaning, entries: Entries | undefined): boolean {
    if (meaning._tag === "Lead") {
      this.#lead = undefined
      return false
    }
    if (meaning._tag === "Foreign") return false
    const seen = this.#groups.get(meaning.group)
    if (seen === undefined) return false
    if (meaning._tag === "Shared") {
      const before = seen.shared.get(meaning.side) ?? noEntries
      seen.shared.set(meaning.side, entries ?? noEntries)
      return !sameEntries(before, entries ?? noEntries)
    }
    const [of, part] =
      meaning._tag === "Register"
        ? ([meaning.of, { shown: entries }] as const)
        : ([meaning.from, { addressed: entries ?? noEntries }] as const)
    return of === this.#self ? false : changePeer(seen, of, part)
  }
}

/** Changes one part of what is seen of a peer; whether that shows. */
const changePeer = (
  seen: Seen,
  id: ParticipantId,
  part: Partial<Pick<Peer, "shown" | "addressed">>
): boolean => {
  const before = seen.peers.get(id) ?? nobody
  const { addressed, shown } = { ...before, ...part }
  const wasThere = before.shown !== undefined
  const isThere = shown !== undefined
  if (shown === undefined && addressed.size === 0) seen.peers.delete(id)
  const merged =
    addressed.size === 0 ? (shown ?? noEntries) : new Map([...(shown ?? []), ...addressed])
  // who says the same again stays the same object, so that what was read from it can be kept
  const same = wasThere === isThere && sameEntries(before.merged, merged)
  if (shown !== undefined || addressed.size > 0) {
    seen.peers.set(id, { shown, addressed, merged: same ? before.merged : merged })
  }
  if (wasThere !== isThere) place(seen.order, id, isThere)
  if (!same) seen.given = undefined
  return !same && (wasThere || isThere)
}

/** Puts a name into its place among others, or takes it out. */
const place = (order: Array<ParticipantId>, id: ParticipantId, there: boolean): void => {
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (naturalOrder(order[middle] ?? "", id) < 0) low = middle + 1
    else high = middle
  }
  if (there) order.splice(low, 0, id)
  else if (order[low] === id) order.splice(low, 1)
}
