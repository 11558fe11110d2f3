// One random life of a formation, replayed by its seed: hosts and mirrors come, go, die and come back, leaders change,
// commands fail, registers are corrupted, time passes; then the trouble ends, and what was promised is checked.
// Checkers read the whole history, in which a violation of any moment stays: checking at the end checks every moment.
import { nativeDialect } from "@rollcall/core"
import { Effect, Random } from "effect"
import { makeChance } from "./Chance.ts"
import type { Violation } from "./Check.ts"
import { eventsOnce } from "./checkers/EventsOnce.ts"
import { everyHostJoins } from "./checkers/EveryHostJoins.ts"
import { mirrorConvergence } from "./checkers/MirrorConvergence.ts"
import { noTokenAtRest } from "./checkers/NoTokenAtRest.ts"
import { oneCluster } from "./checkers/OneCluster.ts"
import { oneIssuer } from "./checkers/OneIssuer.ts"
import { oneLiveToken } from "./checkers/OneLiveToken.ts"
import { tokenSingleUse } from "./checkers/TokenSingleUse.ts"
import { noFaults } from "./Faults.ts"
import { Formation } from "./Formation.ts"
import { type History, tell } from "./History.ts"
import { drawRates, misfortune } from "./Misfortune.ts"
import type { ProductFactory } from "./Product.ts"
import { Script } from "./Script.ts"
import { coreSubject, type Subject } from "./Subject.ts"
import type { Layout, WorldFactory } from "./World.ts"

/** What is simulated, over what. */
export interface SimulationOptions {
  readonly seed: number
  readonly layout: Layout
  readonly world: WorldFactory
  readonly product: ProductFactory
  /** How long the product's tokens live. */
  readonly tokenLifetimeMillis: number
  /** Whether the mirrors' ledger is lost when all mirrors are; who mints may change then (T3). */
  readonly losesLedger?: boolean
  readonly subject?: Subject
}

/** What one life came to. */
export interface Life {
  readonly history: History
  readonly violations: ReadonlyArray<Violation>
  /** The history in words, with the violations at its end. */
  readonly told: () => string
}

/** Lives one life. */
export const simulate = Effect.fnUntraced(function* (options: SimulationOptions) {
  const { layout, losesLedger = false, seed, subject = coreSubject, tokenLifetimeMillis } = options
  const chance = makeChance(seed)
  const world = yield* options.world(layout)
  const product = yield* options.product
  const scope = yield* Effect.scope
  const formation = new Formation({ layout, world, product, subject, chance, scope })
  const exit = yield* Effect.exit(
    live(formation, new Script(formation, chance, losesLedger), tokenLifetimeMillis).pipe(
      Random.withSeed(seed)
    )
  )
  const { history } = formation
  const violations: ReadonlyArray<Violation> = [
    ...tokenSingleUse(history),
    ...oneCluster(history),
    ...(losesLedger ? [] : oneIssuer(history)),
    ...oneLiveToken(history, tokenLifetimeMillis),
    ...eventsOnce(history),
    ...stops(history),
    ...(exit._tag === "Failure"
      ? [{ guarantee: "T4", detail: String(exit.cause) } as const]
      : exit.value)
  ]
  const told = () =>
    [...tell(history), ...violations.map((each) => `${each.guarantee}: ${each.detail}`)].join("\n")
  return { history, violations, told } satisfies Life
})

/** The trouble, its end, and what must hold then. */
const live = Effect.fnUntraced(function* (
  formation: Formation,
  script: Script,
  tokenLifetimeMillis: number
) {
  const { chance, layout } = formation.parts
  yield* script.open
  formation.faults = misfortune(chance, drawRates(chance))
  const length = 20 + chance.below(80)
  for (let i = 0; i < length; i++) {
    if (chance.happens(0.25)) yield* script.move
    else yield* formation.next
  }
  formation.faults = noFaults
  yield* script.close
  const atEnd = () => everyHostJoins(formation.hosts)
  yield* formation.run()
  // a token in unknown hands may have to grow too old, twice, before a cluster counts as gone
  const rounds = 12 + 2 * Math.ceil(tokenLifetimeMillis / 300_000)
  yield* formation.passTime(rounds, () => atEnd().length === 0)
  yield* formation.passTime(2)
  const views = yield* formation.views
  return [
    ...atEnd(),
    ...mirrorConvergence(views, layout.hostSides, nativeDialect),
    ...noTokenAtRest(formation.history, views, journalsOfPresent(formation))
  ]
})

/** A step may be killed, cut off, or told that it does not lead; nothing else may stop it, whatever a register says. */
const stops = (history: History): ReadonlyArray<Violation> =>
  history.flatMap((each) =>
    each._tag === "Stopped" && !EXPECTED.test(each.cause)
      ? [{ guarantee: "T4", detail: `${each.participant} stopped: ${each.cause}` } as const]
      : []
  )

const EXPECTED = /^killed$|NotLeader|StoreUnavailable/

const journalsOfPresent = ({ hosts, journals }: Formation) => {
  const machines = new Set(hosts.map(({ machine }) => machine.name))
  return new Map([...journals].filter(([machine]) => machines.has(machine)))
}
