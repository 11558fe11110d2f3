// Which options of the charm changed since somebody last looked: each unit for itself, or the leader for all. What was
// seen stands in the unit's state or in the application's databag, so that it is committed with what was done about it,
// or not at all; a leader that is lost on the way leaves it to the next one. Options are kept as digests, for one may
// hold a secret. The first sight of an option is no change.
import { createHash } from "node:crypto"
import {
  type Entries,
  noEntries,
  Store,
  type StoreError,
  type View,
  type Write
} from "@rollcall/core"
import { Effect, Schema } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { configGet } from "./hook-commands/config.ts"

/** The options among `names` that changed; stages the new sight. Of the application's only the leader sees a change. */
export const changedOptions = (
  names: ReadonlyArray<string>,
  whose: "unit" | "application"
): Effect.Effect<ReadonlyArray<string>, StoreError | HookCommandError, Store | HookCommand> =>
  Effect.gen(function* () {
    const values = yield* configGet
    const now = Object.fromEntries(names.map((name) => [name, digest(name, values[name])]))
    return yield* (yield* Store).step((view) => {
      const register = registerOf(view, whose)
      if (register === undefined) return Effect.succeed([[], []])
      const text = register.entries.get(KEY)
      const before = text === undefined ? {} : sightOf(text)
      const value = names.length === 0 ? undefined : JSON.stringify(now)
      const changed = names.filter(
        (name) => before[name] !== undefined && before[name] !== now[name]
      )
      const writes = value === text ? [] : [{ place: register.place, key: KEY, value }]
      return Effect.succeed([changed, writes])
    })
  })

const KEY = "rollcall-seen-options"

const registerOf = (
  { groups: [group], leader, private: own }: View,
  whose: "unit" | "application"
): { readonly place: Write["place"]; readonly entries: Entries } | undefined => {
  if (whose === "unit") return { place: { _tag: "private" }, entries: own }
  if (group === undefined || !leader) return undefined
  return { place: { _tag: "shared", group: group.id }, entries: group.shared ?? noEntries }
}

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
)

/** What cannot be read was never seen. */
const sightOf = (text: string): Readonly<Record<string, string>> => {
  const read = decode(text)
  return read._tag === "Some" ? read.value : {}
}

const digest = (name: string, value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify([name, value ?? null]))
    .digest("hex")
    .slice(0, 32)
