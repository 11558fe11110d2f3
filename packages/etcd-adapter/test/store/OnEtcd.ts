// Runs suites over real clusters: of every version that is supported, of one member and of three.
import { describe, it } from "@effect/vitest"
import type { WorldFactory } from "@rollcall/conformance"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Etcd, type EtcdShape, etcdClient } from "../../src/index.ts"
import { findEtcdPackage, makeEtcdCluster } from "../../src/testbed/index.ts"
import { etcdWorld } from "./EtcdWorld.ts"

/** Registers what `suites` registers on a cluster that is there as long as its tests run. */
export const onEtcd = (
  version: string,
  members: number,
  suites: (name: string, world: WorldFactory) => void
): void => {
  const etcd = findEtcdPackage(version)
  const name = `etcd ${version}, ${members === 1 ? "one member" : `${members} members`}`
  describe(name, () => {
    if (typeof etcd === "string") {
      it("keeps the contracts", (context) => context.skip(etcd))
      return
    }
    const scope = Effect.runSync(Scope.make())
    let client: EtcdShape | undefined
    beforeAll(async () => {
      const open = Effect.gen(function* () {
        const { endpoints } = yield* makeEtcdCluster({ etcd, members })
        return Context.get(yield* Layer.build(etcdClient({ endpoints, prefix: "test/" })), Etcd)
      })
      client = await Effect.runPromise(Scope.provide(open, scope))
    }, 60_000)
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    suites(
      name,
      etcdWorld(() => client as EtcdShape)
    )
  })
}
