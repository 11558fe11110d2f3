// A seeded play of one application: hooks of different units overlap at random, then everything is let settle.
import type { Application } from "./Application.ts"

/** What befalls the application while it plays. */
export interface PlayOptions {
  readonly seed: number
  readonly events?: number
  /** False where the roll is to be left in the middle. */
  readonly settles?: boolean
  /** Units that may lead in turn, at any moment; the leader stays where there are none. */
  readonly leaders?: ReadonlyArray<string>
  /** How often a hook is lost after what it ran has run, in a thousand. */
  readonly fails?: number
  /** Asks for more in the middle of it. */
  readonly asks?: (unit: string, chance: number) => Parameters<Application["begin"]>[2]
}

/** Random numbers in [0, 1) that a seed decides. */
export const chances = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Units that still want something, in either format, and what it is. */
export const unfinished = (application: Application): ReadonlyArray<string> =>
  [...application.bags].flatMap(([unit, bag]) => {
    const { queue = [] } = JSON.parse(bag.get("rolling-lock.restart") ?? "{}")
    const deployed = bag.get("operations")
    const waits = deployed === undefined ? queue.length > 0 : deployed !== "[]"
    return waits ? [`${unit} ${bag.get("state")} ${deployed}`] : []
  })

/** Plays, ends what was begun, and settles. */
export const play = async (application: Application, options: PlayOptions): Promise<void> => {
  const { asks, events = 2000, fails = 0, leaders = [], seed, settles = true } = options
  const chance = chances(seed)
  const pick = <A>(list: ReadonlyArray<A>) => list[Math.floor(chance() * list.length)] as A
  for (let event = 0; event < events && unfinished(application).length > 0; event++) {
    const unit = pick(application.units)
    if (application.isBusy(unit)) {
      application.end(unit, chance() * 1000 < fails)
    } else if (leaders.length > 0 && chance() < 0.05 && !application.isBusy(application.leader)) {
      // a deployed leader that is deposed while its own operation runs shows a free lock (D7): nobody else can tell
      application.leader = pick(leaders)
    } else {
      const asked = asks?.(unit, chance())
      const wakes = application.programs.get(unit)?.wakes?.() === true && chance() < 0.5
      const alone = chance() < 0.15
      const name = wakes ? "worker" : alone ? "update-status" : "relation-changed"
      await application.begin(unit, name, asked)
    }
  }
  for (const unit of application.units) application.end(unit)
  if (settles) await application.settle()
}
