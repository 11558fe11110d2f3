// What it took, as a table: a row for each unit that ever was, and the sums.
import type { Simulation } from "@rollcall/juju-simulator"
import type { Narrator } from "./Narrator.ts"
import type { Call, Product } from "./Product.ts"
import type { Rolled } from "./Roll.ts"
import { type Cell, type Paint, table } from "./table.ts"

/** The units whose machines were lost, by what they were. */
export interface Lost {
  leader?: string
  member?: { readonly unit: string; readonly host: string }
  /** The members' leader, lost while it held the lock. */
  holder?: string
}

/** The units that were lost. */
export const lostUnits = ({ holder, leader, member }: Lost): ReadonlySet<string | undefined> =>
  new Set([leader, member?.unit, holder])

/** The end of a story. */
export interface End {
  readonly sim: Simulation
  readonly product: Product
  readonly narrator: Narrator
  readonly lost: Lost
  readonly rolled: Rolled
  readonly clusters: ReadonlyArray<ReadonlyArray<string>>
}

/** The table of hosts, hooks, writes and calls of the cluster's command. */
export const overview = (end: End, paint: Paint): ReadonlyArray<string> => {
  const { narrator, sim } = end
  const hooks = countBy(sim.hooks().map(({ unit }) => unit))
  const writes = countBy(writersOf(sim))
  const units = [...sim.units()].toSorted((left, right) =>
    hostAt(sim, left) < hostAt(sim, right) ? -1 : 1
  )
  const rows = units.map((unit) => [
    hostAt(sim, unit),
    unit,
    statusOf(end, unit),
    String(hooks.get(unit) ?? 0),
    String(writes.get(unit) ?? 0),
    callsOf(narrator.calls.get(unit) ?? [])
  ])
  const total = (counts: ReadonlyMap<string, number>) =>
    String([...counts.values()].reduce((sum, count) => sum + count, 0))
  const all = [...narrator.calls.values()].flat()
  const sums = ["", "", "together", total(hooks), total(writes), callsOf(all)]
  const heading = ["host", "unit", "status", "hooks", "writes", "calls of the cluster's command"]
  return [
    "",
    ...table(paint, heading, [...rows, sums.map((text): Cell => ({ text, format: "bold" }))]),
    "",
    paint("dim", durations(sim)),
    ""
  ]
}

const hostAt = (sim: Simulation, unit: string): string => sim.model.units.get(unit)?.hostname ?? ""

const statusOf = ({ lost, sim }: End, unit: string): Cell => {
  if (lostUnits(lost).has(unit)) return { text: "lost", format: "red" }
  const status = sim.model.units.get(unit)?.status
  const text = status === undefined ? "" : `${status.status}: ${status.message}`
  return { text, format: status?.status === "active" ? "green" : "yellow" }
}

/** The unit of each databag write; of an application's databag the unit whose hook wrote it. */
const writersOf = ({ trace }: Simulation): ReadonlyArray<string> =>
  trace.events.flatMap((event) => {
    if (event.type !== "write") return []
    return [event.owner.includes("/") ? event.owner : (trace.hooks[event.seq - 1]?.unit ?? "")]
  })

/** How long hooks took on this machine, all that ran beside them included. */
const durations = (sim: Simulation): string => {
  const hooks = sim.hooks().toSorted((left, right) => left.millis - right.millis)
  const median = hooks[Math.floor(hooks.length / 2)]
  const slowest = hooks.at(-1)
  if (median === undefined || slowest === undefined) return "no hook ran"
  const { calls, hook, millis, unit } = slowest
  return (
    `half of the hooks took less than ${median.millis.toFixed(0)} ms, the slowest ${millis.toFixed(0)} ms: ` +
    `${hook} on ${unit}, with ${calls} hook commands`
  )
}

const callsOf = (calls: ReadonlyArray<Call>): string => {
  const counts = countBy(calls.map(({ operation }) => operation))
  return ["bootstrap", "list", "add", "join", "remove"]
    .flatMap((operation) => {
      const count = counts.get(operation)
      return count === undefined ? [] : [`${operation} ${count}`]
    })
    .join(", ")
}

const countBy = (keys: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
