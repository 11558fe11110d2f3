// The native wire format: what is written can be read, what cannot be read is told, other keys stay.
import { assert, describe, it } from "@effect/vitest"
import {
  blankGrants,
  blankRequests,
  FencingToken,
  type GrantRecord,
  nativeLockDialect,
  ParticipantId,
  type RequestRecord
} from "../../src/index.ts"

const dialect = nativeLockDialect("roll")
const scene = {
  self: ParticipantId.make("a"),
  nowMillis: 0,
  registers: new Map(),
  shared: new Map()
}
const KEY = "rolling-lock.roll"

const requests: RequestRecord = {
  lastTicket: 7,
  queue: [
    { ticket: 6, operation: "restart", arguments: '{"a":1}', attempt: 1, retry: "release" },
    { ticket: 7, operation: "re/start", arguments: "{}", maxRetries: 0, priority: -3, group: "a" }
  ],
  completed: { token: FencingToken.make(3), ticket: 6, outcome: "retry", reason: "no" },
  problem: undefined
}

const grants: GrantRecord = {
  ...blankGrants,
  token: FencingToken.make(4),
  permits: 2,
  grants: [
    {
      token: FencingToken.make(4),
      participant: ParticipantId.make("app/1"),
      ticket: 7,
      operation: "restart",
      atMillis: 5
    }
  ],
  pause: { reason: "lunch", by: "ana", atMillis: 6 },
  failed: ["app/2"],
  revoked: [{ participant: "app/3", ticket: 1 }],
  settling: { by: "app/0", untilMillis: 9 },
  history: [{ event: "done", atMillis: 4 }]
}

describe("the native dialect", () => {
  it("reads what it writes", () => {
    const own = dialect.encodeRequests(requests, scene)
    assert.deepStrictEqual(dialect.decodeRequests(own, new Map()), {
      _tag: "Readable",
      record: requests
    })
    const shared = dialect.encodeGrants(grants, scene)
    assert.deepStrictEqual(dialect.decodeGrants(shared), { _tag: "Readable", record: grants })
  })

  it("reads nothing as nothing", () => {
    const empty = new Map()
    assert.deepStrictEqual(dialect.decodeRequests(empty, empty), {
      _tag: "Readable",
      record: blankRequests
    })
    assert.deepStrictEqual(dialect.decodeGrants(empty), { _tag: "Readable", record: blankGrants })
  })

  for (const text of ["{", "[]", "null", "1", '{"v":2,"last":1}', '{"v":1,"last":"1"}', "\u0000"]) {
    it(`quarantines ${JSON.stringify(text)}`, () => {
      const entries = new Map([[KEY, text]])
      assert.strictEqual(dialect.decodeRequests(entries, new Map())._tag, "Unreadable")
      assert.strictEqual(dialect.decodeGrants(entries)._tag, "Unreadable")
    })
  }

  it("leaves a bad request out, tells it, and ignores fields of later versions", () => {
    const good = { ticket: 4, operation: "restart", arguments: "{}", later: 1 }
    const text = JSON.stringify({ v: 1, last: 2, queue: [{ ticket: "x" }, good], later: {} })
    const read = dialect.decodeRequests(new Map([[KEY, text]]), new Map())
    const record = read._tag === "Readable" ? read.record : undefined
    assert.deepStrictEqual(
      record?.queue.map(({ ticket }) => ticket),
      [4]
    )
    assert.strictEqual(record?.lastTicket, 4)
    assert.include(record?.problem, "1 of its requests")
  })

  it("owns its own lock's key alone", () => {
    const owned = [KEY, "rolling-lock.other", "rollcall-host"].filter(dialect.owns)
    assert.deepStrictEqual(owned, [KEY])
  })
})
