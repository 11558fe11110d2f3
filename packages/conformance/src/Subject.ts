// The services under test, and how a formation puts them into their surroundings: every one of them watched.
import {
  type ClusterCli,
  type Entries,
  type HostName,
  type Journal,
  Mirror,
  type Store,
  TokenIssuer
} from "@rollcall/core"
import { Layer } from "effect"
import type { FormationParts } from "./Formation.ts"
import type { Machine } from "./History.ts"
import {
  type Watch,
  watchedCli,
  watchedJournal,
  watchedLifecycle,
  watchedStore
} from "./Observed.ts"

/** The services under test. */
export interface Subject {
  readonly mirror: Layer.Layer<Mirror, never, Store>
  readonly issuer: (host: HostName) => Layer.Layer<TokenIssuer, never, Store | ClusterCli | Journal>
}

/** Core's own services. */
export const coreSubject: Subject = {
  mirror: Mirror.layer(),
  issuer: (host) => TokenIssuer.layer({ host })
}

/** What a participant runs; without a machine there is no token issuer among it. */
export type Services = Mirror | TokenIssuer | Store

/** One participant's services in their surroundings; `journals` outlive them. */
export const servicesOf = (
  { product, subject, world }: FormationParts,
  watch: Watch,
  machine: Machine | undefined,
  journals: Map<string, Entries>
): Layer.Layer<Services> => {
  const store = watchedStore(watch, world.store(watch.participant))
  const mirror = subject.mirror.pipe(Layer.provideMerge(store))
  if (machine === undefined) return mirror as Layer.Layer<Services>
  const surroundings = Layer.mergeAll(
    store,
    watchedCli(watch, machine, product.command(machine.host, machine.name)),
    watchedJournal(watch, machine, journals),
    watchedLifecycle(watch, machine)
  )
  return Layer.merge(mirror, subject.issuer(machine.host).pipe(Layer.provide(surroundings)))
}
