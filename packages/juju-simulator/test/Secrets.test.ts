import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
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
import { nextRotation } from "../src/SecretChange.ts"
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

describe("grants", () => {
  it("to an application cover its units; units' grants must go first", () => {
    const model = makeCluster()
    const uri = add(model, "app/1", "--owner", "unit", "token=abc")
    commit(model, "app/1", ({ out }) => out("secret-grant", uri, "-r0", "--unit", "app/2"))
    expect(failure(open(model, "app/1").call("secret-grant", uri, "-r0"))).toEqual([
      1,
      "ERROR any unit level grants need to be revoked before granting access to the corresponding application\n"
    ])
    commit(model, "app/1", ({ out }) => {
      out("secret-revoke", uri, "--unit", "app/2")
      out("secret-grant", uri, "-r0")
      out("secret-grant", uri, "-r0", "--unit", "app/2")
    })
    expect(token(open(model, "app/0"), uri)).toBe("abc")
    expect([...(model.secrets.get(idOf(uri))?.grants.keys() ?? [])]).toEqual(["app"])
  })

  it("keep one staged grant per relation, so that a second unit replaces the first", () => {
    const model = makeCluster()
    const uri = add(model, "app/1", "--owner", "unit", "token=abc")
    commit(model, "app/1", ({ out }) => {
      out("secret-grant", uri, "-r0", "--unit", "app/0")
      out("secret-grant", uri, "-r0", "--unit", "app/2")
    })
    expect([...(model.secrets.get(idOf(uri))?.grants.keys() ?? [])]).toEqual(["app/2"])
  })

  it("are taken back", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=abc")
    commit(model, "app/0", ({ out }) => out("secret-grant", uri, "--relation", "db:1"))
    expect(token(open(model, "mysql/0"), uri)).toBe("abc")
    commit(model, "app/0", ({ out }) => out("secret-revoke", uri, "--app", "mysql"))
    expect(failure(open(model, "mysql/0").call("secret-get", uri))).toEqual([
      1,
      "ERROR permission denied\n"
    ])
  })

  it.each([
    [["secret-grant"], "missing secret URI"],
    [["secret-grant", "nonsense"], 'secret URI "nonsense" not valid'],
    [["secret-grant", "secret:c0000000000000000001"], "no relation id specified"],
    [
      ["secret-grant", "secret:c0000000000000000001", "-r1", "--unit", "app/2"],
      'cannot specify unit "app/2" in relation to application "mysql"'
    ],
    [["secret-grant", "secret:c0000000000000000001", "-r1", "--unit", "x"], 'unit "x" not valid'],
    [["secret-revoke", "secret:c0000000000000000001"], "missing relation or application or unit"],
    [
      ["secret-revoke", "secret:c0000000000000000001", "-r1", "--app", "mysql"],
      "do not specify both relation and app"
    ],
    [
      ["secret-revoke", "secret:c0000000000000000001", "--app", "a", "--unit", "a/0"],
      "specify only one of application or unit"
    ]
  ])("%j is refused", (call, message) => {
    const [command = "", ...args] = call
    expect(failure(open(makeCluster(), "app/0").call(command, ...args))).toEqual([
      2,
      `ERROR ${message}\n`
    ])
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
  })
})

