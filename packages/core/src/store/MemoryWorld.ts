// The registers of all participants in one process: what `MemoryStore` serves, one participant at a time.
// It keeps the contract to the letter and gives nothing more, so that what works over it works over weaker stores.
import { naturalOrder, type ParticipantId } from "../Participant.ts"
import type { Entries, Write } from "./Register.ts"
import type { Census, GroupView, View } from "./Store.ts"
import { NotLeader } from "./StoreError.ts"

/** A group of one side or two; a two-sided group shows each participant only the other side. */
export interface MemoryGroup {
  readonly id: string
  readonly sides: readonly [string] | readonly [string, string]
}

interface Cell {
  readonly value: string
  readonly to: ParticipantId | undefined
}

/** All registers, and who is there. */
export class MemoryWorld {
  readonly groups: ReadonlyArray<MemoryGroup>
  readonly #sides = new Map<ParticipantId, string>()
  readonly #leaders = new Map<string, ParticipantId>()
  readonly #terms = new Map<string, number>()
  readonly #own = new Map<string, Map<ParticipantId, Map<string, Cell>>>()
  readonly #shared = new Map<string, Map<string, string>>()
  readonly #private = new Map<ParticipantId, Map<string, string>>()
  readonly #wakers = new Map<ParticipantId, Set<() => void>>()
  readonly #expected = new Map<ParticipantId, string>()
  /** How often each participant was woken. */
  readonly wakes = new Map<ParticipantId, number>()

  /** A world with these groups and nobody in it. */
  constructor(groups: ReadonlyArray<MemoryGroup>) {
    this.groups = groups
  }

