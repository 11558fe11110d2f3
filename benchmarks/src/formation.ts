// How many hooks and cluster calls it takes to form a cluster: Rollcall's charms beside the deployed Python library.
//   npm run bench formation -- --hosts 80 --seeds 1,2,3
// Counted are hooks of relations and of secrets over all units, clean-up included. Medians over the seeds.
import { parseArgs } from "node:util"
import { type Deploy, python, rollcall } from "./fleets.ts"

interface Count {
  readonly hooks: number
  readonly lists: number
  readonly adds: number
  readonly millis: number
}

const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "80" },
    seeds: { type: "string", default: "1,2,3" },
    "without-python": { type: "boolean", default: false }
  }
})
const hosts = Number(values.hosts)
const seeds = values.seeds.split(",").map(Number)

const atOnce = async (deploy: Deploy, seed: number): Promise<Count> =>
  measured(deploy, seed, hosts, async () => {})

const oneByOne = (deploy: Deploy, seed: number): Promise<Count> =>
  measured(deploy, seed, 1, async (sim) => {
    for (let count = 1; count < hosts; count++) {
      await sim.addUnit("m")
      await sim.settle()
    }
  })

type Fleet = Awaited<ReturnType<Deploy>>

const measured = async (
  deploy: Deploy,
  seed: number,
  first: number,
  grow: (sim: Fleet["sim"]) => Promise<void>
): Promise<Count> => {
  const started = performance.now()
  const { close, sim, standIn } = await deploy(seed, first)
  try {
    await sim.settle()
    await grow(sim)
    sim.updateStatus()
    await sim.settle()
    const members = standIn.state().clusters.flatMap((cluster) => cluster.members)
    if (members.length !== hosts || sim.failed().size > 0) {
      throw new Error(
        `seed ${seed}: ${members.length} of ${hosts} hosts are members, ${sim.failed().size} hooks failed`
      )
    }
    const calls = standIn.calls()
    const hooks = sim.hooks().filter(({ hook }) => /-relation-|^secret-/.test(hook)).length
    return {
      hooks,
      lists: calls.list ?? 0,
      adds: calls.add ?? 0,
      millis: performance.now() - started
    }
  } finally {
    await close()
  }
}

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const row = async (label: string, scenario: typeof atOnce, deploy: Deploy): Promise<void> => {
  const counts: Array<Count> = []
  for (const seed of seeds) counts.push(await scenario(deploy, seed))
  const cell = (pick: (count: Count) => number) =>
    String(Math.round(median(counts.map(pick)))).padStart(8)
  console.log(
    `${label.padEnd(44)}${cell((c) => c.hooks)}${cell((c) => c.lists)}${cell((c) => c.adds)}${cell((c) => c.millis)}`
  )
}

console.log(`${hosts} hosts, seeds ${seeds.join(", ")}; medians`)
console.log(
  `${"".padEnd(44)}${["hooks", "lists", "adds", "ms"].map((name) => name.padStart(8)).join("")}`
)
const peers = values["without-python"] ? "left out by --without-python" : await python()
for (const [name, scenario] of [
  ["at once", atOnce],
  ["one by one", oneByOne]
] as const) {
  await row(`${name}, Rollcall, secrets`, scenario, rollcall("secrets"))
  await row(`${name}, Rollcall, databags`, scenario, rollcall("databags"))
  if (typeof peers !== "string")
    await row(`${name}, token_distributor LIBPATCH 2, Python`, scenario, peers.deploy)
}
if (typeof peers === "string") console.log(`the Python library is not in the table: ${peers}`)
else await peers.close()