describe("what a secret holds", () => {
  it("is given as text, base64 or files, and printed decoded", () => {
    const folder = mkdtempSync(join(tmpdir(), "secret-"))
    writeFileSync(join(folder, "key.pem"), "line one\nline two\n")
    writeFileSync(join(folder, "all.yaml"), "from-file: yes\nraw#base64: aGk=\n")
    const hook = open(makeCluster(), "app/0")
    const answer = hook.run({
      command: "secret-add",
      args: ["plain=a=b", "data#base64=aGk=", "pem#file=key.pem", "--file", "all.yaml"],
      cwd: folder
    })
    const uri = "stdout" in answer ? answer.stdout.trim() : ""
    expect(uri).toMatch(/^secret:\/\/[-0-9a-f]{36}\/[0-9a-v]{20}$/)
    expect(JSON.parse(hook.out("secret-get", uri, "--format=json"))).toEqual({
      plain: "a=b",
      data: "hi",
      pem: "line one\nline two\n",
      "from-file": "yes",
      raw: "hi"
    })
    expect(hook.out("secret-get", uri, "plain#base64")).toBe("YT1i\n")
    expect(failure(hook.call("secret-get", uri, "none"))).toEqual([
      1,
      'ERROR secret key value "none" not found\n'
    ])
    rmSync(folder, { recursive: true })
  })

  it("is shown to those who manage it, with what is staged", () => {
    const model = makeCluster(2, { now: Date.UTC(2026, 0, 1) })
    const uri = add(model, "app/0", "--label", "x", "--rotate", "daily", "token=abc")
    const hook = open(model, "app/0")
    hook.out("secret-grant", uri, "-r1", "--unit", "mysql/0")
    hook.out("secret-set", uri, "--description", "d", "--expire", "90m")
    expect(JSON.parse(hook.out("secret-info-get", uri, "--format=json"))).toEqual({
      [idOf(uri)]: {
        revision: 1,
        label: "x",
        owner: "application",
        description: "d",
        rotation: "daily",
        expiry: "2026-01-01T01:30:00Z",
        rotates: "2026-01-02T00:00:00Z",
        access: [{ target: "unit-mysql-0", scope: "relation-app.db#mysql.server", role: "view" }]
      }
    })
    expect(hook.out("secret-info-get", "--label", "x")).toContain(`${idOf(uri)}:\n  revision: 1\n`)
    expect(hook.out("secret-ids")).toBe(`${idOf(uri)}\n`)
  })

  it.each([
    [["secret-add"], "missing secret value or filename"],
    [["secret-add", "token"], 'key value "token" not valid'],
    [["secret-add", "no=x"], 'key "no" not valid'],
    [["secret-add", "--rotate", "x", "token=a"], 'rotate policy "x" not valid'],
    [["secret-add", "--owner", "x", "token=a"], 'secret owner "x" not valid'],
    [["secret-add", "--expire", "x", "token=a"], 'expire time or duration "x" not valid'],
    [["secret-add", "--expire", "-1h", "token=a"], 'negative expire duration "-1h" not valid'],
    [["secret-add", "token#file=none"], "open /tmp/none: no such file or directory"],
    [["secret-get"], "require either a secret URI or label"],
    [["secret-get", "x"], 'secret URI "x" not valid'],
    [
      ["secret-get", "--label", "x", "--peek", "--refresh"],
      "specify one of --peek or --refresh but not both"
    ],
    [["secret-info-get"], "require either a secret URI or label"],
    [
      ["secret-info-get", "secret:c0000000000000000001", "--label", "x"],
      "specify either a secret URI or label but not both"
    ],
    [["secret-set"], "missing secret URI"],
    [["secret-remove"], "missing secret URI"],
    [
      ["secret-add", `token=${"a".repeat(750_001)}`],
      'base64 encoded secret content for key "token" too large: 1000004 bytes'
    ]
  ])("%j is refused", (call, message) => {
    const [command = "", ...args] = call
    expect(failure(open(makeCluster(), "app/0").call(command, ...args))).toEqual([
      2,
      `ERROR ${message}\n`
    ])
  })

  it("is rotated by the calendar", () => {
    const from = Date.UTC(2026, 0, 31, 12)
    expect(nextRotation("never", from)).toBeUndefined()
    expect(nextRotation("hourly", from)).toBe(Date.UTC(2026, 0, 31, 13))
    expect(nextRotation("daily", from)).toBe(Date.UTC(2026, 1, 1, 12))
    expect(nextRotation("weekly", from)).toBe(Date.UTC(2026, 1, 7, 12))
    expect(nextRotation("quarterly", from)).toBe(Date.UTC(2026, 4, 1, 12))
    expect(nextRotation("yearly", from)).toBe(Date.UTC(2027, 0, 31, 12))
  })

  it("takes the three spellings of a URI", () => {
    const model = makeCluster()
    const uri = add(model, "app/0", "token=abc")
    for (const spelling of [uri, `secret:${idOf(uri)}`, idOf(uri)]) {
      expect(token(open(model, "app/0"), spelling)).toBe("abc")
    }
    expect(parseSecretUri("http://x/c0000000000000000001")).toBeUndefined()
  })
})
