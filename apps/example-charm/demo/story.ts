// The story: a distributor and its members form one cluster, although the distributor's leader is lost while tokens are
// under way and a member while others still join; then a restart rolls through it. Everything runs as in a machine model of Juju: the charms are
// processes, and so are the hook commands they call and the cluster's command; only the controller is simulated.
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Simulation } from "@rollcall/juju-simulator"
import { Effect } from "effect"
import { buildCharms } from "./charms.ts"
import { Narrator, type Telling } from "./Narrator.ts"
import { type Lost, overview } from "./overview.ts"
import { attempt, type Product } from "./Product.ts"
import { openRestarts, type Restarts, RollNarrator, rollRestart } from "./Roll.ts"
import { timeline } from "./timeline.ts"
import { verdict } from "./verdict.ts"

/** What the story can be told to do. */
export interface StoryOptions {
  readonly seed: number
  /** Prints a line for every hook at the end. */
  readonly trace: boolean
}

/** Tells the story on `product`; succeeds with whether everything ended as it should. */
export const tell = Effect.fn("tell")(function* (
  product: Product,
  options: StoryOptions,
  telling: Telling
) {
  const { event, line, paint } = telling
  const charms = yield* buildCharms
  const restarts = yield* openRestarts
  const rolls = new RollNarrator(restarts, telling)
  const lost: Lost = {}
  let narrator: Narrator | undefined
  const sim = yield* Effect.acquireRelease(
    Effect.promise(() =>
      Simulation.make({
        seed: options.seed,
        concurrency: Math.max(4, availableParallelism()),
        invariants: { "the story": () => narrator?.look() ?? rolls.look() }
      })
    ),
    (open) => Effect.promise(() => open.close())
  )
  narrator = new Narrator(sim, product, telling, () => {
    const { joined } = narrator as Narrator
    const [first] = joined
    if (product.machines === undefined || lost.member !== undefined || joined.length < 2) return
    if (first !== undefined) lost.member = loseMember(sim, product, first, telling)
  })
  loseLeader(sim, () => {
    lost.leader = FIRST
    event(paint("red", `${FIRST} is lost before it hands them on; its last hook leaves nothing`))
  })

  yield* attempt("deploy", () => deploy(sim, product, charms, restarts))
  const places = `${product.hosts[0]} to ${product.hosts.at(-1)}`
  event(`a distributor is deployed and related to ${product.hosts.length} members, ${places}`)
  yield* attempt("form the cluster", () => sim.settle())
  if (lost.leader !== undefined) {
    const unit = yield* attempt("replace the leader", () => replaceLeader(sim))
    event(`${FIRST} is removed, ${unit} is added; it has to wait for the lease to run out`)
    yield* attempt("go on", async () => [await sim.advance("60s"), await sim.settle()])
  }
  if (lost.member !== undefined) {
    const { host, unit } = lost.member
    const next = yield* attempt("replace a member", () => replaceMember(sim, product, unit, host))
    event(`${unit} is removed, ${next} is added on a new machine with the name ${host}`)
    yield* attempt("go on", () => sim.settle())
  }
  const rolled = yield* rollRestart(sim, restarts, telling, rolls, lost.member?.unit)
  if (rolled.lost !== undefined) lost.holder = rolled.lost
  const end = { sim, product, narrator, lost, rolled, clusters: yield* product.clusters }
  if (options.trace) for (const text of ["", ...sim.trace.lines()]) line(text)
  line(`\n${paint("bold", "Who held the lock when, by the notes of the restarts themselves")}\n`)
  for (const text of timeline(rolled.holds, paint)) line(text)
  for (const text of overview(end, paint)) line(text)
  return verdict(end, telling)
})

const FIRST = "distributor/0"

const hostOf = (sim: Simulation, unit: string): string => sim.model.units.get(unit)?.hostname ?? ""

const deploy = async (
  sim: Simulation,
  product: Product,
  charms: { readonly distributor: string; readonly member: string },
  restarts: Restarts
) => {
  await sim.deploy("distributor", { charm: charms.distributor, hostnames: ["distributor-0"] })
  product.commandsAt(join(await sim.root(), "tools", "unit-distributor-0"))
  await sim.deploy("member", {
    charm: charms.member,
    units: product.hosts.length,
    hostnames: product.hosts,
    config: { ...product.config, ...restarts.config },
    env: (unit) => product.env(hostOf(sim, unit)),
    wrapHook: (unit) => product.prefix(hostOf(sim, unit))
  })
  sim.relate("distributor:microcluster-cluster", "member:cluster")
}

/** Cuts the leader off at the end of the first hook that it begins after tokens for others were published. */
const loseLeader = (sim: Simulation, lost: () => void): void => {
  let late = false
  let done = false
  sim.faults.add({
    at: "before-hook",
    unit: FIRST,
    times: Number.POSITIVE_INFINITY,
    effect: () => {
      late = sim.units("member").some((unit) => ISSUED in sim.databag(unit, "cluster"))
    }
  })
  sim.faults.add({
    at: "before-commit",
    unit: FIRST,
    times: Number.POSITIVE_INFINITY,
    effect: () => {
      if (!late || done) return
      done = true
      sim.partition(FIRST)
      lost()
    }
  })
}

/** The key under which a member publishes the tokens that it minted. */
const ISSUED = "rollcall-issued"

const replaceLeader = (sim: Simulation) => {
  sim.removeUnit(FIRST)
  return sim.addUnit("distributor", { hostname: "distributor-1" })
}

const loseMember = (
  sim: Simulation,
  product: Product,
  host: string,
  { event, paint }: Telling
): NonNullable<Lost["member"]> => {
  const unit = sim.units("member").find((name) => hostOf(sim, name) === host) ?? ""
  sim.partition(unit)
  product.machines?.lose(host)
  event(paint("red", `${host} is lost with ${unit}, while others still join`))
  return { unit, host }
}

const replaceMember = (sim: Simulation, product: Product, unit: string, host: string) => {
  sim.removeUnit(unit)
  product.machines?.replace(host)
  return sim.addUnit("member", { hostname: host })
}
