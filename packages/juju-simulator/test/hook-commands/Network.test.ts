import { describe, expect, it } from "vitest"
import { addUnit, removeUnit, setAddress } from "../../src/ModelChange.ts"
import { commit, failure, makeCluster, open } from "../Cluster.ts"

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
    expect(open(model, "app/1").out("open-port", "85")).toBe("")
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
