// Where a formation's registers lie in etcd; docs/protocol/etcd.md shows it. Pure.
// Keys are ordered by who reads them, so that a participant sees all that concerns it in a few ranges, and nothing else:
// what a side shows to a group, what is meant for one participant, who leads a side.
import { ParticipantId } from "@rollcall/core"

/** A group as every participant is told of it: of one side, where all see all, or of two that see each other. */
export interface EtcdGroup {
  readonly id: string
  readonly sides: readonly [string] | readonly [string, string]
}

/** What a key is of, as far as a reader has to know. */
export type KeyMeaning =
  | {
      readonly _tag: "Register"
      readonly group: string
      readonly side: string
      readonly of: ParticipantId
    }
  | { readonly _tag: "Shared"; readonly group: string; readonly side: string }
  | {
      readonly _tag: "Addressed"
      readonly to: ParticipantId
      readonly group: string
      readonly from: ParticipantId
    }
  | { readonly _tag: "Lead"; readonly side: string }
  | { readonly _tag: "Foreign" }

/** The keys of one formation. */
export interface StoreKeys {
  /** There as long as the participant is; every step it commits changes it. */
  readonly here: (side: string, participant: ParticipantId) => string
  /** A participant that is still to come. */
  readonly expected: (side: string, participant: ParticipantId) => string
  /** What a participant shows to all who see its side in a group. */
  readonly register: (group: string, side: string, participant: ParticipantId) => string
  /** What a participant shows to one of them. */
  readonly addressed: (to: ParticipantId, group: string, from: ParticipantId) => string
  readonly shared: (group: string, side: string) => string
  /** Who leads a side, and since when. */
  readonly lead: (side: string) => string
  readonly privately: (participant: ParticipantId) => string
  /** Whom a participant has written to, so that its successor finds all of it. */
  readonly sent: (participant: ParticipantId) => string
  /** Beginnings of keys: all that a side shows in a group, all that is meant for one, all who are there, all to come. */
  readonly shows: (group: string, side: string) => string
  readonly inbox: (participant: ParticipantId) => string
  readonly present: (side: string) => string
  readonly awaited: (side: string) => string
  readonly meaning: (key: string) => KeyMeaning
}

/** The keys of the formation `name`. */
export const storeKeys = (name: string): StoreKeys => {
  const root = `store/1/${text(name)}/`
  const key = (...parts: ReadonlyArray<string>) => `${root}${parts.join("/")}`
  return {
    here: (side, participant) => key("here", text(side), text(participant)),
    expected: (side, participant) => key("expected", text(side), text(participant)),
    register: (group, side, of) => key("show", text(group), text(side), "of", text(of)),
    addressed: (to, group, from) => key("to", text(to), text(group), text(from)),
    shared: (group, side) => key("show", text(group), text(side), "shared"),
    lead: (side) => key("lead", text(side)),
    privately: (participant) => key("own", text(participant), "private"),
    sent: (participant) => key("own", text(participant), "sent"),
    shows: (group, side) => key("show", text(group), text(side), ""),
    inbox: (participant) => key("to", text(participant), ""),
    present: (side) => key("here", text(side), ""),
    awaited: (side) => key("expected", text(side), ""),
    meaning: (found) => (found.startsWith(root) ? meaningOf(found.slice(root.length)) : FOREIGN)
  }
}

/** The participant at the end of a key of `here`, `expected` or a register; undefined where it names none. */
export const participantIn = (key: string): ParticipantId | undefined =>
  nameIn(key.slice(key.lastIndexOf("/") + 1))

const meaningOf = (path: string): KeyMeaning => {
  const [kind, ...words] = path.split("/").map(plain)
  const [first = "", second = "", third = "", fourth = ""] = words
  if (words.includes(undefined)) return FOREIGN
  if (kind === "show" && third === "shared" && words.length === 3) {
    return { _tag: "Shared", group: first, side: second }
  }
  if (kind === "show" && third === "of" && words.length === 4 && fourth !== "") {
    return { _tag: "Register", group: first, side: second, of: ParticipantId.make(fourth) }
  }
  if (kind === "to" && words.length === 3 && first !== "" && third !== "") {
    const [to, from] = [ParticipantId.make(first), ParticipantId.make(third)]
    return { _tag: "Addressed", to, group: second, from }
  }
  return kind === "lead" && words.length === 1 ? { _tag: "Lead", side: first } : FOREIGN
}

const nameIn = (word: string): ParticipantId | undefined => {
  const name = plain(word)
  return name === undefined || name === "" ? undefined : ParticipantId.make(name)
}

const FOREIGN: KeyMeaning = { _tag: "Foreign" }

/** Names may hold what separates keys. */
const text = encodeURIComponent

const plain = (word: string): string | undefined => {
  try {
    return decodeURIComponent(word)
  } catch {
    return undefined
  }
}
