import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { membersFromLxd, membersFromMicrocluster } from "../src/MemberList.ts"

// Verbatim but for the certificate, from microcluster v3 and from LXD 5.0.2.
const microcluster =
  '[{"name":"member1","address":"127.0.0.51:9001","certificate":"-----BEGIN CERTIFICATE-----\\n...-----END CERTIFICATE-----\\n","role":"PENDING","schema_internal_version":6,"schema_external_version":2,"last_heartbeat":"0001-01-01T00:00:00Z","status":"ONLINE","extensions":["internal:runtime_extension_v1"],"secret":""}]'
const lxd =
  '[{"roles":["database-leader","database"],"failure_domain":"default","description":"","config":{},"groups":["default"],"server_name":"node1","url":"https://127.0.0.11:8443","database":true,"status":"Online","message":"Fully operational","architecture":"x86_64"},{"roles":["database-standby"],"failure_domain":"default","description":"","config":{},"groups":["default"],"server_name":"node2","url":"https://127.0.0.12:8443","database":true,"status":"Offline","message":"No heartbeat for 24.579708413s","architecture":"x86_64"}]'

const roles = (words: ReadonlyArray<unknown>) =>
  membersFromMicrocluster(
    JSON.stringify(words.map((role, index) => ({ name: `h${index}`, role })))
  )?.map(({ role }) => role)
const lxdRoles = (words: ReadonlyArray<unknown>) =>
  membersFromLxd(
    JSON.stringify(words.map((each, index) => ({ server_name: `h${index}`, roles: each })))
  )?.map(({ role }) => role)

const Anything = Schema.optionalKey(Schema.Json)
const Rows = Schema.Array(
  Schema.Struct({
    name: Anything,
    server_name: Anything,
    address: Anything,
    url: Anything,
    role: Anything,
    roles: Anything,
    status: Anything
  })
)

describe("member lists", () => {
  it("microcluster's, verbatim", () => {
    assert.deepStrictEqual(membersFromMicrocluster(microcluster), [
      { name: "member1", address: "127.0.0.51:9001", role: "pending", status: "online" }
    ])
  })

  it("LXD's, verbatim", () => {
    assert.deepStrictEqual(membersFromLxd(lxd), [
      { name: "node1", address: "127.0.0.11:8443", role: "voter", status: "online" },
      { name: "node2", address: "127.0.0.12:8443", role: "stand-by", status: "offline" }
    ])
  })

  it("roles are whole words; others are unknown", () => {
    assert.deepStrictEqual(
      roles(["voter", "stand-by", "spare", "PENDING", "voters", "non-voter", "VOTER", "", null, 7]),
      ["voter", "stand-by", "spare", "pending", ...Array<"unknown">(6).fill("unknown")]
    )
    assert.deepStrictEqual(
      lxdRoles([
        ["database"],
        ["event-hub", "database-standby"],
        [],
        ["ovn-chassis"],
        ["database-witness"],
        "database",
        null
      ]),
      ["voter", "stand-by", "spare", "spare", "unknown", "unknown", "unknown"]
    )
  })

  it("statuses of unknown meaning are unknown", () => {
    const statuses = ["ONLINE", "UNREACHABLE", "NOT TRUSTED", "UPGRADING", "Evacuated"]
    const rows = statuses.map((status) => ({ name: "h", status }))
    assert.deepStrictEqual(
      membersFromMicrocluster(JSON.stringify(rows))?.map(({ status }) => status),
      ["online", "offline", "unknown", "unknown", "unknown"]
    )
  })

  it("a row without a name makes the list unreadable, missing fields do not", () => {
    assert.isUndefined(membersFromMicrocluster('[{"name":"a"},{"role":"voter"}]'))
    assert.isUndefined(membersFromMicrocluster('[{"name":""}]'))
    assert.isUndefined(membersFromLxd('[{"name":"a"}]'))
    assert.deepStrictEqual(membersFromMicrocluster('[{"name":"a"}]'), [
      { name: "a", address: "", role: "unknown", status: "unknown" }
    ])
  })

  it("what is no list is no list", () => {
    for (const text of [
      "",
      "null",
      "{}",
      "NAME | ADDRESS",
      '{"error":"x"}',
      "[1]",
      "[null]",
      "["
    ]) {
      assert.isUndefined(membersFromMicrocluster(text), text)
      assert.isUndefined(membersFromLxd(text), text)
    }
    assert.deepStrictEqual(membersFromMicrocluster("[]"), [])
  })

  it.effect.prop("nothing throws, whatever the rows hold", { rows: Rows }, ({ rows }) =>
    Effect.sync(() => {
      for (const read of [membersFromMicrocluster, membersFromLxd]) {
        assert.oneOf(read(JSON.stringify(rows))?.length, [undefined, rows.length])
      }
    })
  )
})
