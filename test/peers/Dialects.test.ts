// Which dialects work together, as deployed: every member under every distributor, in the simulated Juju.
import { describe, expect, it } from "vitest"
import { makeStandIn } from "../../packages/microcluster-adapter/src/stand-in/index.ts"
import { consumerFork3 } from "./models/ConsumerFork3.ts"
import { consumerV2 } from "./models/ConsumerV2.ts"
import { consumerV3 } from "./models/ConsumerV3.ts"
import { consumerV8 } from "./models/ConsumerV8.ts"
import { providerV2 } from "./models/ProviderV2.ts"
import { providerV8 } from "./models/ProviderV8.ts"
import { seededOrder } from "./models/SetOrder.ts"
import { distributorSource, memberSource, play } from "./Scenario.ts"

const SEEDS = [1, 2, 3, 4, 5]

/** The sizes of the clusters that stand at the end, and the hooks that failed on the way, for each seed. */
const outcomes = async (provider: typeof providerV2, consumer: typeof consumerV2) => {
  const sizes: Array<ReadonlyArray<number>> = []
  const failures: Array<string> = []
  for (const seed of SEEDS) {
    const standIn = makeStandIn({ heartbeatMillis: 0 })
    const setOrder = seededOrder(seed)
    const clusterCommand = (argv: ReadonlyArray<string>, host: string) => standIn(argv, host)
    const { hooks } = await play({
      seed,
      distributor: distributorSource(provider({ setOrder })),
      member: memberSource(consumer({ clusterCommand, setOrder }))
    })
    sizes.push(standIn.state().clusters.map(({ members }) => members.length))
    failures.push(...hooks.filter((hook) => !hook.endsWith(" 0")))
  }
  return { sizes, failures }
}

const together = SEEDS.map(() => [5])

describe.each([
  { name: "LIBPATCH 2", provider: providerV2 },
  { name: "LIBPATCH 8", provider: providerV8 }
])("under a distributor of $name", ({ provider }) => {
  it("members of LIBPATCH 2 form one cluster", async () => {
    expect(await outcomes(provider, consumerV2)).toEqual({ sizes: together, failures: [] })
  })

  it.each([
    { name: "LIBPATCH 3", consumer: consumerV3 },
    { name: "MicroOVN's 3", consumer: consumerFork3 }
  ])(
    "members of $name form one cluster, with hooks that fail on the way (B12)",
    async ({ consumer }) => {
      const { sizes, failures } = await outcomes(provider, consumer)
      expect(sizes).toEqual(together)
      expect(failures).not.toEqual([])
    }
  )
})

it("members of LIBPATCH 8 form one cluster under their own distributor", async () => {
  expect((await outcomes(providerV8, consumerV8)).sizes).toEqual(together)
})

it("members of LIBPATCH 8 form none under an older distributor (B20)", async () => {
  expect((await outcomes(providerV2, consumerV8)).sizes).toEqual(SEEDS.map(() => []))
})
