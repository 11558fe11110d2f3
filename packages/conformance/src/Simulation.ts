// One random life of a formation, replayed by its seed: hosts and mirrors come, go, die and come back, leaders change,
// commands fail, registers are corrupted, time passes; then the trouble ends, and what was promised is checked.
// Checkers read the whole history, in which a violation of any moment stays: checking at the end checks every moment.
import { nativeDialect } from "@rollcall/core"
import { Effect, Random, type Scope } from "effect"
import { type Chance, makeChance } from "./Chance.ts"
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
import { coreSubject, Formation, type Subject } from "./Formation.ts"
import { type History, tell } from "./History.ts"
import { drawRates, misfortune } from "./Misfortune.ts"
import type { ProductFactory } from "./Product.ts"
import { Script } from "./Script.ts"
import type { Layout, WorldFactory } from "./World.ts"

/** What is simulated, over what. */
export interface SimulationOptions {
  readonly seed: number
  readonly layout: Layout
  readonly world: WorldFactory
  readonly product: ProductFactory
  /** How long the product's tokens live. */
  readonly tokenLifetimeMillis: number
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
  const { layout, seed, subject = coreSubject, tokenLifetimeMillis } = options
  const chance = makeChance(seed)
  const world = yield* options.world(layout)
  const product = yield* options.product
  const formation = new Formation({ layout, world, product, subject, chance })
  const exit = yield* Effect.exit(
    live(formation, chance, tokenLifetimeMillis).pipe(Random.withSeed(seed))
  )
  const { history } = formation
  const violations: ReadonlyArray<Violation> = [
    ...tokenSingleUse(history),
    ...oneCluster(history),
    ...oneIssuer(history),
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
  chance: Chance,
  tokenLifetimeMillis: number
) {
  const script = new Script(formation, chance)
  yield* script.open
  formation.faults = misfortune(chance, drawRates(chance))
  const length = 20 + chance.below(60)
  for (let i = 0; i < length; i++) {
    if (chance.happens(0.25)) yield* script.move
    else yield* formation.next
  }
  formation.faults = noFaults
  yield* script.close
  const { layout } = formation.parts
  const atEnd = () =>
    everyHostJoins(
      formation.present.flatMap(({ id, machine }) =>
        machine === undefined ? [] : [{ id, machine, decision: formation.decisions.get(id) }]
      )
    )
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

/** A step may be killed or told that it does not lead; nothing else may stop it. */
const stops = (history: History): ReadonlyArray<Violation> =>
  history.flatMap((each) =>
    each._tag === "Stopped" && each.cause !== "killed" && !each.cause.includes("NotLeader")
      ? [{ guarantee: "T4", detail: `${each.participant} stopped: ${each.cause}` } as const]
      : []
  )

const journalsOfPresent = ({ journals, present }: Formation) => {
  const machines = new Set(present.flatMap(({ machine }) => machine?.name ?? []))
  return new Map([...journals].filter(([machine]) => machines.has(machine)))
}

/** The scope that a simulation needs, named for callers. */
export type SimulationScope = Scope.Scope
