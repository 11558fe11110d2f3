// Fleets of our units and deployed ones (as models) in one application: one holder at a time, and everything finishes.
// Exclusion is judged by the beginnings and ends of hooks. Each defect of a deployed leader or unit that our end cures is
// shown on the models first.
import { assert, describe, it } from "@effect/vitest"
import { jujuLockDialect, type LockDialectName } from "../../src/index.ts"
import { Application } from "./models/Application.ts"
import { type MissingRule, without } from "./models/BrokenDialect.ts"
import { deployedUnit, type ModelResult } from "./models/DeployedModel.ts"
import { ourUnit } from "./models/OurUnit.ts"
import { chances, play, unfinished } from "./models/Play.ts"

const FORMS = ["v1", "charmlibs"] as const
const DAY = 86_400_000_000
const SEEDS = Array.from({ length: Number(process.env.ROLLCALL_SEEDS ?? 10) }, (_, i) => i + 1)

/** Operations that end as their number says: 0 at once, 1 after a retry that releases, 2 after one that holds. */
const endings = () => {
  const tries = new Map<string, number>()
  const result = (key: string, kind: "restart" | "again" | "hold"): ModelResult => {
    const tried = (tries.get(key) ?? 0) + 1
    tries.set(key, tried)
    if (kind === "restart" || tried % 2 === 0) return "release"
    return kind === "again" ? "retry-release" : "retry-hold"
  }
  const callbacks = Object.fromEntries(
    (["restart", "again", "hold"] as const).map((kind) => [
      kind,
      (_: unknown, hook?: { readonly unit: string }) => result(`${hook?.unit} ${kind}`, kind)
    ])
  )
  return callbacks
}

const KINDS = ["restart", "again", "hold"] as const

const ours = (name: LockDialectName, missing?: MissingRule) => {
  const dialect = jujuLockDialect(name, { lock: "restart" })
  return ourUnit({
    dialect: missing === undefined ? dialect : without(missing, dialect),
    callbacks: endings()
  })
}

const deployed = (form: (typeof FORMS)[number]) => {
  const ends = endings()
  const callbacks = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      (hook: { readonly unit: string }) => ends[kind]?.(0, hook) ?? "release"
    ])
  )
  return deployedUnit({ form, callbacks })
}

const askAll = async (application: Application, seed: number) => {
  const chance = chances(seed * 7919)
  for (const unit of application.units) {
    const many = 1 + Math.floor(chance() * 3)
    for (let i = 0; i < many; i++) {
      const operation = KINDS[Math.floor(chance() * KINDS.length)] ?? "restart"
      await application.hook(unit, "relation-changed", { operation, kwargs: { i } })
    }
  }
}

/** A unit may run twice under one grant, when its hook was lost or it keeps the lock; two units never. */
const tokensRise = (application: Application): void => {
  const runs = application.runs.filter(({ token }) => token !== undefined)
  const falls = runs.filter(({ token = 0, unit }, i) => {
    const before = runs[i - 1]
    if (before?.token === undefined) return false
    return before.unit === unit ? token < before.token : token <= before.token
  })
  const shown = runs.map(({ token, unit }) => `${unit} ${token}`).join(", ")
  assert.deepStrictEqual(falls, [], `tokens fall: ${shown}`)
}

const expectRolled = (application: Application, seed: number): void => {
  assert.deepStrictEqual(application.overlaps(), [], `seed ${seed}`)
  assert.deepStrictEqual(unfinished(application), [], `seed ${seed}`)
  tokensRise(application)
}

/** Three units of ours and two deployed ones; `skew` is asked for each. */
const fleet = (
  form: (typeof FORMS)[number],
  leader: "ours" | "theirs",
  skew: (unit: string) => number,
  missing?: MissingRule
): Application => {
  const application = new Application()
  const mine = [0, 2, 4].map((n) => [`app/${n}`, ours(form, missing)] as const)
  const others = [1, 3].map((n) => [`app/${n}`, deployed(form)] as const)
  for (const [unit, program] of leader === "ours" ? [...mine, ...others] : [...others, ...mine]) {
    application.add(unit, program, skew(unit))
  }
  return application
}

const OURS = ["app/0", "app/2", "app/4"]

/** Seeds in which something goes wrong, and what it is. */
const wrongIn = async (
  seeds: ReadonlyArray<number>,
  roll: (seed: number) => Promise<Application>
): Promise<{ overlaps: number; stuck: number }> => {
  let [overlaps, stuck] = [0, 0]
  for (const seed of seeds) {
    const application = await roll(seed)
    if (application.overlaps().length > 0) overlaps++
    if (unfinished(application).length > 0) stuck++
  }
  return { overlaps, stuck }
}

describe.each(FORMS)("beside units of %s", (form) => {
  const apart = (seed: number) => {
    const chance = chances(seed)
    return () => Math.round((chance() * 2 - 1) * DAY)
  }
  const underOurs = async (seed: number, missing?: MissingRule) => {
    const application = fleet(form, "ours", apart(seed), missing)
    await askAll(application, seed)
    await play(application, { seed, fails: 100 })
    return application
  }
  /** Deployed clocks agree, ours do not: a deployed leader depends on its own library's only. */
  const underTheirs = async (seed: number, missing?: MissingRule) => {
    const skew = apart(seed)
    const application = fleet(form, "theirs", (unit) => (OURS.includes(unit) ? skew() : 0), missing)
    await askAll(application, seed)
    await play(application, { seed, fails: 50 })
    return application
  }

  it.each(SEEDS)("a unit of ours leads, clocks a day apart, seed %i (D1, D2, D3)", async (seed) => {
    expectRolled(await underOurs(seed), seed)
  })

  it.each(SEEDS)("a deployed unit leads, our clocks a day apart, seed %i", async (seed) => {
    const application = await underTheirs(seed)
    const own = application.failures.filter((each) => !each.endsWith("was made to fail"))
    assert.deepStrictEqual(own, [])
    expectRolled(application, seed)
  })

  it.each(SEEDS)("units of both lead in turn, our clocks a day apart, seed %i", async (seed) => {
    const skew = apart(seed)
    const application = fleet(form, "theirs", (unit) => (OURS.includes(unit) ? skew() : 0))
    await askAll(application, seed)
    await play(application, { seed, leaders: application.units })
    expectRolled(application, seed)
  })

  it.each(SEEDS)("our units lead in turn, clocks a day apart, seed %i", async (seed) => {
    const application = fleet(form, "ours", apart(seed))
    await askAll(application, seed)
    await play(application, { seed, leaders: OURS, fails: 50 })
    expectRolled(application, seed)
  })

  it("goes wrong when our units tell the end of a grant in their own clock", async () => {
    const rule = "the end of a grant is told in the leader's clock"
    const wrong = await wrongIn(SEEDS, (seed) => underTheirs(seed, rule))
    assert.isAbove(wrong.overlaps, 0)
  })

  it.each([
    "a grant is given in its holder's clock",
    "a holder that did not see its end is granted again"
  ] as const)("goes wrong without the rule that %s", async (rule) => {
    const wrong = await wrongIn(SEEDS, (seed) => underOurs(seed, rule))
    assert.isAbove(wrong.overlaps + wrong.stuck, 0, JSON.stringify(wrong))
  })
})
