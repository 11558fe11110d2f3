import { describe, expect, it } from "vitest"
import { COMMAND_NAMES, commandNames } from "../../src/hook-commands/CommandTable.ts"
import { addUnit, removeUnit, setAddress, setConfig } from "../../src/ModelChange.ts"
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

describe("network (S4)", () => {
  const FULL = {
    "bind-addresses": [
      {
        "mac-address": "",
        "interface-name": "eth0",
        addresses: [{ hostname: "", value: "10.0.0.2", cidr: "10.0.0.0/24" }]
      }
    ],
    "egress-subnets": ["10.0.0.2/32"],
    "ingress-addresses": ["10.0.0.2"]
  }

  it.each(["db", "peers", "internal", "juju-info"])(
    "network-get knows the binding %s",
    (binding) => {
      const { out } = open(makeCluster(), "app/0")
      expect(out("network-get", binding, "--format=json")).toBe(`${JSON.stringify(FULL)}\n`)
    }
  )

  it("prints one value bare and several as a map, and more names in YAML", () => {
    const { out } = open(makeCluster(), "app/0")
    expect(out("network-get", "db", "--bind-address")).toBe("10.0.0.2\n")
    expect(out("network-get", "db", "--primary-address")).toBe("10.0.0.2\n")
    expect(out("network-get", "db", "--egress-subnets")).toBe("10.0.0.2/32\n")
    expect(out("network-get", "db", "-r", "1", "--ingress-address", "--egress-subnets")).toBe(
      "egress-subnets:\n- 10.0.0.2/32\ningress-address: 10.0.0.2\n"
    )
    expect(out("network-get", "db")).toBe(
      [
        "bind-addresses:",
        '- mac-address: ""',
        "  interface-name: eth0",
        "  addresses:",
        '  - hostname: ""',
        "    value: 10.0.0.2",
        "    cidr: 10.0.0.0/24",
        "    address: 10.0.0.2",
        '  macaddress: ""',
        "  interfacename: eth0",
        "egress-subnets:",
        "- 10.0.0.2/32",
        "ingress-addresses:",
        "- 10.0.0.2\n"
      ].join("\n")
    )
  })

  it.each([
    [2, "ERROR no arguments specified\n", []],
    [2, "ERROR no binding name specified\n", [""]],
    [1, 'ERROR no network config found for binding "nope"\n', ["nope"]],
    [
      1,
      "ERROR --primary-address must be the only flag specified\n",
      ["db", "--primary-address", "--bind-address"]
    ]
  ])("network-get fails with %i %s", (code, stderr, args) => {
    expect(failure(open(makeCluster(), "app/0").call("network-get", ...args))).toEqual([
      code,
      stderr
    ])
  })

  it("unit-get prints addresses", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    expect(hook.out("unit-get", "private-address")).toBe("10.0.0.2\n")
    expect(failure(hook.call("unit-get", "public-address"))).toEqual([
      1,
      "ERROR public address not found\n"
    ])
    expect(failure(hook.call("unit-get"))).toEqual([2, "ERROR no setting specified\n"])
    expect(failure(hook.call("unit-get", "x"))).toEqual([2, 'ERROR unknown setting "x"\n'])
  })

  it("reaches the databags at the next successful config-changed", () => {
    const model = makeCluster()
    setAddress(model, "app/0", "10.9.9.9")
    const address = () =>
      open(model, "mysql/0").out("relation-get", "-r1", "ingress-address", "app/0")
    expect(address()).toBe("10.0.0.2\n")
    open(model, "app/0", { name: "config-changed" }).discard()
    expect(address()).toBe("10.0.0.2\n")
    open(model, "app/0", { name: "config-changed" }).commit()
    expect(address()).toBe("10.9.9.9\n")
  })
})

describe("goal-state (S4)", () => {
  it("lists units to come and dying ones, and relations by endpoint without peers", () => {
    const model = makeCluster(2, { now: Date.UTC(2026, 0, 4, 6, 29, 46) })
    addUnit(model, "app")
    removeUnit(model, "app/1")
    open(model, "app/0").out("status-set", "active")
    const since = "2026-01-04 06:29:46Z"
    expect(JSON.parse(open(model, "app/0").out("goal-state", "--format=json"))).toEqual({
      units: {
        "app/0": { status: "active", since },
        "app/1": { status: "dying", since },
        "app/2": { status: "waiting", since }
      },
      relations: {
        db: { mysql: { status: "joined", since }, "mysql/0": { status: "waiting", since } }
      }
    })
    expect(open(model, "app/0").out("goal-state")).toContain(
      "  app/0:\n    status: active\n    since: 2026-01-04 06:29:46Z\n"
    )
    expect(failure(open(model, "app/0").call("goal-state", "--format=smart"))).toEqual([
      2,
      'ERROR invalid value "smart" for option --format: unknown format "smart"\n'
    ])
  })
})

describe("ports", () => {
  it("are opened at commit, shown at once, and forgotten with a failed hook", () => {
    const model = makeCluster()
    open(model, "app/0").out("open-port", "9/tcp")
    const hook = open(model, "app/0")
    hook.out("open-port", "80")
    hook.out("open-port", "1000-2000/UDP", "--endpoints", "db, peers")
    hook.out("open-port", "icmp")
    expect(hook.out("opened-ports", "--format=json")).toBe('["icmp","80/tcp","1000-2000/udp"]\n')
    hook.commit()
    expect(open(model, "app/0").out("opened-ports", "--endpoints")).toBe(
      "icmp (*)\n80/tcp (*)\n1000-2000/udp (db, peers)\n"
    )
    commit(model, "app/0", ({ out }) => out("close-port", "80/tcp"))
    expect(open(model, "app/0").out("opened-ports")).toBe("icmp\n1000-2000/udp\n")
  })

  it("may not overlap on one machine", () => {
    const model = makeCluster()
    addUnit(model, "mysql", { machine: model.units.get("app/0")?.machine ?? "" })
    commit(model, "app/0", ({ out }) => out("open-port", "80-90"))
    expect(failure(open(model, "mysql/1").call("open-port", "85"))).toEqual([
      1,
      'ERROR cannot open 85/tcp (unit "mysql/1"): port range conflicts with 80-90/tcp (unit "app/0")\n'
    ])
    const hook = open(model, "app/0")
    expect(hook.out("open-port", "80-90")).toBe("")
    hook.out("open-port", "443")
    expect(failure(hook.call("open-port", "440-450"))).toEqual([
      1,
      'ERROR cannot open 440-450/tcp (unit "app/0"): port range conflicts with 443/tcp (unit "app/0") requested earlier\n'
    ])
    expect(hook.out("open-port", "440-450/udp")).toBe("")
  })

  it.each([
    ["ERROR no port or range specified\n", []],
    ['ERROR invalid port "x": strconv.Atoi: parsing "x": invalid syntax\n', ["x"]],
    ['ERROR invalid port range "1-2-3"\n', ["1-2-3"]],
    ["ERROR invalid port range 90-80/tcp\n", ["90-80"]],
    ["ERROR port range bounds must be between 0 and 65535, got 70000-70000\n", ["70000"]],
    ['ERROR invalid protocol "sctp", expected "tcp", "udp", or "icmp"\n', ["80/sctp"]]
  ])("%s", (stderr, args) => {
    expect(failure(open(makeCluster(), "app/0").call("open-port", ...args))).toEqual([2, stderr])
  })
})
