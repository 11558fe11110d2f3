import { describe, expect, it } from "vitest"
import type { Model } from "../../src/Model.ts"
import { addAction } from "../../src/ModelChange.ts"
import { failure, makeCluster, open, type Script } from "../Cluster.ts"

const DONE = { code: 0, stdout: "", stderr: "" }

const start = (model: Model, params: Readonly<Record<string, unknown>> = {}) => {
  const action = addAction(model, "app/1", "backup", params)
  const { id, name } = action
  const script: Script = open(model, "app/1", {
    kind: "action",
    name,
    action: { name, id, params: action.params }
  })
  return { action, script }
}

describe("actions (M15)", () => {
  it("read their parameters, defaults filled in", () => {
    const { script } = start(makeCluster(), { nested: { deep: ["a", 1] }, flag: true })
    expect(script.out("action-get", "--format=json")).toBe(
      '{"flag":true,"nested":{"deep":["a",1]},"target":"disk"}\n'
    )
    expect(script.out("action-get", "target")).toBe("disk\n")
    expect(script.out("action-get", "nested.deep")).toBe("- a\n- 1\n")
    expect(script.out("action-get", "nested.none", "--format=json")).toBe("null\n")
    expect(script.out("action-get", "target.deeper")).toBe("")
    expect(failure(script.call("action-get", "a", "b"))).toEqual([
      2,
      'ERROR unrecognized args: ["b"]\n'
    ])
  })

  it("nest their results, and report what the process printed", () => {
    const model = makeCluster()
    const { action, script } = start(model)
    script.out("action-set", "foo.bar=2", "foo.baz.val=3", "foo.bar.zab=4", "foo.baz=1")
    script.out("action-set", "size=10=G")
    script.out("action-log", "half", "way")
    script.out("relation-set", "-r0", "k=v")
    expect(script.commit()).toEqual({ ok: true })
    script.finishAction({ code: 0, stdout: "hi\n", stderr: "" })
    expect(action).toMatchObject({ status: "completed", message: "", log: ["half way"] })
    expect(action.results).toEqual({
      foo: { bar: { zab: "4" }, baz: "1" },
      size: "10=G",
      "return-code": 0,
      stdout: "hi\n"
    })
    expect(open(model, "app/0").out("relation-get", "-r0", "k", "app/1")).toBe("v\n")
  })

  it("fail with action-fail, and still keep their databag writes", () => {
    const model = makeCluster()
    const { action, script } = start(model)
    script.out("relation-set", "-r0", "k=v")
    script.out("action-fail", "no", "--")
    script.commit()
    script.finishAction(DONE)
    expect(action).toMatchObject({ status: "failed", message: "no" })
    expect(open(model, "app/0").out("relation-get", "-r0", "k", "app/1")).toBe("v\n")
    const other = start(model)
    other.script.out("action-fail")
    other.script.commit()
    other.script.finishAction(DONE)
    expect(other.action.message).toBe("action failed without reason given, check action for errors")
  })

  it("fail with their process, whose writes are dropped", () => {
    const model = makeCluster()
    const { action, script } = start(model)
    script.out("relation-set", "-r0", "k=v")
    script.out("action-fail", "my reason")
    script.discard()
    script.finishAction({ code: 3, stdout: "", stderr: "boom\n" })
    expect(action).toMatchObject({ status: "failed", message: "exit status 3" })
    expect(action.results).toEqual({ "return-code": 3, stderr: "boom\n" })
    expect(open(model, "app/0").out("relation-get", "-r0", "k", "app/1")).toBe("")
  })

  it("fail with their commit", () => {
    const model = makeCluster()
    const { action, script } = start(model)
    script.out("secret-set", "secret:c0000000000000000zzz", "token=abc")
    expect(script.commit().ok).toBe(false)
    script.finishAction(DONE)
    expect(action).toMatchObject({
      status: "failed",
      message: "committing requested changes failed"
    })
    expect(action.results.stderr).toMatch(/^updating secrets: secret ".*" not found$/)
  })

  it("fail when the charm does not have them", () => {
    const { action, script } = start(makeCluster())
    script.discard()
    script.finishAction({ ...DONE, notImplemented: true })
    expect(action).toMatchObject({
      status: "failed",
      message: 'action not implemented on unit "app/1"'
    })
  })

  it.each([
    ['ERROR argument "x" must be of the form key...=value\n', ["x"]],
    [
      'ERROR key "X" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods\n',
      ["X=1"]
    ],
    ['ERROR cannot set reserved action key "stdout"\n', ["a.stdout=1"]]
  ])("%s", (stderr, args) => {
    const { script } = start(makeCluster())
    expect(failure(script.call("action-set", ...args))).toEqual([2, stderr])
  })

  it("may not reboot", () => {
    expect(failure(start(makeCluster()).script.call("juju-reboot"))).toEqual([
      1,
      "ERROR juju-reboot is not supported when running an action.\n"
    ])
  })
})

describe("action commands outside an action", () => {
  const calls: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
    ["action-get"],
    ["action-set", "a=1"],
    ["action-fail", "no"],
    ["action-log", "x"]
  ]

  it.each(calls)("%s is refused in 3.6 and unknown in 4.0", (command, ...args) => {
    expect(failure(open(makeCluster(), "app/0").call(command, ...args))).toEqual([
      1,
      "ERROR not running an action\n"
    ])
    const later = open(makeCluster(1, { profile: "4.0" }), "app/0")
    expect(failure(later.call(command, ...args))).toEqual([
      1,
      `ERROR bad request: unknown hook command: ${command}\n`
    ])
  })

  it("work in an action of 4.0", () => {
    const { script } = start(makeCluster(2, { profile: "4.0" }))
    expect(script.out("action-get", "target")).toBe("disk\n")
    expect(script.out("is-leader")).toBe("False\n")
  })
})
