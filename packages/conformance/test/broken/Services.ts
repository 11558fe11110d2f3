// Services that break one promise each. They are core's own, over surroundings that lie to them.
import {
  ClusterCli,
  ClusterCliError,
  type Entries,
  Journal,
  nativeDialect,
  type SealerShape,
  Store,
  type StoreShape,
  TokenIssuer,
  WireDialect,
  type Write
} from "@rollcall/core"
import { Effect, Layer, Redacted } from "effect"
import { coreSubject, type Subject } from "../../src/Subject.ts"
import { sealed, testSealer } from "../../src/TestSealer.ts"

/** M1: publishes values to the first group only. */
export const partialMirror = mirrorOver((store) => ({
  ...store,
  step: (body) =>
    store.step((view) =>
      Effect.map(body(view), ([result, writes]) => {
        const elsewhere = ({ key, place }: Write) =>
          key.startsWith("rollcall-mirrored.") &&
          place._tag === "own" &&
          place.group !== view.groups[0]?.id
        return [result, writes.filter((write) => !elsewhere(write))] as const
      })
    )
}))

/** M2: forgets which values were established, so that the first participant in order of names wins. */
export const fickleMirror = mirrorOver((store) => ({
  ...store,
  step: (body) =>
    store.step((view) =>
      body({
        ...view,
        groups: view.groups.map((group) => ({
          ...group,
          own: new Map([...group.own].filter(([key]) => !key.startsWith("rollcall-mirrored.")))
        }))
      })
    )
}))

/** M3: a mirror writes something new in every step. */
export const restlessMirror = mirrorOver((store) => {
  let steps = 0
  return {
    ...store,
    step: (body) =>
      store.step((view) =>
        Effect.map(body(view), ([result, writes]) => {
          // where everybody mirrors it would never come to rest, and break everything
          if (view.side !== "distributor") return [result, writes] as const
          const place = { _tag: "own", group: view.groups[0]?.id ?? "" } as const
          return [result, [...writes, { place, key: "x-steps", value: `${++steps}` }]] as const
        })
      )
  }
})

/** M4: asks for a new token for everybody whenever it starts with nothing. */
export const anxiousMirror: Subject = {
  ...coreSubject,
  mirror: Layer.unwrap(
    Effect.map(Store, (store) => {
      const later = store.self === "distributor/2"
      return coreSubject.mirror.pipe(
        Layer.provide(
          Layer.succeed(WireDialect, {
            ...nativeDialect,
            encodeRoll: (roll, natives) =>
              nativeDialect.encodeRoll(
                {
                  ...roll,
                  requests: roll.requests.map((request) =>
                    later && request.generation === 1 ? { ...request, generation: 2 } : request
                  )
                },
                natives
              )
          })
        )
      )
    })
  )
}

/** T2: sees no other member that is online. */
export const heedlessIssuer: Subject = {
  ...coreSubject,
  issuer: (host) =>
    issuerOver((cli) => ({
      ...cli,
      list: Effect.map(cli.list, (members) =>
        members.filter(({ name, status }) => name === host || status !== "online")
      )
    })).issuer(host)
}

/** T2: forgets what it minted when a step is lost. */
export const forgetfulIssuer = issuerWith(remembering((memory) => ({ ...memory, minted: [] })))

/** T3: forgets whom it granted the founding to. */
export const forgetfulMirror = mirrorOver((store) => ({
  ...store,
  step: (body) =>
    store.step((view) =>
      body({
        ...view,
        groups: view.groups.map((group) => ({ ...group, shared: new Map() })),
        council: view.council && { ...view.council, shared: new Map() }
      })
    )
}))

/** T4: gives a host up whose token could not be minted once. */
export const impatientIssuer = issuerOver((cli) => {
  const given = new Set<string>()
  return {
    ...cli,
    add: (host) =>
      given.has(host)
        ? Effect.fail(new ClusterCliError({ operation: "add", reason: "unknown", detail: "" }))
        : Effect.tapError(cli.add(host), () => Effect.sync(() => given.add(host)))
  }
})

/** T5: "seals" by leaving things as they are. */
export const openSealer: SealerShape = {
  ...testSealer,
  seal: (_, token) => Effect.succeed(Redacted.value(token)),
  open: (_, text) => Effect.succeed(Redacted.make(text))
}

/** T5: services whose sealer does not seal. */
export const indiscreet: Subject = {
  ...coreSubject,
  issuer: sealed(coreSubject, openSealer).issuer
}

/** T6: never takes an entry away. */
export const hoarder: Subject = {
  mirror: mirrorOver(hoarding).mirror,
  issuer: (host) => TokenIssuer.layer({ host }).pipe(Layer.provide(storeOver(hoarding)))
}

/** T7: forgets which events were delivered. */
export const talkativeIssuer = issuerWith(remembering((memory) => ({ ...memory, delivered: [] })))

function hoarding(store: StoreShape): StoreShape {
  const taken = ({ value }: Write) => value === undefined
  return {
    ...store,
    step: (body) =>
      store.step((view) =>
        Effect.map(
          body(view),
          ([result, writes]) => [result, writes.filter((write) => !taken(write))] as const
        )
      )
  }
}

function mirrorOver(alter: (store: StoreShape) => StoreShape): Subject {
  return { ...coreSubject, mirror: coreSubject.mirror.pipe(Layer.provide(storeOver(alter))) }
}

function issuerOver(alter: (cli: ClusterCli["Service"]) => ClusterCli["Service"]): Subject {
  const altered = Layer.effect(
    ClusterCli,
    Effect.map(ClusterCli, (cli) => ClusterCli.of(alter(cli)))
  )
  return issuerWith(altered)
}

function issuerWith<A, R>(layer: Layer.Layer<A, never, R>): Subject {
  return {
    ...coreSubject,
    issuer: (host) =>
      TokenIssuer.layer({ host }).pipe(Layer.provide(layer)) as ReturnType<Subject["issuer"]>
  }
}

function storeOver(alter: (store: StoreShape) => StoreShape) {
  return Layer.effect(
    Store,
    Effect.map(Store, (store) => Store.of(alter(store)))
  )
}

/** A journal whose entry is rewritten whenever it is written. */
function remembering(alter: (memory: Readonly<Record<string, unknown>>) => object) {
  const altered = (entries: Entries): Entries =>
    new Map([...entries].map(([key, value]) => [key, JSON.stringify(alter(JSON.parse(value)))]))
  return Layer.effect(
    Journal,
    Effect.map(Journal, (journal) =>
      Journal.of({ ...journal, save: (entries) => journal.save(altered(entries)) })
    )
  )
}
