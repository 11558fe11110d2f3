import { assert, describe, it } from "@effect/vitest"
import {
  initialState,
  makeStandIn,
  run,
  type StandInState,
  withDaemon
} from "../../src/stand-in/index.ts"
import { decodeToken, encodeToken } from "../../src/stand-in/TokenText.ts"

/** A product with a clock that is set by hand. */
const product = (settings: Parameters<typeof makeStandIn>[0] = {}) => {
  const standIn = makeStandIn(settings)
  let nowMillis = 1_000_000
  const call = (host: string, ...argv: ReadonlyArray<string>) => standIn(argv, host, nowMillis)
  const said = (host: string, ...argv: ReadonlyArray<string>) => {
    const { code, stdout, stderr } = call(host, ...argv)
    return code === 0 ? stdout.trim() : stderr.trim()
  }
  return {
    ...standIn,
    state: standIn.state,
    change: standIn.change,
    said,
    pass: (millis: number) => (nowMillis += millis)
  }
}

const roles = (json: string) =>
  (JSON.parse(json) as Array<{ role: string }>).map(({ role }) => role)
const failed = (why: string, tries = 1) =>
  `Error: ${tries} join attempts were unsuccessful. Last error: ${why}`

describe("the stand-in", () => {
  it("shows PENDING until the heartbeat after the join, the founder too", () => {
    const { said, pass } = product({ heartbeatMillis: 10_000 })
    said("a", "bootstrap")
    assert.deepStrictEqual(roles(said("a", "list", "-f", "json")), ["PENDING"])
    pass(10_000)
    said("b", "join", said("a", "add", "b"))
    assert.deepStrictEqual(roles(said("b", "list", "-f", "json")), ["voter", "PENDING"])
    pass(9_999)
    assert.deepStrictEqual(roles(said("b", "list", "-f", "json")), ["voter", "PENDING"])
    pass(1)
    assert.deepStrictEqual(roles(said("b", "list", "-f", "json")), ["voter", "voter"])
  })

  it("has three voters, three stand-bys, and spares", () => {
    const { said } = product({ heartbeatMillis: 0 })
    said("h1", "bootstrap")
    for (let i = 2; i <= 8; i++) said(`h${i}`, "join", said("h1", "add", `h${i}`))
    assert.deepStrictEqual(roles(said("h8", "list", "-f", "json")), [
      ...Array<string>(3).fill("voter"),
      ...Array<string>(3).fill("stand-by"),
      "spare",
      "spare"
    ])
    assert.match(said("h8", "list"), /^NAME .*\nh1 \| /)
  })

  it("burns a token by its use only", () => {
    const { said, state } = product()
    said("a", "bootstrap")
    const token = said("a", "add", "b")
    assert.strictEqual(
      said("c", "join", token),
      failed("Joining server certificate SAN does not contain join token name")
    )
    assert.strictEqual(said("b", "join", token), "")
    assert.strictEqual(said("c", "join", token), failed("CoreTokenRecord not found"))
    assert.strictEqual(
      said("b", "join", token),
      "Error: Unable to initialize cluster: Database is online"
    )
    assert.deepStrictEqual(state().clusters[0]?.tokens, [])
  })

  it("lets tokens expire, and sweeps them with the heartbeat", () => {
    const { said, pass } = product({ heartbeatMillis: 10_000, tokenMillis: 11_000 })
    said("a", "bootstrap")
    const token = said("a", "add", "b")
    pass(11_000)
    assert.strictEqual(said("b", "join", token), failed("Token expired"))
    pass(9_000)
    assert.strictEqual(said("b", "join", token), failed("CoreTokenRecord not found"))
    const short = said("a", "add", "b", "--timeout=1")
    pass(1_000)
    assert.strictEqual(said("b", "join", short), failed("Token expired"))
    const forEver = said("a", "add", "b", "--timeout=0")
    pass(10 ** 12)
    assert.strictEqual(said("b", "join", forEver), "")
  })

  it("knows one live token for a name, and says the inner error in a wrapper that lies", () => {
    const { said } = product()
    said("a", "bootstrap")
    said("a", "add", "b")
    assert.strictEqual(
      said("a", "add", "b"),
      'Error: unable to add server to microcluster, name "b" is taken:\nFailed to create "core_token_records" entry: UNIQUE constraint failed: core_token_records.name'
    )
    assert.match(said("a", "add", "b!"), /is taken:\nToken name "b!" is not a valid FQDN/)
  })

  it("tells garbage, tokens of nobody, and tokens of another cluster", () => {
    const { said, state } = product()
    said("a", "bootstrap")
    said("x", "bootstrap")
    assert.strictEqual(state().clusters.length, 2)
    assert.strictEqual(said("b", "join", "no-token"), "Error: illegal base64 data at input byte 2")
    assert.strictEqual(said("b", "join", "e30="), failed("%!w(<nil>)", 0))
    const own = said("a", "add", "b")
    const content = decodeToken(own)
    assert.isObject(content)
    if (typeof content === "string") return
    const elsewhere = { ...content, fingerprint: "0".repeat(64) }
    assert.strictEqual(said("b", "join", encodeToken(elsewhere)), failed("%!w(<nil>)"))
    const forged = { ...content, secret: "0".repeat(64) }
    assert.strictEqual(said("b", "join", encodeToken(forged)), failed("CoreTokenRecord not found"))
    assert.strictEqual(said("b", "join", own), "")
  })

  it("names every member's address in a token, or as many as it is told", () => {
    const addresses = (settings: Parameters<typeof makeStandIn>[0]) => {
      const { said } = product(settings)
      said("a", "bootstrap")
      said("b", "join", said("a", "add", "b"))
      const content = decodeToken(said("a", "add", "c"))
      return typeof content === "string" ? -1 : content.join_addresses.length
    }
    assert.strictEqual(addresses({}), 2)
    assert.strictEqual(addresses({ tokenAddresses: 1 }), 1)
  })

  it("stands still without a majority of voters, and keeps the last members", () => {
    const { said, change } = product({ heartbeatMillis: 0 })
    said("a", "bootstrap")
    assert.strictEqual(said("a", "remove", "a"), "Error: Cannot leave a cluster with 1 members")
    for (const name of ["b", "c"]) said(name, "join", said("a", "add", name))
    change((state) => withDaemon(withDaemon(state, "b", "down"), "c", "down"))
    assert.match(said("a", "list"), /no available dqlite leader server found/)
    assert.match(said("a", "remove", "b", "--force"), /no available dqlite leader server found/)
  })

  it("does not remove the last member that is not pending", () => {
    const { said, pass } = product({ heartbeatMillis: 10_000 })
    said("a", "bootstrap")
    pass(10_000)
    said("b", "join", said("a", "add", "b"))
    assert.match(said("b", "remove", "a"), /no remaining non-pending members/)
  })

  it("prints its help with success when it is called wrongly", () => {
    const { said } = product()
    for (const words of [["add"], ["join"], ["remove", "a", "b"]]) {
      assert.match(said("a", ...words), /^Usage:/)
    }
    assert.match(said("a", "frobnicate"), /unknown command "frobnicate"/)
  })

  it("is a function: the same calls give the same tokens, and the state is a JSON value", () => {
    const once = () => {
      let state: StandInState = initialState()
      const outputs = [["bootstrap"], ["add", "b"], ["add", "c"]].map((argv) => {
        const next = run(state, { host: "a", argv, nowMillis: 5 })
        state = next.state
        return next.stdout
      })
      return { outputs, state }
    }
    assert.deepStrictEqual(once(), once())
    assert.notStrictEqual(once().outputs[1], once().outputs[2])
    assert.deepStrictEqual(JSON.parse(JSON.stringify(once().state)), once().state)
  })
})
