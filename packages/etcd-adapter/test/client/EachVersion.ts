// Runs tests on every version of etcd that is supported. Where one is not here the test says so and counts as left out.
import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import {
  Etcd,
  type EtcdError,
  type EtcdOptions,
  type EtcdShape,
  etcdClient
} from "../../src/index.ts"
import { ETCD_VERSIONS, type EtcdPackage, findEtcdPackage } from "../../src/testbed/index.ts"

/** Describes `what` once for each version. */
export const describeOnEach = (what: string, tests: (etcd: EtcdPackage) => void): void => {
  for (const version of ETCD_VERSIONS) {
    const etcd = findEtcdPackage(version)
    describe(`${what} on etcd ${version}`, () => {
      if (typeof etcd === "string") it("runs", (context) => context.skip(etcd))
      else tests(etcd)
    })
  }
}

/** A client for as long as the scope is open. */
export const connect = (options: EtcdOptions): Effect.Effect<EtcdShape, EtcdError, Scope.Scope> =>
  Effect.map(Layer.build(etcdClient(options)), (context) => Context.get(context, Etcd))
