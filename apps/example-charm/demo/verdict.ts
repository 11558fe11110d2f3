// Whether the story ended as it should: told line by line, so that nobody has to believe a green word.
import type { Telling } from "./Narrator.ts"
import type { End } from "./overview.ts"

/** Tells what was checked; whether all of it holds. */
export const verdict = (end: End, { line, paint }: Telling): boolean => {
  const checks = checksOf(end)
  for (const { detail, holds, what } of checks) {
    line(holds ? `${paint("green", "yes")}  ${what}` : `${paint("red", "NO")}   ${what}: ${detail}`)
  }
  return checks.every(({ holds }) => holds)
}

interface Check {
  readonly what: string
  readonly holds: boolean
  readonly detail: string
}

const checksOf = ({ clusters, lost, narrator, product, sim }: End): ReadonlyArray<Check> => {
  const calls = product.calls().filter(({ ok }) => ok)
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length
  const tokens = product.hosts.length - 1 + (lost.member === undefined ? 0 : 1)
  const [cluster = []] = clusters
  const gone = new Set([lost.leader, lost.member?.unit])
  const restless = sim
    .units()
    .filter((unit) => !gone.has(unit) && sim.model.units.get(unit)?.status.status !== "active")
  const failed = [...sim.failed()].filter(([unit]) => !gone.has(unit))
  const seen = [...narrator.sightings]
  const watched = product.secrets().length
  return [
    {
      what: `one cluster has all ${product.hosts.length} hosts as its members`,
      holds: clusters.length === 1 && sameSet(cluster, product.hosts),
      detail: clusters.map((members) => members.join(" ")).join(" | ")
    },
    {
      what: "it was founded once",
      holds: count("bootstrap") === 1,
      detail: `${count("bootstrap")} times`
    },
    {
      what: `${tokens} tokens were minted and used, none twice`,
      holds: count("add") === tokens && count("join") === tokens,
      detail: `${count("add")} minted, ${count("join")} used`
    },
    {
      what: "no token could be read in a databag, secret, status or log at any time",
      holds: seen.length === 0 && watched >= tokens,
      detail: `${watched} watched; ${seen.join(", ")}`
    },
    {
      what: `lost on the way: the distributor's leader${product.machines ? " and a member" : ""}`,
      holds: lost.leader !== undefined && (!product.machines || lost.member !== undefined),
      detail: `in truth ${[...gone].join(" and ")}`
    },
    {
      what: "every unit that is left is active",
      holds: restless.length === 0 && failed.length === 0,
      detail: [...restless, ...failed.map(([unit, error]) => `${unit} ${error}`)].join(", ")
    }
  ]
}

const sameSet = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  left.length === right.length && left.every((one) => right.includes(one))
