import { describe, expect, it } from "vitest"
import type { Model } from "../src/Model.ts"
import {
  electLeader,
  expireLease,
  finalRemoveUnit,
  leaveScope,
  removeRelation,
  removeUnit
} from "../src/ModelChange.ts"
import { parseSecretUri } from "../src/SecretUri.ts"
import { commit, DB, failure, makeCluster, open, type Script } from "./Cluster.ts"

/** Adds a secret in a hook of its own and returns its URI. */
const add = (model: Model, unit: string, ...args: ReadonlyArray<string>): string => {
  let uri = ""
  commit(model, unit, ({ out }) => {
    uri = out("secret-add", ...args).trim()
  })
  return uri
}

const idOf = (uri: string): string => parseSecretUri(uri)?.id ?? ""

const token = (script: Script, uri: string, ...args: ReadonlyArray<string>): string =>
  script.out("secret-get", uri, ...args, "token").trim()

describe("a join token (M14)", () => {
  it("is readable by its issuer and the one unit it was granted to, and nobody else", () => {
    const model = makeCluster(4)
    let uri = ""
    commit(model, "app/1", ({ out }) => {
      uri = out("secret-add", "--owner", "unit", "--label", "join-app-2", "token=abc").trim()
      out("secret-grant", uri, "-r", "peers:0", "--unit", "app/2")
      out("relation-set", "-r0", `join-secret-app-2=${uri}`)
    })
    const published = open(model, "app/2").out("relation-get", "-r0", "join-secret-app-2", "app/1")
    expect(published.trim()).toBe(uri)
    expect(token(open(model, "app/2"), uri)).toBe("abc")
    expect(token(open(model, "app/1"), uri)).toBe("abc")
    for (const other of ["app/0", "app/3", "mysql/0"]) {
      expect(failure(open(model, other).call("secret-get", uri))).toEqual([
        1,
        "ERROR permission denied\n"
      ])
    }
  })

  it("cannot be read before its issuer's hook has committed", () => {
    const model = makeCluster()
    const issuer = open(model, "app/1")
    const uri = issuer.out("secret-add", "--owner", "unit", "token=abc").trim()
    issuer.out("secret-grant", uri, "-r0", "--unit", "app/2")
    expect(token(issuer, uri)).toBe("abc")
    expect(failure(open(model, "app/2").call("secret-get", uri))).toEqual([
      1,
      `ERROR secret "${uri}" not found\n`
    ])
    issuer.discard()
    expect(model.secrets.size).toBe(0)
  })

  it("dies with its issuer and with its relation", () => {
    const model = makeCluster()
    const uri = add(model, "app/1", "--owner", "unit", "token=abc")
    removeUnit(model, "app/1")
    expect(model.secrets.has(idOf(uri))).toBe(true)
    finalRemoveUnit(model, "app/1")
    expect(model.secrets.has(idOf(uri))).toBe(false)

    const shared = add(model, "app/0", "token=abc")
    commit(model, "app/0", ({ out }) => out("secret-grant", shared, "-r1"))
    expect(token(open(model, "mysql/0"), shared)).toBe("abc")
    removeRelation(model, DB)
    for (const unit of ["app/0", "app/2", "mysql/0"]) leaveScope(model, DB, unit)
    expect(failure(open(model, "mysql/0").call("secret-get", shared))).toEqual([
      1,
      "ERROR permission denied\n"
    ])
  })
})

describe("owners", () => {
  it("an application's secret is read by all its units, and managed by the leader", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "--label", "admin", "token=abc")
    expect(token(open(model, "app/2"), uri)).toBe("abc")
    expect(open(model, "app/2").out("secret-get", "--label", "admin")).toBe("token: abc\n")
    const follower = open(model, "app/1")
    for (const call of [
      ["secret-add", "token=x"],
      ["secret-set", uri, "token=x"],
      ["secret-remove", uri],
      ["secret-grant", uri, "-r1"],
      ["secret-revoke", uri, "-r1"]
    ] as const) {
      const [command, ...args] = call
      expect(failure(follower.call(command, ...args))).toEqual([
        1,
        "ERROR this unit is not the leader\n"
      ])
    }
    expect(follower.out("secret-ids", "--format=json")).toBe("null\n")
    expect(failure(follower.call("secret-info-get", uri))).toEqual([
      1,
      `ERROR secret "${idOf(uri)}" not found\n`
    ])
  })

  it("loses the hook when leadership went away before the commit", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("secret-add", "token=abc")
    hook.out("relation-set", "-r1", "k=v")
    expireLease(model, "app")
    expect(hook.commit()).toEqual({
      ok: false,
      error: 'creating secrets: "app/0" is not leader of "app"'
    })
    expect(open(model, "mysql/0").out("relation-get", "-r1", "k", "app/0")).toBe("")
  })

  it("keeps what was applied before the transaction failed", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("secret-add", "--owner", "unit", "token=abc")
    hook.out("relation-set", "-r1", "--app", "k=v")
    electLeader(model, "app/1", 60_000)
    expect(hook.commit().ok).toBe(false)
    expect(model.secrets.size).toBe(1)
  })

  it("refuses at the commit what is another's", () => {
    const model = makeCluster()
    const uri = add(model, "app/1", "--owner", "unit", "token=abc")
    for (const [call, error] of [
      [["secret-set", uri, "token=x"], "updating secrets: permission denied"],
      [["secret-remove", uri], "removing secrets: permission denied"],
      [["secret-revoke", uri, "--unit", "app/2"], "revoking secrets access: permission denied"]
    ] as const) {
      const thief = open(model, "app/2")
      const [command, ...args] = call
      thief.out(command, ...args)
      expect(thief.commit()).toEqual({ ok: false, error })
    }
    expect(failure(open(model, "app/2").call("secret-grant", uri, "-r0"))).toEqual([
      1,
      `ERROR secret "${idOf(uri)}" not found\n`
    ])
    expect(token(open(model, "app/1"), uri)).toBe("abc")
  })
})

