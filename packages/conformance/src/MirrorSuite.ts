// The guarantees of the mirror, M1 to M4, over any world, by what participants see. That its rules are a merge (M3)
// is also shown without a world, by the properties of core's own tests.
import { Mirror, nativeDialect, PLACEHOLDER } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import type { Lacks } from "./Capability.ts"
import { type Check, unmet } from "./Check.ts"
import { mirrorConvergence } from "./checkers/MirrorConvergence.ts"
import type { Formation } from "./Formation.ts"
import { done } from "./History.ts"
import { entriesIn } from "./Seat.ts"
import { register } from "./Suite.ts"
import {
  checksOf,
  finish,
  finished,
  gather,
  type ServiceStatement,
  type Trial,
  trialOf,
  unitOf
} from "./Trial.ts"
import { twoSided, type WorldFactory } from "./World.ts"

const SEEDS = [1, 2, 3, 4, 5]

const statements: ReadonlyArray<ServiceStatement> = [
  {
    guarantee: "M1",
    states: "at rest everybody sees the same, whoever ran first",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const seed of SEEDS) {
          const formation = yield* finished(trial, { layout, hosts: 4, seed })
          const found = mirrorConvergence(yield* formation.views, layout.hostSides, nativeDialect)
          problems.push(...found.map(({ detail }) => `seed ${seed}: ${detail}`))
        }
        return problems
      })
  },
  {
    guarantee: "M1",
    states: "what one publishes is seen by all, also across groups",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* finished(trial, { layout, hosts: 4 })
        yield* publish(formation, unitOf(layout, 0), { motd: "hello" })
        yield* finish(formation)
        const deaf = yield* Effect.filter([1, 2, 3], (i) =>
          Effect.map(factAt(formation, unitOf(layout, i), "motd"), (value) => value !== "hello")
        )
        return deaf.map((i) => `${unitOf(layout, i)} does not see what was published`)
      })
  },
  {
    guarantee: "M2",
    states: "a placeholder never replaces a value, and a value stays what it was",
    run: (trial, layout) =>
      Effect.gen(function* () {
        // the later writer comes first in every order of names
        const [early, late] = [unitOf(layout, layout.hostSides.length), unitOf(layout, 0)]
        const formation = yield* finished(trial, { layout, hosts: 4 })
        const problems: Array<string> = []
        yield* publish(formation, early, { motd: "first" })
        yield* finish(formation)
        for (const value of [PLACEHOLDER, "second"]) {
          yield* publish(formation, late, { motd: value })
          yield* finish(formation)
          const seen = yield* factAt(formation, early, "motd")
          if (seen !== "first") problems.push(`after ${value} was published, ${seen} is seen`)
        }
        return problems
      })
  },
  {
    guarantee: "M3",
    states: "repeating every step changes no register",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* finished(trial, { layout, hosts: 4 })
        yield* publish(formation, unitOf(layout, 1), { motd: "hello" })
        yield* finish(formation)
        const before = yield* registers(formation)
        yield* formation.passTime(2)
        const after = yield* registers(formation)
        return after
          .filter((line) => !before.includes(line))
          .map((line) => `after another round: ${line}`)
      })
  },
  {
    guarantee: "M3",
    states: "the order in which values arrive does not matter",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const outcomes = new Set<string>()
        for (const seed of SEEDS) {
          const formation = yield* gather(trial, { layout, hosts: 4, seed })
          for (const i of [0, 1, 2, 3]) {
            yield* publish(formation, unitOf(layout, i), { [`fact-${i}`]: `value-${i}` })
          }
          yield* finish(formation)
          const facts = yield* formation.as(unitOf(layout, 0), Effect.flatMap(Mirror, seenFacts))
          outcomes.add(JSON.stringify(facts))
        }
        return unmet({ [`all orders end alike: ${[...outcomes].join(" ")}`]: outcomes.size === 1 })
      })
  },
  {
    guarantee: "M4",
    states:
      "after all mirrors are lost at once, at any time, everybody joins and nothing is minted again",
    layouts: [twoSided],
    run: (trial, layout) =>
      Effect.gen(function* () {
        const count = ({ history }: Formation) =>
          `${done(history, "add").length} minted, ${done(history, "join").length} joined`
        const cast = { layout, hosts: 3 }
        const undisturbed = count(yield* finished(trial, cast))
        const problems: Array<string> = []
        for (let steps = 0; steps < 40; steps++) {
          const formation = yield* gather(trial, cast)
          for (let i = 0; i < steps; i++) yield* formation.next
          yield* loseMirrors(formation)
          yield* finish(formation)
          const now = count(formation)
          if (now !== undisturbed) problems.push(`lost after ${steps} steps: ${now}`)
        }
        return problems
      })
  },
  {
    guarantee: "M4",
    states: "after all mirrors are lost at once, what was published is seen again",
    layouts: [twoSided],
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* finished(trial, { layout, hosts: 2 })
        yield* publish(formation, "app/0", { motd: "hello" })
        yield* finish(formation)
        yield* loseMirrors(formation)
        yield* finish(formation)
        const seen = yield* factAt(formation, "app/0", "motd")
        return unmet({ [`it is seen again, not ${seen}`]: seen === "hello" })
      })
  }
]

/** All checks of the mirror. **Guarantee** M1 to M4 */
export const mirrorChecks: ReadonlyArray<Check<Trial>> = checksOf(statements)

/** Runs the guarantees of the mirror under vitest. */
export const mirrorSuite = (
  name: string,
  world: WorldFactory,
  lacks: Lacks = {},
  parts: Partial<Trial> = {}
): void => register(`${name}: the mirror`, mirrorChecks, trialOf(world, parts), lacks)

const loseMirrors = (formation: Formation) =>
  Effect.andThen(
    formation.depart("distributor/0", "distributor/1"),
    formation.mirror("distributor/2")
  )

const publish = (formation: Formation, name: string, facts: Readonly<Record<string, string>>) =>
  formation.as(
    name,
    Effect.flatMap(Mirror, (mirror) => mirror.publish(facts))
  )

const seenFacts = (mirror: Mirror["Service"]) =>
  Effect.map(mirror.facts, (facts) =>
    [...facts].map(([key, value]) => [key, Redacted.value(value)]).sort()
  )

const factAt = (formation: Formation, name: string, key: string) =>
  Effect.map(formation.as(name, Effect.flatMap(Mirror, seenFacts)), (facts) =>
    facts.find(([each]) => each === key)?.at(1)
  )

const registers = (formation: Formation) =>
  Effect.map(formation.views, (views) =>
    views.flatMap((view) =>
      entriesIn(view).map(({ at, value }) => `${view.self} sees ${value} at ${at}`)
    )
  )
