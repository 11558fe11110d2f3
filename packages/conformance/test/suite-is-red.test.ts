// Every suite fails on what is broken on purpose, and names exactly the guarantee that is broken.
import { assert, describe, it } from "@effect/vitest"
import { MemoryCluster } from "@rollcall/core"
import { Effect } from "effect"
import { type GuaranteeId, type Violation, violationsOf } from "../src/Check.ts"
import { clusterCliChecks } from "../src/ClusterCliSuite.ts"
import { memoryWorld } from "../src/MemoryWorldFactory.ts"
import { mirrorChecks } from "../src/MirrorSuite.ts"
import { type ProductFactory, productOf } from "../src/Product.ts"
import { storeChecks } from "../src/StoreSuite.ts"
import type { Subject } from "../src/Subject.ts"
import { tokenIssuerChecks } from "../src/TokenIssuerSuite.ts"
import { trialOf } from "../src/Trial.ts"
import type { WorldFactory } from "../src/World.ts"
import { forgetfulStore } from "./broken/ForgetfulStore.ts"
import { ghostStore } from "./broken/GhostStore.ts"
import { lateStore } from "./broken/LateStore.ts"
import { leakyStore } from "./broken/LeakyStore.ts"
import * as products from "./broken/Products.ts"
import { replayingStore } from "./broken/ReplayingStore.ts"
import * as broken from "./broken/Services.ts"
import { termBlindStore } from "./broken/TermBlindStore.ts"
import { timelyStore } from "./broken/TimelyStore.ts"
import { tornWriteStore } from "./broken/TornWriteStore.ts"
import { twoLeaderStore } from "./broken/TwoLeaderStore.ts"

const brokenStores: ReadonlyArray<readonly [GuaranteeId, string, WorldFactory]> = [
  ["S1", "a store that shows others' writes as own", leakyStore],
  ["S2", "a store that shows own writes late", lateStore],
  ["S3", "a store that commits half when it is killed", tornWriteStore],
  ["S4", "a store that goes back in time", replayingStore],
  ["S5", "a store that loses wake-ups", forgetfulStore],
  ["S6", "a store that lets anybody write the shared register", twoLeaderStore],
  ["S6", "a store that lets a leader write what it decided in an earlier term", termBlindStore],
  ["S7", "a store that keeps the departed", ghostStore],
  ["S8", "a store that lists first whoever wrote last", timelyStore]
]

const brokenMirrors: ReadonlyArray<readonly [GuaranteeId, string, Subject]> = [
  ["M1", "a mirror that publishes to one group only", broken.partialMirror],
  ["M2", "a mirror that forgets which values were established", broken.fickleMirror],
  ["M3", "a mirror that writes something new in every step", broken.restlessMirror],
  ["M4", "a mirror that asks for everything anew when it is lost", broken.anxiousMirror]
]

const brokenIssuers: ReadonlyArray<readonly [GuaranteeId, string, Subject]> = [
  ["T2", "an issuer that ignores who is a member", broken.heedlessIssuer],
  ["T2", "an issuer that mints again after a lost step", broken.forgetfulIssuer],
  ["T3", "a mirror that forgets whom it let found the cluster", broken.forgetfulMirror],
  ["T4", "an issuer that gives up", broken.impatientIssuer],
  ["T5", "a sealer that does not seal", broken.indiscreet],
  ["T6", "services that never take an entry away", broken.hoarder],
  ["T7", "an issuer that forgets which events it delivered", broken.talkativeIssuer]
]

const brokenProducts: ReadonlyArray<readonly [GuaranteeId, string, ProductFactory]> = [
  ["C1", "a command that lists nobody where there is no cluster", products.vagueCli],
  ["C2", "a command that always says it founded a cluster", products.flatteringCli],
  ["C4", "a command that cannot remove who is gone", products.pedanticCli],
  ["C5", "a command that quotes tokens", products.indiscreetCli],
  ["C6", "a command that does not tell a name that is not taken", products.evasiveCli],
  ["C6", "a command that says that the last member is gone", products.carefreeCli],
  ["T1", "a product whose tokens can be used again", products.sharedTokenCli],
  ["T2", "a product with any number of tokens for a name", products.generousCli],
  ["T6", "a product whose tokens never grow old", products.eternalCli]
]

// a product that is as lax as can be: what it would prevent is what is to be seen
const laxProduct = Effect.sync(() => productOf(new MemoryCluster({ oneLiveToken: false })))

const violated = (violations: ReadonlyArray<Violation>) => [
  ...new Set(violations.map(({ guarantee }) => guarantee))
]

const told = (violations: ReadonlyArray<Violation>) =>
  violations.map(({ detail, guarantee }) => `${guarantee}: ${detail.slice(0, 300)}`).join("\n")

describe("the store suite is red on", () => {
  for (const [guarantee, name, world] of brokenStores) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const violations = yield* violationsOf(storeChecks, world)
        assert.deepStrictEqual(violated(violations), [guarantee], told(violations))
      })
    )
  }
})

describe("the mirror suite is red on", () => {
  for (const [guarantee, name, subject] of brokenMirrors) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const trial = trialOf(memoryWorld, { subject, product: laxProduct })
        const violations = yield* violationsOf(mirrorChecks, trial)
        assert.deepStrictEqual(violated(violations), [guarantee], told(violations))
      })
    )
  }
})

describe("the token issuer suite is red on", () => {
  for (const [guarantee, name, subject] of brokenIssuers) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const trial = trialOf(memoryWorld, { subject, product: laxProduct })
        const violations = yield* violationsOf(tokenIssuerChecks, trial)
        assert.deepStrictEqual(violated(violations), [guarantee], told(violations))
      })
    )
  }
})

describe("the command suite is red on", () => {
  for (const [guarantee, name, product] of brokenProducts) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const violations = yield* violationsOf(clusterCliChecks, product)
        assert.deepStrictEqual(violated(violations), [guarantee], told(violations))
      })
    )
  }
})
