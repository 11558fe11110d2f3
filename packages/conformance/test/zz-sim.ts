import { MemoryCluster } from "@rollcall/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { memoryWorld } from "../src/MemoryWorldFactory.ts"
import { productOf } from "../src/Product.ts"
import { simulate } from "../src/Simulation.ts"
import { oneSided, twoSided } from "../src/World.ts"

const life = (seed: number) =>
  simulate({
    seed,
    layout: seed % 3 === 0 ? oneSided : twoSided,
    world: memoryWorld,
    tokenLifetimeMillis: 3_600_000,
    product: Effect.sync(() => productOf(new MemoryCluster({ tokenLifetimeMillis: 3_600_000 })))
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
const [from, to, verbose] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]]
const t = performance.now()
const by = new Map<string, number[]>()
let bad = 0
for (let s = from; s < to; s++) {
  const l = await Effect.runPromise(life(s))
  if (l.violations.length) bad++
  for (const v of l.violations) {
    const k =
      v.guarantee +
      " " +
      v.detail
        .slice(0, 300)
        .replace(/host-\d+/g, "host-N")
        .replace(/(app|edge|distributor)\/\d+/g, "$1/N")
        .slice(0, 150)
    by.set(k, [...(by.get(k) ?? []), s])
  }
  if (verbose) console.log(l.told())
}
console.log(
  [...by]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, 30)
    .map(([k, v]) => v.length + " " + k + " " + v.slice(0, 4))
    .join("\n")
)
console.log(bad, "bad of", to - from, (performance.now() - t) / (to - from), "ms each")