describe("revisions", () => {
  it("are pinned by the first read, for owners too, until a refresh", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=one")
    for (const unit of ["app/0", "app/1"]) expect(token(open(model, unit), uri)).toBe("one")
    commit(model, "app/0", ({ out }) => out("secret-set", uri, "token=two"))
    for (const unit of ["app/0", "app/1"]) {
      expect(token(open(model, unit), uri)).toBe("one")
      expect(token(open(model, unit), uri, "--peek")).toBe("two")
      expect(token(open(model, unit), uri)).toBe("one")
      expect(token(open(model, unit), uri, "--refresh")).toBe("two")
      expect(token(open(model, unit), uri)).toBe("two")
    }
    expect(token(open(model, "app/2"), uri)).toBe("two")
  })

  it("stay pinned by a refresh in a hook that failed", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=one")
    token(open(model, "app/1"), uri)
    commit(model, "app/0", ({ out }) => out("secret-set", uri, "token=two"))
    const failing = open(model, "app/1")
    token(failing, uri, "--refresh")
    failing.discard()
    expect(token(open(model, "app/1"), uri)).toBe("two")
  })

  it("are not made by the same content", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=one")
    commit(model, "app/0", ({ out }) => out("secret-set", uri, "token=one"))
    expect(model.secrets.get(idOf(uri))?.latest).toBe(1)
    commit(model, "app/0", ({ out }) => out("secret-set", uri, "--description", "d"))
    expect(model.secrets.get(idOf(uri))).toMatchObject({ latest: 1, description: "d" })
  })

  it("that are staged show only to --peek and --refresh", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=one")
    const hook = open(model, "app/0")
    hook.out("secret-set", uri, "token=two")
    expect(token(hook, uri)).toBe("one")
    expect(token(hook, uri, "--peek")).toBe("two")
    expect(token(hook, uri, "--refresh")).toBe("two")
    hook.commit()
    expect(token(open(model, "app/0"), uri)).toBe("two")
  })

  it("are removed one by one or all at once", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=one")
    commit(model, "app/0", ({ out }) => out("secret-set", uri, "token=two"))
    commit(model, "app/0", ({ out }) => out("secret-remove", uri, "--revision", "1"))
    expect(model.secrets.get(idOf(uri))?.revisions.map((one) => one.revision)).toEqual([2])
    commit(model, "app/0", ({ out }) => out("secret-remove", uri))
    expect(failure(open(model, "app/1").call("secret-get", uri))).toEqual([
      1,
      `ERROR secret "${uri}" not found\n`
    ])
    const fleeting = open(model, "app/0")
    const other = fleeting.out("secret-add", "token=x").trim()
    fleeting.out("secret-grant", other, "-r1")
    fleeting.out("secret-remove", other)
    expect(fleeting.commit()).toEqual({ ok: true })
    expect(model.secrets.size).toBe(0)
  })
})

describe("labels", () => {
  it("of a consumer are its own, and do not rename the secret", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "--label", "owner-label", "token=abc")
    commit(model, "app/0", ({ out }) => out("secret-grant", uri, "-r1"))
    token(open(model, "mysql/0"), uri, "--label", "mine")
    expect(open(model, "mysql/0").out("secret-get", "--label", "mine")).toBe("token: abc\n")
    expect(model.secrets.get(idOf(uri))?.label).toBe("owner-label")
    expect(failure(open(model, "mysql/0").call("secret-get", "--label", "owner-label"))).toEqual([
      1,
      'ERROR consumer label "owner-label" not found\n'
    ])
  })

  it("of an owner are unique", () => {
    const model = makeCluster()
    add(model, "app/0", "--label", "x", "token=abc")
    const hook = open(model, "app/0")
    hook.out("secret-add", "--label", "x", "token=def")
    expect(hook.commit()).toEqual({
      ok: false,
      error: 'creating secrets: secret with label "x" already exists'
    })
    const twice = open(model, "app/0")
    twice.out("secret-add", "--label", "y", "token=abc")
    expect(failure(twice.call("secret-add", "--label", "y", "token=abc"))).toEqual([
      1,
      'ERROR secret with label "y" already exists\n'
    ])
    add(model, "app/1", "--owner", "unit", "--label", "x", "token=abc")
  })

  it("find a staged secret, and its owner may change them by reading", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    const uri = hook.out("secret-add", "--label", "a", "token=abc").trim()
    expect(hook.out("secret-get", "--label", "a")).toBe("token: abc\n")
    expect(token(hook, uri, "--label", "b")).toBe("abc")
    hook.commit()
    expect(model.secrets.get(idOf(uri))?.label).toBe("b")
    token(open(model, "app/0"), uri, "--label", "c")
    expect(model.secrets.get(idOf(uri))?.label).toBe("c")
    token(open(model, "app/1"), uri, "--label", "d")
    expect(model.secrets.get(idOf(uri))?.label).toBe("c")
    expect(failure(open(model, "app/1").call("secret-get", "--label", "d"))).toEqual([
      1,
      'ERROR consumer label "d" not found\n'
    ])
  })
})
