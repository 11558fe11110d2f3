// The second chapter: a restart rolls through the members. One of them fails twice and is let in again later; the leader
// is lost while it holds the lock, and the next one goes on. What each restart did it notes itself, in a file: who held
// the lock is judged by these notes alone.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Simulation } from "@rollcall/juju-simulator"
import { Effect } from "effect"
import type { Telling } from "./Narrator.ts"
import { attempt } from "./Product.ts"
import type { Hold } from "./timeline.ts"

/** A restart's script and its notes, for as long as the scope is open. */
export const openRestarts = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-restarts-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ),
  (folder): Restarts => {
    const script = join(folder, "restart")
    writeFileSync(script, SCRIPT)
    chmodSync(script, 0o755)
    return { folder, config: { "restart-command": script, "restart-retry-seconds": 1 } }
  }
)

/** Where restarts are noted, and the options that make a member run them. */
export interface Restarts {
  readonly folder: string
  readonly config: Readonly<Record<string, string | number>>
}

/** What came of the roll. */
export interface Rolled {
  /** The leader that was lost while it held the lock. */
  readonly lost: string | undefined
  readonly failing: string
  /** The units that were to restart. */
  readonly units: ReadonlyArray<string>
  readonly holds: ReadonlyArray<Hold>
}

/** Rolls a restart through all members but for one that is `gone` already, with the two misfortunes. */
export const rollRestart = Effect.fn("rollRestart")(function* (
  sim: Simulation,
  { folder }: Restarts,
  telling: Telling,
  narrator: RollNarrator,
  gone: string | undefined
) {
  const { event, paint } = telling
  const leader = sim.leader("member") ?? ""
  const failing = sim.units("member").find((unit) => unit !== leader && unit !== gone) ?? ""
  writeFileSync(join(folder, `fail-${failing.replace("/", "-")}`), "2")
  let lost: string | undefined
  sim.faults.add({
    at: "before-commit",
    unit: leader,
    times: Number.POSITIVE_INFINITY,
    effect: () => {
      if (lost !== undefined || !readHolds(folder).some(({ unit }) => unit === leader)) return
      lost = leader
      sim.partition(leader)
      narrator.look()
      event(paint("red", `${leader} is lost while it holds the lock: nobody hears how it ended`))
    }
  })
  event(
    paint("cyan", `${leader}, which leads the members, is asked to roll a restart through them`)
  )
  const { results } = yield* attempt("order the roll", () => sim.runAction(leader, "roll"))
  const units = String(results.order).split(" ")
  event(`the order of turns is ${units.join(", ")}`)
  yield* attempt("lose the leader", () =>
    sim.settleUntil(() => lost !== undefined, PATIENCE_MILLIS)
  )
  sim.removeUnit(leader)
  event(`${leader} is removed; another one leads when its lease has run out, and goes on`)
  yield* attempt("wait for the lease", () => sim.advance("60s"))
  const rest = units.filter((unit) => unit !== leader)
  const done = () => {
    const holds = readHolds(folder)
    return rest.every((unit) => holds.some((hold) => hold.unit === unit && hold.end === "done"))
  }
  yield* attempt("finish the roll", () => sim.settleUntil(done, PATIENCE_MILLIS))
  // what it says of hosts is as of its last sweep
  sim.updateStatus("distributor/1")
  yield* attempt("come to rest", () => sim.settle())
  const holds = readHolds(folder).map((hold) =>
    hold.unit === lost ? { ...hold, end: "lost" as const } : hold
  )
  return { lost, failing, units, holds } satisfies Rolled
})

/** Tells of restarts as they end. */
export class RollNarrator {
  readonly #folder: string
  readonly #telling: Telling
  #told = 0

  constructor({ folder }: Restarts, telling: Telling) {
    this.#folder = folder
    this.#telling = telling
  }

  /** Tells what is new. */
  look(): undefined {
    const { event, paint } = this.#telling
    const holds = readHolds(this.#folder)
    for (; this.#told < holds.length; this.#told += 1) {
      const { end, token, unit } = holds[this.#told] as Hold
      if (end === "failed") {
        event(paint("yellow", `${unit} fails with token ${token}, gives its turn back and rests`))
      } else event(paint("green", `${unit} restarts with token ${token}`))
    }
  }
}

/** The restarts that have ended, in their order. */
const readHolds = (folder: string): ReadonlyArray<Hold> => {
  const file = join(folder, "notes")
  if (!existsSync(file)) return []
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
  return lines.map((line) => {
    const [unit = "", token, end, from, to] = line.split(" ")
    return {
      unit,
      token: Number(token),
      fromMillis: Number(from) / 1e6,
      toMillis: Number(to) / 1e6,
      end: end === "failed" ? "failed" : "done"
    }
  })
}

const PATIENCE_MILLIS = 60_000

const SCRIPT = `#!/bin/sh
cd "\${0%/*}" || exit
begun=$(date +%s%N)
sleep 0.2
failures=fail-$(echo "$JUJU_UNIT_NAME" | tr / -)
left=$(cat "$failures" 2>/dev/null || echo 0)
note() { echo "$JUJU_UNIT_NAME $ROLLCALL_TOKEN $1 $begun $(date +%s%N)" >>notes; }
if [ "$left" -gt 0 ]; then
  echo $((left - 1)) >"$failures"
  note failed
  echo "the service does not come up" >&2
  exit 1
fi
note done
`
