// What an adapter of a cluster's command offers to be tested: a command for each machine, and two things that only
// time and misfortune do to a product.
import { type ClusterCli, HostName, MemoryCluster } from "@rollcall/core"
import { Effect, type Layer, type Scope } from "effect"
import { TestClock } from "effect/testing"

/** A product with no cluster yet. */
export interface Product {
  /** The command on a machine; two machines of one host name are two machines. */
  readonly command: (host: HostName, machine: string) => Layer.Layer<ClusterCli>
  /** A machine stops answering for good. */
  readonly lose: (machine: string) => Effect.Effect<void>
  /** Makes every token that was minted so far too old. */
  readonly outliveTokens: Effect.Effect<void>
  /** A host name that the product does not take, where there is one. */
  readonly refusedName?: HostName
}

/** The one name that products in memory do not take. */
export const REFUSED = HostName.make("host-refused")

/** Makes a product; whatever it holds is given back with the scope. */
export type ProductFactory = Effect.Effect<Product, never, Scope.Scope>

/** The product in core's memory. */
export const memoryProduct: ProductFactory = Effect.sync(() =>
  productOf(new MemoryCluster({ refusedNames: [REFUSED] }))
)

/** A memory cluster as a product; it is to take no host named `host-refused`. */
export const productOf = (cluster: MemoryCluster): Product => ({
  refusedName: REFUSED,
  command: (host, machine) => cluster.layer(host, machine),
  lose: (machine) => Effect.sync(() => cluster.lose(machine)),
  outliveTokens: TestClock.adjust(cluster.tokenLifetimeMillis)
})
