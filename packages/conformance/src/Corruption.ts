// Puts nonsense where sense was: arbitrary text under keys that are in use, and under keys that look like it.
import {
  blankRoll,
  nativeDialect,
  Store,
  type View,
  type Write,
  writesBetween
} from "@rollcall/core"
import { Effect } from "effect"
import type { Chance } from "./Chance.ts"

/** Corrupts one to three entries of the participant's own register. */
export const corruptRegister = (chance: Chance): Effect.Effect<void, never, Store> =>
  Effect.flatMap(Store, (store) =>
    store.step((view) => Effect.succeed([undefined, nonsense(view, chance)] as const))
  ).pipe(Effect.orDie)

/** Takes all entries of the side's shared registers away; only its leader can. */
export const clearShared: Effect.Effect<void, never, Store> = Effect.flatMap(Store, (store) =>
  store.step(({ council, groups }) => {
    const writes = [...groups, ...(council === undefined ? [] : [council])].flatMap(
      ({ id, shared }) =>
        [...(shared?.keys() ?? [])].map((key) => {
          return { place: { _tag: "shared", group: id } as const, key, value: undefined }
        })
    )
    return Effect.succeed([undefined, writes] as const)
  })
).pipe(Effect.orDie)

/** Takes back, in its own announcement, that the host is a member. */
export const forgetMembership: Effect.Effect<void, never, Store> = Effect.flatMap(Store, (store) =>
  store.step(({ groups }) => {
    const writes = groups.flatMap(({ id, own }) => {
      const announcement = { ...nativeDialect.decodeAnnouncement(own), member: false }
      const entries = nativeDialect.encodeAnnouncement(announcement, blankRoll)
      return writesBetween({ _tag: "own", group: id }, own, entries, () => false)
    })
    return Effect.succeed([undefined, writes] as const)
  })
).pipe(Effect.orDie)

const nonsense = ({ groups }: View, chance: Chance): ReadonlyArray<Write> =>
  groups.slice(0, 1 + chance.below(2)).flatMap(({ id, own }) => {
    const keys = [...own.keys(), ...UNKNOWN]
    return Array.from({ length: 1 + chance.below(3) }, () => {
      const key = chance.pick(keys)
      const value = chance.pick([...VALUES, own.get(key)?.slice(0, -1), own.get(key)?.slice(1)])
      return { place: { _tag: "own", group: id } as const, key, value }
    })
  })

const UNKNOWN = ["rollcall-", "rollcall-host", "rollcall-roll", "rollcall-token.", "hostname", "x"]

const VALUES = [
  undefined,
  "{",
  "null",
  "[]",
  "{}",
  "0",
  '""',
  "NaN",
  "\u0000\n=\u{1f4a5}",
  '{"v":1}',
  '{"v":2,"host":"host-0"}',
  '{"v":1,"host":"-not a host-"}',
  '{"v":1,"host":null,"up":"yes"}',
  '{"v":1,"up":true,"epoch":1e400}',
  '[{"host":"host-0"}]',
  '{"__proto__":{"host":"host-0"}}'
]
