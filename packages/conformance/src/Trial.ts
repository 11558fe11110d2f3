// What the services' suites run on: a world, a product, and the services themselves, which are core's unless a test
// puts something else in their place.
import { Cause, Effect, Exit, Random, type Scope } from "effect"
import { type Capability, needOf } from "./Capability.ts"
import { makeChance } from "./Chance.ts"
import type { Check, GuaranteeId, Violation } from "./Check.ts"
import { everyHostJoins } from "./checkers/EveryHostJoins.ts"
import { type Faults, noFaults } from "./Faults.ts"
import { Formation } from "./Formation.ts"
import { memoryProduct, type ProductFactory } from "./Product.ts"
import { coreSubject, type Subject } from "./Subject.ts"
import { type Layout, oneSided, twoSided, type WorldFactory } from "./World.ts"

/** Everything a suite of the services is run on. */
export interface Trial {
  readonly world: WorldFactory
  readonly product: ProductFactory
  readonly subject: Subject
}

/** A trial of core's services over `world`, with a product in memory. */
export const trialOf = (world: WorldFactory, parts: Partial<Trial> = {}): Trial => ({
  product: memoryProduct,
  subject: coreSubject,
  ...parts,
  world
})

/** Who is there at first: two mirrors where mirrors are apart, and hosts `host-<n>` on the sides in turn. */
export interface Cast {
  readonly layout: Layout
  readonly hosts: number
  readonly seed?: number
  readonly faults?: Faults
}

/** Lets a cast in; nobody has run yet. */
export const gather = Effect.fnUntraced(function* (trial: Trial, cast: Cast) {
  const { faults = noFaults, hosts, layout, seed = 1 } = cast
  const world = yield* trial.world(layout)
  const product = yield* trial.product
  const chance = makeChance(seed)
  const { subject } = trial
  const scope = yield* Effect.scope
  const formation = new Formation({ layout, world, product, subject, chance, scope })
  formation.faults = faults
  const mirrors = layout.name === "two-sided" ? ["0", "1"] : []
  for (const number of mirrors) yield* formation.mirror(`${layout.mirrorSide}/${number}`)
  for (let i = 0; i < hosts; i++) yield* formation.host(unitOf(layout, i), `host-${i}`)
  return formation
})

/** The participant that speaks for `host-<i>`. */
export const unitOf = ({ hostSides }: Layout, i: number): string =>
  `${hostSides[i % hostSides.length]}/${Math.floor(i / hostSides.length)}`

/**
 * Runs a formation until all is done: whoever is woken, then sweeps while time passes; and where somebody is not in then,
 * for whom a token was lost that the product would not mint again, all that once more when such tokens are too old.
 */
export const finish = Effect.fnUntraced(function* (formation: Formation) {
  yield* formation.run()
  yield* formation.passTime(4)
  if (everyHostJoins(formation.hosts).length === 0) return
  yield* formation.parts.product.outliveTokens
  yield* formation.passTime(6)
})

/** Lives one cast to its end. */
export const finished = (trial: Trial, cast: Cast) =>
  Effect.gen(function* () {
    const formation = yield* gather(trial, cast)
    yield* finish(formation)
    return formation
  })

/** A life in which one process died, at one point; in the last of all such lives nobody did. */
export interface Death {
  readonly where: string
  readonly formation: Formation
  /** Why the life did not come to its end, if it did not. */
  readonly problem: string | undefined
}

/**
 * Lives the formation of three hosts once for every point at which a process can die, dying there once, and returns
 * what `check` finds in these lives. A trial lives them once, whatever is asked of them.
 */
export const dyingEverywhere = (
  trial: Trial,
  layout: Layout,
  check: (death: Death) => ReadonlyArray<Violation>
): Effect.Effect<ReadonlyArray<string>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const known = deathsOf.get(trial) ?? new Map<Layout, ReadonlyArray<Death>>()
    const deaths = known.get(layout) ?? (yield* allDeaths(trial, layout))
    deathsOf.set(trial, known.set(layout, deaths))
    return deaths.flatMap((death) => {
      const details = check(death).map(({ detail }) => detail)
      const all = death.problem === undefined ? details : [death.problem, ...details]
      return all.map((each) => `${death.where}: ${each}`)
    })
  })

const deathsOf = new WeakMap<Trial, Map<Layout, ReadonlyArray<Death>>>()

const allDeaths = Effect.fnUntraced(function* (trial: Trial, layout: Layout) {
  const deaths: Array<Death> = []
  for (let n = 0; deaths.at(-1)?.where !== SURVIVED; n++) {
    let left = n
    let where = SURVIVED
    const kills: Faults["kills"] = (participant, point) => {
      if (left-- !== 0) return false
      where = `${participant} died ${point}`
      return true
    }
    const formation = yield* gather(trial, { layout, hosts: 3, faults: { ...noFaults, kills } })
    const exit = yield* Effect.exit(finish(formation))
    const problem = Exit.isSuccess(exit) ? undefined : Cause.pretty(exit.cause)
    deaths.push({ where, formation, problem })
  }
  return deaths
})

const SURVIVED = "nobody died"

/** One statement about the services, to be checked in the layouts it is about; both unless told otherwise. */
export interface ServiceStatement {
  readonly guarantee: GuaranteeId
  readonly states: string
  readonly needs?: ReadonlyArray<Capability>
  readonly layouts?: ReadonlyArray<Layout>
  readonly run: (
    trial: Trial,
    layout: Layout
  ) => Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope>
}

/** The checks of statements; incarnations and keys are drawn from a fixed seed. */
export const checksOf = (
  statements: ReadonlyArray<ServiceStatement>
): ReadonlyArray<Check<Trial>> =>
  statements.flatMap(({ guarantee, layouts = [oneSided, twoSided], needs = [], run, states }) =>
    layouts.map((layout) => ({
      guarantee,
      states: `${states}, ${layout.name}`,
      needs: ["test-clock", needOf(layout), ...needs] as const,
      run: (trial: Trial) => run(trial, layout).pipe(Random.withSeed(1))
    }))
  )
