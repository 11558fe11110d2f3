// The suite of the rolling lock, and its simulation, fail on what is broken on purpose.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type GuaranteeId, type Violation, violationsOf } from "../src/Check.ts"
import { simulateLock } from "../src/lock/LockLife.ts"
import type { LockTrial } from "../src/lock/LockStage.ts"
import { memoryWorld } from "../src/MemoryWorldFactory.ts"
import { rollingLockChecks } from "../src/RollingLockSuite.ts"
import { forgetfulWritesStore } from "./broken/ForgetfulWritesStore.ts"
import * as locks from "./broken/Locks.ts"
import { manyLeadersStore } from "./broken/ManyLeadersStore.ts"
import { pastGrantsStore } from "./broken/PastGrantsStore.ts"
import { steadfastStore } from "./broken/SteadfastStore.ts"
import { termBlindStore } from "./broken/TermBlindStore.ts"

type Broken = readonly [GuaranteeId, string, Omit<LockTrial, "world">]

const brokenLocks: ReadonlyArray<Broken> = [
  ["L1", "a policy that forgets who holds", { policy: locks.greedyPolicy }],
  ["L2", "a wire format that forgets the last token", { lock: locks.forgetfulLock }],
  ["L3", "a lock that cancels in words only", { lock: locks.stubbornLock }],
  ["L4", "a wire format with room for one request", { lock: locks.crampedLock }],
  ["L6", "a lock that writes when there is nothing to do", { lock: locks.restlessLock }],
  ["L7", "a journal that forgets", { amnesia: true }],
  ["L8", "a policy that serves the last first", { policy: locks.hastyPolicy }]
]

const brokenStores: ReadonlyArray<readonly [GuaranteeId, string, LockTrial["world"]]> = [
  ["L2", "a store in which everybody leads", manyLeadersStore],
  ["L1", "a store that lets a leader write what it decided in an earlier term", termBlindStore],
  ["L4", "a store that forgets every other write", forgetfulWritesStore],
  ["L1", "a store that shows grants of a while ago", pastGrantsStore],
  ["L5", "a store whose census keeps the departed", steadfastStore]
]

const guaranteesIn = (violations: ReadonlyArray<Violation>) => [
  ...new Set(violations.map(({ guarantee }) => guarantee))
]

const told = (violations: ReadonlyArray<Violation>) =>
  violations.map(({ detail, guarantee }) => `${guarantee}: ${detail.slice(0, 300)}`).join("\n")

describe("the suite of the rolling lock is red on", () => {
  for (const [guarantee, name, parts] of brokenLocks) {
    it.effect(`${name}: ${guarantee} alone`, () =>
      Effect.gen(function* () {
        const violations = yield* violationsOf(rollingLockChecks, { ...parts, world: memoryWorld })
        assert.deepStrictEqual(guaranteesIn(violations), [guarantee], told(violations))
      })
    )
  }

  for (const [guarantee, name, world] of brokenStores) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const violations = yield* violationsOf(rollingLockChecks, { world })
        assert.include(guaranteesIn(violations), guarantee, told(violations))
      })
    )
  }
})

const found = (parts: Omit<LockTrial, "world">, guarantee: GuaranteeId, world = memoryWorld) =>
  Effect.gen(function* () {
    const seen = new Set<GuaranteeId>()
    for (let seed = 1; seed <= 1000 && !seen.has(guarantee); seed++) {
      const { violations } = yield* Effect.scoped(simulateLock({ seed, world, ...parts }))
      for (const each of violations) seen.add(each.guarantee)
    }
    assert.include([...seen], guarantee)
  })

const foundBySeed: ReadonlyArray<Broken> = [
  ["L1", "a policy that forgets who holds", { policy: locks.greedyPolicy }],
  ["L3", "a policy that grants what nobody asked for", { policy: locks.inventivePolicy }],
  ["L4", "a policy that never serves one of them", { policy: locks.unjustPolicy }],
  ["L6", "a lock that writes when there is nothing to do", { lock: locks.restlessLock }],
  ["L7", "a journal that forgets", { amnesia: true }],
  ["L8", "a policy that serves the last first", { policy: locks.hastyPolicy }],
  ["S3", "a lock that makes nothing of a failing store", { lock: locks.deafLock }]
]

describe("a simulated life is red on", () => {
  for (const [guarantee, name, parts] of foundBySeed) {
    it.effect(`${name}: ${guarantee}`, () => found(parts, guarantee), 60_000)
  }
  for (const [name, world] of [
    ["a store in which everybody leads", manyLeadersStore],
    ["a store that shows grants of a while ago", pastGrantsStore]
  ] as const) {
    it.effect(`${name}: L1`, () => found({}, "L1", world), 60_000)
  }
})
