// Members that roll, in the simulated Juju and in this process, related to nobody. Their restart is a script that notes
// what it was given and ends as it was told to; who ran when is judged by these notes alone.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HostName } from "@rollcall/core"
import { WakeUp } from "@rollcall/juju-adapter"
import {
  type ActionOutcome,
  type FaultRates,
  type InProcessHook,
  readDocuments,
  Simulation
} from "@rollcall/juju-simulator"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn } from "@rollcall/microcluster-adapter/stand-in"
import { Effect, Layer } from "effect"
import { inProcessMember } from "../src/in-process.ts"

/** What is deployed, and how its world is. */
export interface RollsOptions {
  readonly seed?: number
  readonly units: number
  readonly config?: Readonly<Record<string, string | number>>
  readonly faults?: FaultRates
  /** Whether the leader hears of its own writes, as it does in Juju. */
  readonly selfEvents?: boolean
  /** How far a unit's clock is off, in millis. */
  readonly skewOf?: (unit: string) => number
  readonly zoneOf?: (unit: string) => string
}

/** One try of a restart, as its script noted it. */
export interface Note {
  readonly unit: string
  readonly lock: string
  readonly token: number
  readonly attempt: number
  readonly code: number
}

/** An application that rolls. */
export interface Rolls {
  readonly sim: Simulation
  readonly leader: () => string
  readonly notes: () => ReadonlyArray<Note>
  /** What the restarted-command noted: outcome, reason and context. */
  readonly told: () => ReadonlyArray<string>
  /** The exit codes of a unit's next restarts; 0 after them. */
  readonly plan: (unit: string, ...codes: ReadonlyArray<number>) => void
  readonly act: (
    unit: string,
    action: string,
    params?: Readonly<Record<string, unknown>>
  ) => Promise<ActionOutcome>
  readonly status: (unit: string) => string
  /** When a unit asked to be woken, as it last said. */
  readonly wakes: ReadonlyMap<string, number | undefined>
  /** Gives a unit the hook for which a wake-up asks. */
  readonly wake: (unit: string) => Promise<void>
  /** Everything that stands in the peer relation. */
  readonly databags: () => Readonly<Record<string, unknown>>
  readonly close: () => Promise<void>
}

/** Deploys, and lets the units start. */
export const deployRolls = async (options: RollsOptions): Promise<Rolls> => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-rolls-"))
  const scripts = writeScripts(folder)
  const sim = await Simulation.make({
    seed: options.seed ?? 1,
    peerAppChangeToLeader: options.selfEvents ?? true,
    ...(options.faults === undefined ? {} : { faults: options.faults })
  })
  const wakes = new Map<string, number | undefined>()
  const member = makeMember(sim, options, wakes)
  await sim.deploy("app", {
    charm: { ...readDocuments(MEMBER), run: member },
    units: options.units,
    config: { ...scripts, ...options.config },
    env: (unit) => ({ JUJU_AVAILABILITY_ZONE: options.zoneOf?.(unit) ?? "" })
  })
  await sim.settle()
  const linesOf = (file: string) =>
    existsSync(join(folder, file))
      ? readFileSync(join(folder, file), "utf8").trimEnd().split("\n")
      : []
  return {
    sim,
    leader: () => sim.leader("app") ?? "",
    notes: () => linesOf("notes").map(noteOf),
    told: () => linesOf("told"),
    plan: (unit, ...codes) =>
      writeFileSync(join(folder, `plan-${unit.replace("/", "-")}`), `${codes.join("\n")}\n`),
    act: (unit, action, params) => sim.runAction(unit, action, params),
    status: (unit) => {
      const { message, status } = sim.status().app?.units[unit]?.workload ?? {}
      return `${status}: ${message}`
    },
    wakes,
    wake: async (unit) => {
      await sim.jujuExec(unit, ({ env, run }) =>
        member({ env: { ...env, JUJU_DISPATCH_PATH: "hooks/rollcall-wake" }, run })
      )
    },
    databags: () => ({
      app: sim.databag("app", "restart"),
      ...Object.fromEntries(sim.units("app").map((unit) => [unit, sim.databag(unit, "restart")]))
    }),
    close: async () => {
      await sim.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const MEMBER = join(import.meta.dirname, "../charms/member")

const makeMember = (
  sim: Simulation,
  { skewOf }: RollsOptions,
  wakes: Map<string, number | undefined>
) => {
  const product = makeStandIn({ heartbeatMillis: 0 })
  const member = inProcessMember({
    nowMillis: (unit) => sim.now + (skewOf?.(unit) ?? 0),
    hostOf: (unit) => HostName.make(unit.replace("/", "-")),
    clusterOf: (host) =>
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(product, host) }),
    wakeUp: (unit) =>
      Layer.succeed(WakeUp, {
        at: (atMillis) => Effect.sync(() => void wakes.set(unit, atMillis))
      })
  })
  // the script is a child of this process, not of a hook with an environment of its own
  return (hook: InProcessHook) => {
    process.env.ROLLS_UNIT = hook.env.JUJU_UNIT_NAME
    return member(hook)
  }
}

const noteOf = (line: string): Note => {
  const [unit = "", lock = "", token, attempt, code] = line.split(" ")
  return { unit, lock, token: Number(token), attempt: Number(attempt), code: Number(code) }
}

const writeScripts = (folder: string): Readonly<Record<string, string>> => {
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\ncd "\${0%/*}" || exit\n${text}`)
    chmodSync(path, 0o755)
    return path
  }
  return {
    "restart-command": write("restart", RESTART),
    "restarted-command": write("restarted", TOLD)
  }
}

const RESTART = `plan=plan-$(echo "$ROLLS_UNIT" | tr / -)
code=0
if [ -s "$plan" ]; then
  code=$(head -n 1 "$plan")
  sed -i 1d "$plan"
fi
echo "$ROLLS_UNIT $ROLLCALL_LOCK $ROLLCALL_TOKEN $ROLLCALL_ATTEMPT $code" >>notes
[ "$code" = 0 ] || echo "the service does not come up" >&2
exit "$code"
`

const TOLD = `echo "$ROLLS_UNIT $ROLLCALL_OUTCOME [$ROLLCALL_REASON] $ROLLCALL_CONTEXT" >>told\n`
