// What every good deployment ends with. Whatever is not so is told with the command that plays the same run again.
import { expect } from "vitest"
import { type Fleet, hostsOf, membersOf } from "./Fleet.ts"

/** The command that runs this one test again: its name holds the seed. */
export const replay = (): string => {
  const { currentTestName = "", testPath = "" } = expect.getState()
  const path = testPath.slice(testPath.search(/(apps|packages)\//))
  return `replay with: vitest run ${path} -t '${currentTestName.replaceAll(" > ", " ")}'`
}

/** One cluster, every host that is there in it, nobody else, and no hook that failed. */
export const expectOneCluster = (fleet: Fleet): void => {
  const { product, sim } = fleet
  const failed = sim
    .hooks()
    .filter(({ outcome }) => outcome !== "committed" && outcome !== "absent")
  expect(
    {
      clusters: product.state().clusters.length,
      members: membersOf(fleet),
      failed: failed.map(({ error, hook, unit }) => `${unit} ${hook}: ${error}`)
    },
    replay()
  ).toEqual({ clusters: 1, members: hostsOf(fleet), failed: [] })
}

/** The same, where hooks were made to fail. */
export const expectOneClusterInTheEnd = (fleet: Fleet): void => {
  const { product, sim } = fleet
  expect(
    {
      clusters: product.state().clusters.length,
      members: membersOf(fleet),
      inError: [...sim.failed()]
    },
    replay()
  ).toEqual({ clusters: 1, members: hostsOf(fleet), inError: [] })
}

/** Lets update-status run everywhere, `rounds` times, as it does every five minutes. */
export const sweep = async ({ sim }: Fleet, rounds = 2): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    sim.updateStatus()
    await sim.settle()
  }
}