  /** Lets `participant` in on `side`; the first one of a side leads it. */
  enter(participant: ParticipantId, side: string): void {
    this.#sides.set(participant, side)
    this.#expected.delete(participant)
    if (!this.#leaders.has(side)) this.#leaders.set(side, participant)
    this.#private.set(participant, new Map())
    this.#wake(this.#watchers(participant))
  }

  /** Announces that `participant` is still to come. */
  expect(participant: ParticipantId, side: string): void {
    this.#expected.set(participant, side)
  }

  /** Takes `participant` and its registers away (S7); another one of its side leads if it did. */
  depart(participant: ParticipantId): void {
    const side = this.#sides.get(participant)
    const watchers = this.#watchers(participant)
    this.#sides.delete(participant)
    this.#private.delete(participant)
    for (const registers of this.#own.values()) registers.delete(participant)
    if (side !== undefined && this.#leaders.get(side) === participant) {
      this.#leaders.delete(side)
      this.#terms.set(side, this.term(side) + 1)
      const [next] = this.#on(side)
      if (next !== undefined) this.lead(next)
    }
    this.#wake(watchers)
  }

  /** Makes `participant` the leader of its side. */
  lead(participant: ParticipantId): void {
    const side = this.#sides.get(participant)
    if (side === undefined) return
    if (this.#leaders.get(side) !== participant) this.#terms.set(side, this.term(side) + 1)
    this.#leaders.set(side, participant)
    this.#wake([participant])
  }

  /** Who leads `side`. */
  leader(side: string): ParticipantId | undefined {
    return this.#leaders.get(side)
  }

  /** How often the leader of `side` changed. */
  term(side: string): number {
    return this.#terms.get(side) ?? 0
  }

  /** What `participant` sees now. */
  view(participant: ParticipantId): View {
    const side = this.#sides.get(participant) ?? ""
    const groups = this.groups
      .filter(({ sides }) => sides.includes(side))
      .map((group) => this.#groupView(participant, side, group))
    return {
      self: participant,
      side,
      leader: this.#leaders.get(side) === participant,
      groups: groups.filter(({ id }) => !this.#isCouncil(id, side)),
      council: groups.find(({ symmetric }) => symmetric),
      private: new Map(this.#private.get(participant))
    }
  }

  /** Who is there and who is to come, as `participant` may ask. */
  census(participant: ParticipantId): Census {
    const side = this.#sides.get(participant) ?? ""
    const known = new Map([...this.#sides, ...this.#expected])
    const on = (wanted: string) =>
      new Set([...known].flatMap(([id, of]) => (of === wanted ? [id] : [])))
    const counterparts = this.groups
      .filter(({ sides }) => sides.includes(side))
      .map((group) => [group.id, on(otherSide(group, side))] as const)
    return { siblings: on(side), counterparts: new Map(counterparts) }
  }

  /**
   * Commits all writes or none. A shared write by anyone but the leader is refused (S6), and so is one that was decided
   * in another `term` of its side: who led, lost it and leads again has not seen what was written meanwhile.
   */
  commit(
    participant: ParticipantId,
    writes: ReadonlyArray<Write>,
    term?: number
  ): NotLeader | undefined {
    const side = this.#sides.get(participant) ?? ""
    const shared = writes.find(({ place }) => place._tag === "shared")
    const leads =
      this.#leaders.get(side) === participant && (term === undefined || term === this.term(side))
    if (shared !== undefined && !leads) {
      const group = shared.place._tag === "shared" ? shared.place.group : ""
      return new NotLeader({ participant, group })
    }
    const woken = new Set<ParticipantId>()
    for (const write of writes)
      for (const id of this.#apply(participant, side, write)) woken.add(id)
    this.#wake([...woken].sort(naturalOrder))
    return undefined
  }

  /** Registers what to call when something changes that `participant` sees (S5); the result takes it back. */
  onWake(participant: ParticipantId, wake: () => void): () => void {
    const wakers = this.#wakers.get(participant) ?? new Set()
    this.#wakers.set(participant, wakers.add(wake))
    return () => {
      wakers.delete(wake)
    }
  }

  #apply(
    participant: ParticipantId,
    side: string,
    { key, place, value }: Write
  ): ReadonlyArray<ParticipantId> {
    if (place._tag === "private") {
      put(this.#private.get(participant) ?? new Map(), key, value, value)
      return []
    }
    if (place._tag === "shared") {
      const name = `${place.group}\n${side}`
      const register = this.#shared.get(name) ?? new Map<string, string>()
      this.#shared.set(name, register)
      if (register.get(key) === value) return []
      put(register, key, value, value)
      return this.#watchers(participant, place.group)
    }
    const register = this.#register(place.group, participant)
    const before = register.get(key)
    const to = place._tag === "to" ? place.participant : undefined
    if ((before?.value ?? "") === (value ?? "") && (before === undefined || before.to === to)) {
      return []
    }
    put(register, key, value, { value: value ?? "", to })
    // whom an entry is taken from sees a change, too
    const audiences = [...(before === undefined ? [] : [before.to]), ...(value ? [to] : [])]
    return audiences.flatMap((one) =>
      one === undefined ? this.#watchers(participant, place.group) : [one]
    )
  }

  #groupView(participant: ParticipantId, side: string, group: MemoryGroup): GroupView {
    const symmetric = group.sides.length === 1
    const other = otherSide(group, side)
    const peers = new Map<ParticipantId, Entries>()
    for (const id of this.#on(other)) {
      if (id !== participant) peers.set(id, visible(this.#register(group.id, id), participant))
    }
    const shared = new Map(this.#shared.get(`${group.id}\n${side}`))
    const readable = symmetric || this.#leaders.get(side) === participant
    return {
      id: group.id,
      symmetric,
      own: visible(this.#register(group.id, participant), undefined),
      peers,
      shared: readable ? shared : undefined,
      counterpart: symmetric ? new Map() : new Map(this.#shared.get(`${group.id}\n${other}`)),
      counterpartName: symmetric ? group.id : other
    }
  }

  /** A one-sided group is a side's council where the side also has two-sided groups; else it is a group like any. */
  #isCouncil(id: string, side: string): boolean {
    const of = this.groups.filter(({ sides }) => sides.includes(side))
    return of.length > 1 && of.some((group) => group.id === id && group.sides.length === 1)
  }

  #register(group: string, participant: ParticipantId): Map<string, Cell> {
    const registers = this.#own.get(group) ?? new Map<ParticipantId, Map<string, Cell>>()
    this.#own.set(group, registers)
    const register = registers.get(participant) ?? new Map<string, Cell>()
    if (this.#sides.has(participant)) registers.set(participant, register)
    return register
  }

  #on(side: string): ReadonlyArray<ParticipantId> {
    return [...this.#sides].flatMap(([id, of]) => (of === side ? [id] : [])).sort(naturalOrder)
  }

  #watchers(participant: ParticipantId, only?: string): ReadonlyArray<ParticipantId> {
    const side = this.#sides.get(participant) ?? ""
    return this.groups
      .filter(({ id, sides }) => sides.includes(side) && (only === undefined || id === only))
      .flatMap((group) => [...this.#on(otherSide(group, side))])
      .filter((id) => id !== participant)
  }

  #wake(participants: ReadonlyArray<ParticipantId>): void {
    for (const participant of participants) {
      this.wakes.set(participant, (this.wakes.get(participant) ?? 0) + 1)
      for (const wake of this.#wakers.get(participant) ?? []) wake()
    }
  }
}

const otherSide = ({ sides }: MemoryGroup, side: string): string =>
  sides.find((name) => name !== side) ?? side

const visible = (register: ReadonlyMap<string, Cell>, reader: ParticipantId | undefined): Entries =>
  new Map(
    [...register].flatMap(([key, { to, value }]) =>
      to === undefined || reader === undefined || to === reader ? [[key, value] as const] : []
    )
  )

const put = <V>(
  register: Map<string, V>,
  key: string,
  value: string | undefined,
  cell: V | undefined
): void => {
  if (value === undefined || value === "" || cell === undefined) register.delete(key)
  else register.set(key, cell)
}
