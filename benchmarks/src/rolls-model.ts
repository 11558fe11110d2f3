// One roll of the model of rolling_ops v1, which the tests of the wire formats play against: in the same simulator, with
// the commands that its workers send given by juju-exec at once.
import { type InProcessHook, Simulation } from "@rollcall/juju-simulator"
import type { Hook } from "../../packages/juju-adapter/test/lock-dialect/models/Application.ts"
import { deployedUnit } from "../../packages/juju-adapter/test/lock-dialect/models/DeployedModel.ts"

/** The roll of so many units. */
export const modelRoll = (form: "v1" | "charmlibs") => async (seed: number, units: number) => {
  let ran = 0
  const sim = await Simulation.make({ seed, updateStatusInterval: 0 })
  const programs = new Map<string, ReturnType<typeof deployedUnit>>()
  const waking: Array<string> = []
  const metadata = { name: "app", peers: { restart: { interface: "rolling_op" } } }
  const run = async ({ env, run: call }: InProcessHook) => {
    const unit = env.JUJU_UNIT_NAME ?? ""
    const program = programs.get(unit) ?? model()
    programs.set(unit, program)
    const path = env.JUJU_DISPATCH_PATH ?? "hooks/worker"
    const hook = await read(unit, path, call, sim, () => ran++)
    if (hook === undefined) return 0
    const [own, app] = [new Map(hook.own), new Map(hook.app)]
    if (path.endsWith("/config-changed")) await program.request(hook, { operation: "restart" })
    else await program.hook(hook)
    if (program.wakes?.() === true) waking.push(unit)
    await write(call, own, hook.own, [])
    await write(call, app, hook.app, ["--app"])
    return 0
  }
  const model = () =>
    deployedUnit({ form, callbacks: { restart: (hook) => (hook.ran("restart"), "release") } })
  try {
    const config = { options: { level: { type: "int", default: 1 } } }
    await sim.deploy("app", { charm: { metadata, config, run }, units })
    await sim.settle()
    ran = 0
    programs.clear()
    const before = sim.hooks().length
    sim.setConfig("app", { level: 2 })
    await sim.settle()
    for (let unit = waking.shift(); unit !== undefined; unit = waking.shift()) {
      await sim.jujuExec(unit, run)
      await sim.settle()
    }
    if (ran < units) throw new Error(`${ran} of ${units} units restarted`)
    const hooks = sim.hooks().slice(before)
    return {
      hooks: hooks.filter(({ hook }) => hook.includes("-relation-")).length,
      execs: hooks.filter(({ hook }) => hook === "juju-exec").length
    }
  } finally {
    await sim.close()
  }
}

type Call = InProcessHook["run"]

const json = async (call: Call, ...argv: ReadonlyArray<string>): Promise<unknown> =>
  JSON.parse((await call([...argv, "--format=json"])).stdout)

const read = async (
  unit: string,
  path: string,
  call: Call,
  sim: Simulation,
  ran: () => void
): Promise<Hook | undefined> => {
  const [relation] = (await json(call, "relation-ids", "restart")) as ReadonlyArray<string>
  if (relation === undefined) return undefined
  const bag = async (...owner: ReadonlyArray<string>) =>
    new Map(
      Object.entries((await json(call, "relation-get", "-r", relation, "-", ...owner)) as object)
    )
  const names = (await json(call, "relation-list", "-r", relation)) as ReadonlyArray<string>
  const peers = new Map<string, Map<string, string>>()
  for (const name of names) peers.set(name, await bag(name))
  const event = path.endsWith("/worker")
    ? "worker"
    : path.endsWith("/leader-elected")
      ? "leader-elected"
      : "relation-changed"
  return {
    unit,
    event,
    leader: (await json(call, "is-leader")) === true,
    own: await bag(unit),
    app: await bag("--app", unit.slice(0, unit.indexOf("/"))),
    peers,
    now: () => sim.now * 1000,
    ran
  }
}

const write = async (
  call: Call,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  flags: ReadonlyArray<string>
): Promise<void> => {
  const keys = new Set([...before.keys(), ...after.keys()])
  const changed = [...keys].filter((key) => before.get(key) !== after.get(key))
  if (changed.length === 0) return
  const entries = Object.fromEntries(changed.map((key) => [key, after.get(key) ?? ""]))
  const [relation] = (await json(call, "relation-ids", "restart")) as ReadonlyArray<string>
  const { code, stderr } = await call(
    ["relation-set", "-r", relation ?? "", ...flags, "--file", "-"],
    JSON.stringify(entries)
  )
  if (code !== 0) throw new Error(stderr)
}
