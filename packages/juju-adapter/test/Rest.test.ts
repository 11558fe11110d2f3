// An update-status that has nothing to do ends at once, and none that has something to do is left out.

import { it } from "@effect/vitest"
import { ClusterCli, HostName, Journal, MemoryCluster } from "@rollcall/core"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { HookCommand } from "../src/HookCommand.ts"
import { noting, unlessAtRest } from "../src/index.ts"
import { JujuContext } from "../src/JujuContext.ts"
import { recording } from "./Recording.ts"

const context = (name: string) =>
  Layer.succeed(JujuContext, {
    unit: "app/0",
    app: "app",
    model: { name: "m", uuid: "m" },
    charmDir: "/charm",
    jujuVersion: "3.6.0",
    event: { kind: "hook", name }
  })

interface Hook {
  /** The hook tool that it calls. */
  readonly tool?: string
  readonly asksCluster?: boolean
  readonly isWell?: boolean
}

/** Hooks of one unit; true where the hook ran. */
const unit = Effect.gen(function* () {
  const journal = yield* Effect.map(Layer.build(Journal.layerMemory), (built) => built)
  return (name: string, { asksCluster, isWell = true, tool = "relation-get" }: Hook = {}) => {
    const body = (acted: () => void) =>
      Effect.gen(function* () {
        yield* (yield* HookCommand).run(tool, [])
        const cluster = noting(new MemoryCluster().layer(HostName.make("h")), acted)
        if (asksCluster === true) {
          yield* Effect.ignore(ClusterCli.use(({ list }) => list)).pipe(Effect.provide(cluster))
        }
        return true
      })
    return unlessAtRest(body, () => isWell).pipe(
      Effect.map((ran) => ran === true),
      Effect.provide(Layer.mergeAll(context(name), recording().layer)),
      Effect.provideContext(journal)
    )
  }
})

describe("a unit at rest", () => {
  it.effect("runs no update-status until another hook comes, or an hour has passed", () =>
    Effect.gen(function* () {
      const hook = yield* unit
      expect(yield* hook("update-status")).toBe(true)
      expect(yield* hook("update-status")).toBe(false)
      expect(yield* hook("cluster-relation-changed")).toBe(true)
      expect(yield* hook("update-status")).toBe(true)
      expect(yield* hook("update-status")).toBe(false)
      yield* TestClock.adjust("61 minutes")
      expect(yield* hook("update-status")).toBe(true)
    }).pipe(Effect.scoped)
  )

  it.effect.each([
    ["wrote to a databag", { tool: "relation-set" }],
    ["wrote to its state", { tool: "state-set" }],
    ["asked the cluster", { asksCluster: true }],
    ["waits for something", { isWell: false }]
  ] as const)("is none that %s", ([, hook]) =>
    Effect.gen(function* () {
      const run = yield* unit
      for (let round = 0; round < 3; round++) expect(yield* run("update-status", hook)).toBe(true)
      expect(yield* run("update-status")).toBe(true)
      expect(yield* run("update-status")).toBe(false)
    }).pipe(Effect.scoped)
  )

  it.effect("is none whose clock was set back", () =>
    Effect.gen(function* () {
      const hook = yield* unit
      yield* TestClock.setTime(7_200_000)
      expect(yield* hook("update-status")).toBe(true)
      yield* TestClock.setTime(0)
      expect(yield* hook("update-status")).toBe(true)
    }).pipe(Effect.scoped)
  )
})
