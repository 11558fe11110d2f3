import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { Model } from "../../src/Model.ts"
import { nextRotation } from "../../src/SecretChange.ts"
import { parseSecretUri } from "../../src/SecretUri.ts"
import { commit, failure, makeCluster, open, type Script } from "../Cluster.ts"

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
