// The examples of docs/protocol/rolling-ops.md are what the code writes: a diff here is a change of the protocol.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import {
  blankGrants,
  blankRequests,
  FencingToken,
  type GrantRecord,
  type LockScene,
  noEntries,
  ParticipantId,
  type RequestRecord
} from "@rollcall/core"
import { jujuLockDialect } from "../../src/index.ts"

const page = readFileSync(
  new URL("../../../../docs/protocol/rolling-ops.md", import.meta.url),
  "utf8"
)

const app1 = ParticipantId.make("app/1")
const asked = { ticket: 5, operation: "restart", arguments: '{"delay":10}', maxRetries: 3 }
const queued: RequestRecord = { ...blankRequests, lastTicket: 5, queue: [asked] }
const tried: RequestRecord = {
  ...queued,
  queue: [{ ...asked, attempt: 1, retry: "release" }],
  completed: { token: FencingToken.make(8), ticket: 5, outcome: "retry", reason: "not ready" }
}
const granted: GrantRecord = {
  ...blankGrants,
  token: FencingToken.make(8),
  grants: [
    {
      token: FencingToken.make(8),
      participant: app1,
      ticket: 5,
      operation: "restart",
      atMillis: 1771848007000
    }
  ]
}

/** A unit that asks, the leader that grants, and the unit that tried, each with what was written before. */
const written = (form: "v1" | "charmlibs") => {
  const dialect = jujuLockDialect(form, { lock: "restart" })
  const scene = (own: LockScene["shared"], shared: LockScene["shared"]): LockScene => ({
    self: app1,
    nowMillis: 1771848000123,
    registers: new Map([[app1, own]]),
    shared
  })
  const request = dialect.encodeRequests(queued, scene(noEntries, noEntries))
  const grant = dialect.encodeGrants(granted, scene(request, noEntries))
  const retry = dialect.encodeRequests(tried, scene(request, grant))
  return { request, grant, retry }
}

describe.each(["v1", "charmlibs"] as const)("docs/protocol/rolling-ops.md on %s", (form) => {
  it.each(["request", "grant", "retry"] as const)("shows what a %s is", (moment) => {
    const entries = written(form)[moment]
    assert.isAbove(entries.size, 3)
    for (const [key, value] of entries) {
      assert.include(page, `${key.padEnd(30)} ${value}\n`, `${moment} in ${form}`)
    }
  })
})
