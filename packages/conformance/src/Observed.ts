// A host's surroundings as a formation provides them: its cluster command, journal, user code and store, each watched,
// and each a place where the process can die.
import {
  ClusterCli,
  ClusterCliError,
  type ClusterCliOperation,
  type Entries,
  eventName,
  type HostName,
  Journal,
  Lifecycle,
  LifecycleFailed,
  noEntries,
  type ParticipantId,
  Store,
  StoreUnavailable
} from "@rollcall/core"
import { Effect, Layer, type Redacted } from "effect"
import { Crash } from "./Crash.ts"
import type { CrashPoint, Faults } from "./Faults.ts"
import type { Happening, Machine } from "./History.ts"

/** What a host's surroundings are made of. */
export interface Watch {
  readonly participant: ParticipantId
  readonly faults: () => Faults
  readonly record: (happening: Happening) => Effect.Effect<void>
  /** Makes another one of its side leader. */
  readonly depose: Effect.Effect<void>
}

/** A cluster command whose calls are recorded and can be refused, cut off, or robbed of their answer. */
export const watchedCli = (
  watch: Watch,
  machine: Machine,
  command: Layer.Layer<ClusterCli>
): Layer.Layer<ClusterCli> =>
  Layer.effect(
    ClusterCli,
    Effect.map(ClusterCli, (cli) => {
      const around = watched(watch, machine)
      return ClusterCli.of({
        bootstrap: (args) => around("bootstrap", cli.bootstrap(args), {}),
        add: (about) => around("add", cli.add(about), { about }),
        join: (token, args) => around("join", cli.join(token, args), { token }),
        list: around("list", cli.list, {}),
        remove: (about, options) => around("remove", cli.remove(about, options), { about })
      })
    })
  ).pipe(Layer.provide(command))

/** A journal in `shelf`, under the machine's name: it outlives processes and goes with the machine. */
export const watchedJournal = (
  watch: Watch,
  machine: Machine,
  shelf: Map<string, Entries>
): Layer.Layer<Journal> =>
  Layer.succeed(
    Journal,
    Journal.of({
      load: Effect.sync(() => shelf.get(machine.name) ?? noEntries),
      save: (entries) =>
        Effect.andThen(
          Effect.sync(() => shelf.set(machine.name, new Map(entries))),
          mayDie(watch, "after the journal")
        )
    })
  )

/** User code that remembers what it heard; a process may die before it, not between it and the journal. */
export const watchedLifecycle = (watch: Watch, machine: Machine): Layer.Layer<never> =>
  Layer.succeed(Lifecycle, {
    on: (event) =>
      Effect.gen(function* () {
        yield* mayDie(watch, "before an event")
        if (watch.faults().failsEvent(watch.participant)) {
          return yield* new LifecycleFailed({ event: eventName(event), detail: "not today" })
        }
        yield* watch.record({ _tag: "Heard", machine, event })
      }),
    bootstrapArguments: Effect.succeed([]),
    joinArguments: Effect.succeed([])
  })

/** A store that may not answer, and whose steps can die when their body is done. */
export const watchedStore = (watch: Watch, store: Layer.Layer<Store>): Layer.Layer<Store> =>
  Layer.effect(
    Store,
    Effect.map(Store, (inner) =>
      Store.of({
        ...inner,
        census: Effect.andThen(mayBeCutOff(watch), inner.census),
        step: (body) =>
          Effect.andThen(
            mayBeCutOff(watch),
            inner.step((view) =>
              Effect.tap(body(view), () =>
                Effect.andThen(mayBeDeposed(watch), mayDie(watch, "before the commit"))
              )
            )
          )
      })
    )
  ).pipe(Layer.provide(store))

const mayBeDeposed = (watch: Watch): Effect.Effect<void> =>
  Effect.suspend(() => (watch.faults().deposes(watch.participant) ? watch.depose : Effect.void))

const mayBeCutOff = (watch: Watch): Effect.Effect<void, StoreUnavailable> =>
  Effect.suspend(() =>
    watch.faults().cutsOff(watch.participant)
      ? Effect.fail(new StoreUnavailable({ operation: "step", detail: "a fault of the test" }))
      : Effect.void
  )

const watched =
  (watch: Watch, machine: Machine) =>
  <A>(
    operation: ClusterCliOperation,
    call: Effect.Effect<A, ClusterCliError>,
    of: { readonly about?: HostName; readonly token?: Redacted.Redacted<string> }
  ): Effect.Effect<A, ClusterCliError> =>
    Effect.gen(function* () {
      const { participant } = watch
      const fail = (reason: ClusterCliError["reason"]) =>
        new ClusterCliError({ operation, reason, detail: "a fault of the test" })
      yield* mayDie(watch, `before ${operation}`)
      const refusal = watch.faults().refuses(participant, operation)
      const result = yield* Effect.result(refusal === undefined ? call : Effect.fail(fail(refusal)))
      const token = operation === "add" && result._tag === "Success" ? result.success : undefined
      yield* watch.record({
        _tag: "Called",
        machine,
        operation,
        ...of,
        ...(token === undefined ? {} : { token: token as Redacted.Redacted<string> }),
        ...(result._tag === "Failure" ? { reason: result.failure.reason } : {})
      })
      yield* mayDie(watch, `after ${operation}`)
      if (result._tag === "Failure") return yield* result.failure
      if (watch.faults().losesAnswer(participant, operation)) return yield* fail("timed-out")
      return result.success
    })

const mayDie = (watch: Watch, point: CrashPoint): Effect.Effect<void> =>
  Effect.suspend(() =>
    watch.faults().kills(watch.participant, point) ? Effect.die(new Crash(point)) : Effect.void
  )
