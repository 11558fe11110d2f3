import { describe, expect, it } from "vitest"
import { COMMAND_NAMES, commandNames } from "../../src/hook-commands/CommandTable.ts"
import { setConfig } from "../../src/ModelChange.ts"
import { commit, dbHook, failure, makeCluster, open } from "../Cluster.ts"

describe("the table of commands", () => {
  it("has every command of a machine charm, by profile", () => {
    expect(COMMAND_NAMES).toEqual([...COMMAND_NAMES].sort())
    expect(COMMAND_NAMES).toContain("leader-get")
    expect(commandNames("4.0")).not.toContain("leader-get")
    expect(COMMAND_NAMES.length - commandNames("4.0").length).toBe(2)
    for (const name of ["relation-get", "relation-model-get", "secret-info-get", "action-log"]) {
      expect(commandNames("4.0")).toContain(name)
    }
  })
})

describe("config-get", () => {
  it("prints typed values, without those that nobody set unless --all", () => {
    const hook = open(makeCluster(), "app/0")
    expect(hook.out("config-get", "--format=json")).toBe(
      '{"debug":false,"name":"x","ratio":0.5,"size":5}\n'
    )
    expect(hook.out("config-get", "--all", "--format=json")).toBe(
      '{"debug":false,"name":"x","note":null,"ratio":0.5,"size":5}\n'
    )
    expect(hook.out("config-get", "-a")).toBe(
      "debug: false\nname: x\nnote: null\nratio: 0.5\nsize: 5\n"
    )
    expect(hook.out("config-get", "size")).toBe("5\n")
    expect(hook.out("config-get", "debug")).toBe("False\n")
    expect(hook.out("config-get", "unknown", "--format=json")).toBe("null\n")
    expect(hook.out("config-get", "note")).toBe("")
  })

  it("is read once per hook", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("config-get", "name")
    setConfig(model, "app", { name: "y" })
    expect(hook.out("config-get", "name")).toBe("x\n")
    expect(open(model, "app/0").out("config-get", "name")).toBe("y\n")
    setConfig(model, "app", { name: undefined })
    expect(open(model, "app/0").out("config-get", "name")).toBe("x\n")
  })

  it("refuses --all with a key", () => {
    expect(failure(open(makeCluster(), "app/0").call("config-get", "--all", "name"))).toEqual([
      2,
      'ERROR cannot use argument --all together with key "name"\n'
    ])
  })
})

describe("status", () => {
  it("is set at once and stays when the hook fails", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("status-set", "blocked", "no db")
    hook.discard()
    expect(model.units.get("app/0")?.status).toEqual({
      status: "blocked",
      message: "no db",
      since: model.now
    })
    expect(open(model, "app/0").out("status-get", "--include-data", "--format=json")).toBe(
      '{"message":"no db","status":"blocked","status-data":{}}\n'
    )
    expect(open(model, "app/0").out("status-get")).toBe("blocked\n")
    expect(open(model, "app/0").out("status-get", "--format=json")).toBe('{"status":"blocked"}\n')
  })

  it("is stamped anew when it is the same", () => {
    const model = makeCluster()
    open(model, "app/0").out("status-set", "active")
    model.now += 1000
    open(model, "app/0").out("status-set", "--application=False", "active", "")
    expect(model.units.get("app/0")?.status.since).toBe(model.now)
  })

  it("of the application is the leader's, and shows the worst unit until it is set", () => {
    const model = makeCluster(2)
    open(model, "app/0").out("status-set", "active")
    open(model, "app/1").out("status-set", "blocked", "no")
    const { out } = open(model, "app/0")
    expect(out("status-get", "--application")).toBe("blocked\n")
    out("status-set", "--application", "active", "fine")
    expect(out("status-get", "--application", "--format=json")).toBe(
      '{"application-status":{"status":"active","units":{"app/0":{"status":"active"},"app/1":{"status":"blocked"}}}}\n'
    )
    const follower = open(model, "app/1")
    expect(failure(follower.call("status-set", "--application", "active"))).toEqual([
      1,
      "ERROR this unit is not the leader\n"
    ])
    expect(failure(follower.call("status-get", "--application"))).toEqual([
      1,
      "ERROR finding application status: this unit is not the leader\n"
    ])
  })

  it.each([
    ["ERROR invalid args, require <status> [message]\n", []],
    [
      'ERROR invalid status "error", expected one of [maintenance blocked waiting active]\n',
      ["error"]
    ],
    ['ERROR unrecognized args: ["c"]\n', ["active", "b", "c"]]
  ])("%s", (stderr, args) => {
    expect(failure(open(makeCluster(), "app/0").call("status-set", ...args))).toEqual([2, stderr])
  })
})

describe("juju-log and other immediate commands", () => {
  it("logs with levels, and names the relation of a relation hook", () => {
    const model = makeCluster()
    const { out } = open(model, "app/0", dbHook("changed"))
    out("juju-log", "hello", "world")
    out("juju-log", "--log-level", "warning", "--", "careful\nnow")
    out("juju-log", "--debug", "detail")
    open(model, "app/1").out("juju-log", "-l", "LOUD", "x")
    const line = (unit: string, level: string, message: string) => ({
      time: model.now,
      unit,
      level,
      message
    })
    expect(model.logs).toEqual([
      line("app/0", "INFO", "db:1: hello world"),
      line("app/0", "WARNING", "db:1: careful\nnow"),
      line("app/0", "DEBUG", "db:1: detail"),
      line("app/1", "WARNING", 'Specified log level of "LOUD" is not valid'),
      line("app/1", "INFO", "x")
    ])
    expect(failure(open(model, "app/0").call("juju-log"))).toEqual([
      2,
      "ERROR no message specified\n"
    ])
  })

  it("sets the workload version", () => {
    const model = makeCluster()
    open(model, "app/1").out("application-version-set", "--", "1.0")
    expect(model.applications.get("app")?.workloadVersion).toBe("1.0")
    expect(failure(open(model, "app/1").call("application-version-set"))).toEqual([
      2,
      "ERROR no version specified\n"
    ])
  })

  it("asks for a reboot", () => {
    const model = makeCluster()
    open(model, "app/1").out("juju-reboot")
    expect(model.units.get("app/1")?.reboot).toBe("after")
    open(model, "app/1").out("juju-reboot", "--now")
    expect(model.units.get("app/1")?.reboot).toBe("now")
  })

  it("finds resources, without a newline", () => {
    const model = makeCluster()
    model.applications.get("app")?.resources.set("software", "/srv/software.zip")
    const hook = open(model, "app/0")
    expect(hook.out("resource-get", "software")).toBe("/srv/software.zip")
    expect(failure(hook.call("resource-get"))).toEqual([
      2,
      "ERROR missing required resource name\n"
    ])
    expect(failure(hook.call("resource-get", "other"))[0]).toBe(1)
    expect(failure(hook.call("credential-get"))).toEqual([
      1,
      "ERROR cannot access cloud credentials: permission denied\n"
    ])
  })

  it("adds storage at commit", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("storage-add", "data=2"))
    const hook = open(model, "app/0")
    expect(hook.out("storage-list")).toBe("data/0\ndata/1\n")
    expect(hook.out("storage-get", "-s", "data/1", "kind")).toBe("filesystem\n")
    expect(failure(hook.call("storage-get"))).toEqual([2, "ERROR no storage instance specified\n"])
    expect(failure(hook.call("storage-add", "nothing"))[0]).toBe(1)
  })
})
