// The examples in docs/protocol/native.md are what the code writes: a diff here is a change of the protocol.
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  type Announcement,
  HostName,
  nativeDialect,
  ParticipantId,
  type Roll,
  silent
} from "../src/index.ts"

const page = readFileSync(new URL("../../../docs/protocol/native.md", import.meta.url), "utf8")
const shown = new Map(
  [...page.matchAll(/^(rollcall-[\w./-]+) {2,}(\S+)(?: {2,}.*)?$/gm)].map(([, key, value]) => [
    key,
    value
  ])
)

const node2 = { host: HostName.make("node-2"), incarnation: "b1", generation: 1 }
const app0 = ParticipantId.make("app/0")
const app2 = ParticipantId.make("app/2")

const announcement: Announcement = {
  ...silent,
  native: true,
  host: HostName.make("node-1"),
  incarnation: "5a0cbe66ecf311a1",
  publicKey: "JiZjWw",
  issues: [{ ...node2, sealed: "AbC" }]
}

const roll: Roll = {
  native: true,
  up: true,
  frugal: true,
  epoch: 3,
  formed: true,
  bootstrap: app0,
  bootstrapSide: "app",
  issuer: app0,
  requests: [{ participant: app2, ...node2, publicKey: "Zm9v" }],
  issues: new Map([[app2, { ...node2, sealed: "AbC" }]]),
  facts: new Map()
}

describe("docs/protocol/native.md", () => {
  it("shows what a host writes", () => {
    const written = nativeDialect.encodeAnnouncement(announcement, roll)
    expect(written.size).toBe(2)
    for (const [key, value] of written)
      expect(JSON.parse(shown.get(key) ?? "null"), key).toEqual(JSON.parse(value))
  })

  it("shows what a mirror writes", () => {
    const written = nativeDialect.encodeRoll(roll, true)
    expect(written.length).toBe(3)
    for (const { key, value } of written) {
      expect(JSON.parse(shown.get(key) ?? "null"), key).toEqual(JSON.parse(value))
    }
  })

  it("shows what can be read back", () => {
    const entries = new Map([...shown].map(([key, value]) => [key ?? "", value ?? ""]))
    expect(nativeDialect.decodeAnnouncement(entries)).toEqual(announcement)
    expect(nativeDialect.decodeRoll(entries, new Map())).toEqual(roll)
  })
})
