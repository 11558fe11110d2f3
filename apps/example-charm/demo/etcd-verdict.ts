// Whether the story over etcd ended as it should, told line by line.
import type { EtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { Effect } from "effect"
import type { Rolled } from "./etcd-roll.ts"
import type { Telling } from "./Narrator.ts"
import type { Product } from "./Product.ts"

/** Looks for tokens in clear, whatever etcd has under whatever key. */
export interface Watch {
  readonly look: Effect.Effect<void>
  /** The keys under which one was seen, and how many texts were looked for. */
  readonly found: () => { readonly keys: ReadonlyArray<string>; readonly texts: number }
}

/** A watch that has not looked yet. */
export const watchFor = (cluster: EtcdCluster, product: Product): Watch => {
  const keys = new Set<string>()
  let texts = 0
  return {
    look: Effect.gen(function* () {
      const secrets = product.secrets()
      texts = secrets.length
      const stored = yield* Effect.orDie(cluster.etcdctl("get", "", "--from-key"))
      const lines = stored.split("\n")
      lines.forEach((text, index) => {
        if (secrets.some((secret) => text.includes(secret))) keys.add(lines[index - 1] ?? "")
      })
    }),
    found: () => ({ keys: [...keys], texts })
  }
}

/** The end of the story. */
export interface EndOverEtcd {
  readonly product: Product
  readonly watch: Watch
  readonly rolled: Rolled
}

/** Tells what was checked; whether all of it holds. */
export const verdictOverEtcd = Effect.fn("verdictOverEtcd")(function* (
  { product, rolled, watch }: EndOverEtcd,
  { line, paint }: Telling
) {
  const clusters = yield* product.clusters
  const { keys, texts } = watch.found()
  const calls = product.calls().filter(({ ok }) => ok)
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length
  const [members = []] = clusters
  const tokens = product.hosts.length - 1
  const rising = rolled.turns.every(
    ({ token }, index) => index === 0 || token > (rolled.turns[index - 1]?.token ?? 0)
  )
  const checks = [
    {
      what: `one cluster has all ${product.hosts.length} hosts as its members`,
      holds: clusters.length === 1 && product.hosts.every((host) => members.includes(host))
    },
    { what: "it was founded once", holds: count("bootstrap") === 1 },
    {
      what: `${tokens} tokens were minted and used, none twice`,
      holds: count("add") === tokens && count("join") === tokens
    },
    {
      what: `no token could be read in etcd${keys.length === 0 ? "" : ` but at ${keys.join(", ")}`}`,
      holds: keys.length === 0 && texts >= tokens
    },
    {
      what: "every host had its turn, one at a time, with a token higher than the one before",
      holds: rolled.turns.length === product.hosts.length && rolled.atOnce === 1 && rising
    }
  ]
  line("")
  for (const { holds, what } of checks) {
    line(holds ? `${paint("green", "yes")}  ${what}` : `${paint("red", "NO")}   ${what}`)
  }
  return checks.every(({ holds }) => holds)
})
