// A world of conformance over Juju: every participant is a unit of a simulated model, every step one `juju exec` in it.
// A layout of one side is the peer relation of one application, a layout of two sides is relations between applications.
// The charms do nothing by themselves but forget what changed; what wakes a participant is any hook that runs for it.

import { Crash, type Layout, sidesOf, type World, type WorldFactory } from "@rollcall/conformance"
import { type ParticipantId, Store, type StoreShape } from "@rollcall/core"
import { type InProcessHook, Simulation } from "@rollcall/juju-simulator"
import { Context, Effect, Exit, Layer, Stream } from "effect"
import { HookCommand } from "../../src/HookCommand.ts"
import { JujuContext } from "../../src/JujuContext.ts"
import { jujuPeerStore } from "../../src/JujuPeerStore.ts"
import { jujuStore } from "../../src/JujuStore.ts"
import { forgetPeer } from "../../src/PeerMemory.ts"

/** How the mirrors' side keeps its store. */
export interface JujuWorldOptions {
  /** Whether it sends by Juju secrets what is meant for one. */
  readonly mailboxes: boolean
  /** Whether it remembers all databags that it reads. */
  readonly remembers: boolean
}

/** A world of units. */
export const jujuWorld =
  (kept: JujuWorldOptions): WorldFactory =>
  (layout) =>
    Effect.gen(function* () {
      const sim = yield* Effect.acquireRelease(
        Effect.promise(() => deployed(layout)),
        (open) => Effect.promise(() => open.close())
      )
      let seen = 0
      const doomed = new Set<string>()
      const run = Effect.promise(() => sim.advance(0))
      return {
        enter: (participant) =>
          Effect.gen(function* () {
            if (sim.model.units.has(participant)) sim.heal(participant)
            else yield* Effect.promise(() => addUnit(sim, participant))
            yield* run
          }),
        expect: (participant) =>
          Effect.promise(async () => {
            await addUnit(sim, participant)
            // a unit that is cut off is there for everybody to expect, and does not come
            sim.partition(participant)
          }),
        depart: (participant) =>
          Effect.andThen(
            Effect.sync(() => sim.removeUnit(participant)),
            run
          ),
        electLeader: (participant) => Effect.sync(() => sim.electLeader(participant)),
        store: (participant) =>
          Layer.succeed(Store, storeOf(sim, participant, { ...kept, doomed, layout })),
        crashNextCommit: (participant) => Effect.sync(() => doomed.add(participant)),
        settle: Effect.promise(async () => {
          await sim.settle()
          const woken = sim.hooks().slice(seen)
          seen = sim.hooks().length
          return new Set(
            woken.flatMap(({ hook, unit }) => (hook === "juju-exec" ? [] : [unit as ParticipantId]))
          )
        })
      } satisfies World
    })

const deployed = async (layout: Layout): Promise<Simulation> => {
  const sim = await Simulation.make({ seed: 1, updateStatusInterval: 0 })
  for (const side of sidesOf(layout)) {
    const mirrors = side === layout.mirrorSide
    const metadata = {
      name: side,
      ...(mirrors ? { peers: { council: { interface: "council" } } } : {}),
      ...(mirrors
        ? { provides: { cluster: { interface: "cluster" } } }
        : { requires: { cluster: { interface: "cluster" } } })
    }
    await sim.deploy(side, { charm: { metadata, run: forget }, units: 0 })
  }
  if (layout.name === "one-sided") return sim
  for (const side of layout.hostSides) sim.relate(`${layout.mirrorSide}:cluster`, `${side}:cluster`)
  return sim
}

/** A hook that ends well without a step. */
const forget = ({ env, run }: InProcessHook): Promise<number> =>
  Effect.runPromise(
    Effect.flatMap(JujuContext, forgetPeer).pipe(
      Effect.as(0),
      Effect.provide(Layer.merge(JujuContext.layer(env), HookCommand.layerWith(run)))
    )
  )

const addUnit = async (sim: Simulation, participant: string): Promise<void> => {
  const [side = "", number] = participant.split("/")
  const application = sim.model.applications.get(side)
  if (application !== undefined) application.nextUnit = Number(number)
  await sim.addUnit(side)
}

interface Surroundings extends JujuWorldOptions {
  readonly doomed: Set<string>
  readonly layout: Layout
}

const storeOf = (
  sim: Simulation,
  self: ParticipantId,
  { doomed, layout, mailboxes, remembers }: Surroundings
): StoreShape => {
  const mirrors = self.startsWith(`${layout.mirrorSide}/`)
  const options = {
    endpoint: "cluster",
    mailboxes,
    ...(mirrors ? { peers: "council" } : {}),
    ...(mirrors && remembers ? { remembers: () => true } : {})
  }
  const layer = layout.name === "one-sided" ? jujuPeerStore("council") : jujuStore(options)
  let inside: StoreShape | undefined
  /** Runs `use` in the unit, and what became of it, its commit included. */
  const within = <A, E, R>(use: (store: StoreShape) => Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const context = yield* Effect.context<R>()
      let exit: Exit.Exit<A, E> | undefined
      const program = async ({ env, run }: InProcessHook) => {
        const surroundings = Layer.merge(JujuContext.layer(env), HookCommand.layerWith(run))
        const store = Layer.orDie(layer.pipe(Layer.provide(surroundings)))
        const here = Effect.flatMap(Layer.build(store), (built) => {
          inside = Context.get(built, Store)
          return use(inside)
        })
        exit = await Effect.runPromiseExit(Effect.scoped(here).pipe(Effect.provideContext(context)))
        inside = undefined
        return 0
      }
      if (doomed.delete(self)) {
        sim.faults.add({ at: "before-commit", unit: self, effect: "crash" })
      }
      const output = yield* Effect.promise(() => sim.jujuExec(self, program))
      if (exit === undefined || (Exit.isSuccess(exit) && output.code !== 0)) {
        return yield* Effect.die(new Crash(`in ${self}: ${output.stderr}`))
      }
      return yield* exit
    })
  return {
    self,
    step: (body) => within((store) => store.step(body)),
    // asked for within a step, it is asked in the same hook
    census: Effect.suspend(() => inside?.census ?? within((store) => store.census)),
    changes: Stream.empty
  } satisfies StoreShape
}
