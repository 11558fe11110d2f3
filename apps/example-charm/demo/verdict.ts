// Whether the story ended as it should: told line by line, so that nobody has to believe a green word.
import type { Telling } from "./Narrator.ts"
import { type End, lostUnits } from "./overview.ts"
import type { Rolled } from "./Roll.ts"
import { overlapIn } from "./timeline.ts"

/** Tells what was checked; whether all of it holds. */
export const verdict = (end: End, { line, paint }: Telling): boolean => {
  const checks = [...checksOf(end), ...rollChecks(end.rolled)]
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
  const gone = lostUnits(lost)
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
      detail: `in truth ${[lost.leader, lost.member?.unit].join(" and ")}`
    },
    {
      what: "every unit that is left is active",
      holds: restless.length === 0 && failed.length === 0,
      detail: [...restless, ...failed.map(([unit, error]) => `${unit} ${error}`)].join(", ")
    }
  ]
}

const rollChecks = ({ failing, holds, lost, units }: Rolled): ReadonlyArray<Check> => {
  const of = (unit: string) => holds.filter((hold) => hold.unit === unit).map(({ end }) => end)
  const odd = units.filter((unit) => {
    const expected = unit === lost ? "lost" : unit === failing ? "failed failed done" : "done"
    return of(unit).join(" ") !== expected
  })
  const overlap = overlapIn(holds)
  return [
    {
      what: "never two members restarted at once, and every token was greater than the one before",
      holds: overlap === undefined && holds.length > units.length,
      detail: overlap ?? `only ${holds.length} restarts`
    },
    {
      what: `every member restarted once, ${failing} after it failed twice; ${lost ?? "nobody"} was lost with the lock`,
      holds: odd.length === 0 && lost !== undefined,
      detail: odd.map((unit) => `${unit}: ${of(unit).join(" ")}`).join(", ")
    }
  ]
}

const sameSet = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  left.length === right.length && left.every((one) => right.includes(one))
