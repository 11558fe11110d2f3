// What is written in the format of the deployed library, to the letter: a diff here is a change of the protocol.
import {
  type Announcement,
  blankRoll,
  HostName,
  ParticipantId,
  type Roll,
  silent
} from "@rollcall/core"
import { Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { tokenDistributorDialect as dialect } from "../../src/index.ts"

const host = HostName.make
const unit = ParticipantId.make
const facts = (entries: Readonly<Record<string, string>>) =>
  new Map(Object.entries(entries).map(([key, value]) => [key, Redacted.make(value)]))

const member: Announcement = {
  ...silent,
  native: true,
  host: host("node-1"),
  incarnation: "5a0c",
  publicKey: "JiZjWw",
  member: true
}
const native = {
  "rollcall-host": '{"v":1,"host":"node-1","id":"5a0c","key":"JiZjWw","member":true}',
  hostname: "node-1"
}
const nativeMirror: Roll = { ...blankRoll, native: true, up: true, epoch: 1, formed: true }
const deployedMirror: Roll = { ...blankRoll, up: true }
const formedMirror: Roll = { ...deployedMirror, formed: true }

const announced = (announcement: Announcement, mirror: Roll) =>
  Object.fromEntries(dialect.encodeAnnouncement(announcement, mirror))
const mirrored = (roll: Roll, natives: boolean) =>
  Object.fromEntries(dialect.encodeRoll(roll, natives).map(({ key, value }) => [key, value]))

describe("the databag of a host", () => {
  it("is the native one and the host's name below a mirror of ours", () => {
    expect(announced(member, nativeMirror)).toEqual(native)
  })

  it("tells a deployed mirror that there is a cluster now", () => {
    expect(announced(member, deployedMirror)).toEqual({
      ...native,
      mirror: "up",
      "mirror-.cluster": "formed"
    })
    expect(announced(member, formedMirror)).toEqual(native)
  })

  it("shows a deployed mirror tokens, who is a member, and who is refused", () => {
    const issues = [
      { host: host("node-2"), generation: 1, token: Redacted.make("t2") },
      { host: host("node-3"), incarnation: "b1", generation: 2, token: Redacted.make("t3") },
      { host: host("node-4"), generation: 1 },
      { host: host("node-5"), incarnation: "b2", generation: 3, refused: "name-taken" as const }
    ]
    const { "rollcall-issued": _, ...shown } = announced({ ...member, issues }, formedMirror)
    expect(shown).toEqual({
      ...native,
      mirror: "up",
      "mirror-.cluster": "formed",
      "mirror-node-2": "t2",
      "mirror-node-3": "t3",
      "mirror-node-3~2": "t3",
      "mirror-node-4": ".member",
      "mirror-node-5~3": ".name-taken"
    })
  })

  it("asks a deployed mirror for another token, but not before there is a cluster", () => {
    const failure = { generation: 2, reason: "token-rejected" as const }
    const outside = { ...member, member: false, failure }
    const { "rollcall-host": _, ...shown } = announced(outside, formedMirror)
    expect(shown).toEqual({
      hostname: "node-1",
      mirror: "up",
      "mirror-.want.node-1~5a0c~2": "wanted"
    })
    expect(announced(outside, deployedMirror)).not.toHaveProperty("mirror")
  })

  it("shows values of the user's own", () => {
    const published = { ...member, communicator: true, facts: facts({ motd: "hello" }) }
    expect(announced(published, formedMirror)).toMatchObject({
      mirror: "up",
      "mirror-motd": "hello"
    })
  })
})

describe("the databag of a mirror", () => {
  const roll: Roll = {
    ...nativeMirror,
    bootstrap: unit("app/0"),
    bootstrapSide: "app",
    requests: [
      { participant: unit("app/1"), host: host("node-1"), generation: 1 },
      { participant: unit("app/2"), host: host("node-2"), generation: 1 },
      { participant: unit("app/3"), host: host("node-3"), incarnation: "b1", generation: 1 },
      { participant: unit("app/4"), host: host("node-4"), generation: 1 }
    ],
    issues: new Map([
      [unit("app/2"), { host: host("node-2"), generation: 1, token: Redacted.make("t2") }],
      [unit("app/3"), { host: host("node-3"), incarnation: "b1", generation: 1, sealed: "AbC" }],
      [unit("app/4"), { host: host("node-4"), generation: 1, refused: "expired" }]
    ]),
    facts: facts({ motd: "hello" })
  }
  const deployed = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith("rollcall-")))

  it("has the mark of the cluster alone while all speak the native format", () => {
    expect(deployed(mirrored(roll, true))).toEqual({ "mirror-.cluster": "formed" })
  })

  it("has a line for each host as soon as somebody does not", () => {
    expect(deployed(mirrored(roll, false))).toEqual({
      mirror: "up",
      "mirror-.cluster": "formed",
      "mirror-motd": "hello",
      "mirror-node-1": "empty",
      "mirror-node-2": "t2",
      "mirror-node-3": ".sealed",
      "mirror-node-4": ".sealed"
    })
  })

  it("asks deployed members for no token that a native one mints", () => {
    const named = { ...roll, issuer: unit("app/0"), issues: new Map() }
    expect(mirrored(named, false)).toMatchObject({
      "mirror-node-1": "empty",
      "mirror-node-3": ".sealed"
    })
  })

  it("warns deployed leaders from the moment on that a founder is named", () => {
    expect(mirrored({ ...roll, formed: false }, true)).toMatchObject({
      "mirror-.cluster": "founding"
    })
    const open = mirrored({ ...roll, formed: false, bootstrap: undefined, facts: new Map() }, false)
    expect(open).not.toHaveProperty("mirror-.cluster")
  })

  it("is down when it does not lead", () => {
    expect(mirrored({ ...roll, up: false }, false)).toMatchObject({ mirror: "down" })
  })

  it("names the founding application in the application's databag", () => {
    expect(Object.fromEntries(dialect.encodeShared(roll, false))).toEqual({
      "bootstrap-app": "app"
    })
    expect(Object.fromEntries(dialect.encodeShared(roll, true))).toEqual({})
  })
})

describe("what is read of deployed units", () => {
  const entries = (bag: Readonly<Record<string, string>>) => new Map(Object.entries(bag))

  it("is the host, whether it ever was a communicator, and what it mirrors", () => {
    const bag = { hostname: "node-7", mirror: "down", "mirror-node-8": "t8", suits: "x" }
    const { facts: seen, ...announcement } = dialect.decodeAnnouncement(entries(bag))
    expect(announcement).toEqual({
      ...silent,
      facts: undefined,
      host: "node-7",
      member: true,
      communicator: false
    })
    expect([...seen].map(([key, value]) => [key, Redacted.value(value)])).toEqual([
      ["node-8", "t8"]
    ])
  })

  it("is a mirror that is up, what it holds, and whether that shows a cluster", () => {
    const read = (bag: Readonly<Record<string, string>>) =>
      dialect.decodeRoll(entries(bag), entries({ "bootstrap-app": "app" }))
    expect(read({ mirror: "up", "mirror-a": "empty" })).toMatchObject({
      native: false,
      up: true,
      formed: false,
      bootstrapSide: "app"
    })
    expect(read({ mirror: "up", "mirror-a": "t" }).formed).toBe(true)
    expect(read({ "mirror-a": "t" }).up).toBe(false)
  })
})
