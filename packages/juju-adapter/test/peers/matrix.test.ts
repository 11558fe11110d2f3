// Every dialect of distributor with every dialect of member, by models of the deployed libraries, which have the defects
// of these (docs/protocol/known-defects.md). A combination forms a cluster for every seed, or shows one of the defects
// that its deployed parts bring along and that no other end can mend.
import { describe, expect, it } from "vitest"
import { replay } from "../../../../apps/example-charm/test/Expected.ts"
import {
  type DistributorKind,
  deploy,
  type Fleet,
  hostsOf,
  type MemberKind,
  membersOf
} from "../../../../apps/example-charm/test/Fleet.ts"

/** What came of one run. */
type Verdict = "forms" | "B11" | "B12" | "B20" | "wrong"

const verdictOf = (fleet: Fleet): { readonly verdict: Verdict; readonly why: string } => {
  const { product, relation, sim } = fleet
  const outside = hostsOf(fleet).filter((host) => !membersOf(fleet).includes(host))
  const failed = sim
    .hooks()
    .filter(({ outcome }) => outcome !== "committed" && outcome !== "absent")
  const clusters = product.state().clusters.length
  const why = `${clusters} clusters, outside: ${outside}, failed: ${failed.length}`
  const leader = sim.leader("app") ?? ""
  if (clusters === 0 && product.calls().bootstrap === undefined) {
    const bag = sim.databag("td", relation)
    return {
      verdict: bag["bootstrap-app"] === undefined ? "B20" : "wrong",
      why: `${why} ${leader}`
    }
  }
  if (clusters !== 1) return { verdict: "wrong", why }
  // the last token of a communicator that stepped down stands in its bag, and nobody reads that any more
  const lost = outside.filter((host) =>
    sim.units("app").some((unit) => {
      const bag = sim.databag(unit, relation)
      return bag.mirror === "down" && (bag[`mirror-${host}`] ?? "empty") !== "empty"
    })
  )
  if (outside.length > 0) return { verdict: lost.length === outside.length ? "B11" : "wrong", why }
  const keyErrors = failed.every(({ unit }) =>
    sim.logs(unit).some(({ message }) => message.includes("KeyError"))
  )
  if (failed.length > 0) return { verdict: keyErrors ? "B12" : "wrong", why }
  return { verdict: "forms", why }
}

const run = async (
  distributor: DistributorKind,
  kinds: ReadonlyArray<MemberKind>,
  seeds: number
): Promise<ReadonlyMap<Verdict, string>> => {
  const verdicts = new Map<Verdict, string>()
  for (let seed = 1; seed <= seeds; seed++) {
    const hosts = Array.from(
      { length: 5 },
      (_, at) => kinds[(at * 7 + seed * 3 + (seed >> 2)) % kinds.length] ?? "ours"
    )
    const fleet = await deploy({ seed, distributor, hosts })
    await fleet.sim.settle()
    fleet.sim.updateStatus()
    await fleet.sim.settle()
    const { verdict, why } = verdictOf(fleet)
    await fleet.sim.close()
    verdicts.set(verdict, `seed ${seed}: ${distributor} with ${hosts.join(" ")}: ${why}`)
  }
  return verdicts
}

const MEMBERS: Readonly<Record<string, ReadonlyArray<MemberKind>>> = {
  ours: ["ours"],
  v2: ["v2"],
  v3: ["v3"],
  v8: ["v8"],
  fork3: ["fork3"],
  "ours and v2": ["ours", "v2"],
  "ours and v3": ["ours", "v3"],
  "ours and v8": ["ours", "v8"],
  "ours and fork3": ["ours", "fork3"],
  all: ["ours", "v2", "v3", "v8", "fork3"]
}

/** Defects that a combination may show, none where it is not named: B11 is of v2 members, B12 of the later ones. */
const ALLOWED: Readonly<Record<string, ReadonlyArray<Verdict>>> = {
  "v2 with v2": ["B11"],
  "v2 with v3": ["B12"],
  "v2 with fork3": ["B12"],
  "v2 with ours and v2": ["B11"],
  "v2 with ours and v3": ["B12"],
  "v2 with ours and v8": ["B12", "B20"],
  "v2 with ours and fork3": ["B12"],
  "v2 with all": ["B11", "B12", "B20"],
  "v8 with v2": ["B11"],
  "v8 with v3": ["B12"],
  "v8 with v8": ["B12"],
  "v8 with fork3": ["B12"],
  "v8 with ours and v2": ["B11"],
  "v8 with ours and v3": ["B12"],
  "v8 with ours and v8": ["B12"],
  "v8 with ours and fork3": ["B12"],
  "v8 with all": ["B11", "B12"]
}

describe.each(["ours", "v2", "v8"] as const)(
  "distributor %s",
  { timeout: 60_000 },
  (distributor) => {
    for (const [name, kinds] of Object.entries(MEMBERS)) {
      const title = `${distributor} with ${name}`
      if (title === "v2 with v8") {
        it(`${title}: dead, nobody founds the cluster (B20)`, async () => {
          expect([...(await run(distributor, kinds, 3)).keys()], replay()).toEqual(["B20"])
        })
        continue
      }
      const allowed = ALLOWED[title] ?? []
      it(`${title}: ${["forms", ...allowed].join(", or ")}`, async () => {
        const verdicts = await run(distributor, kinds, 12)
        expect(verdicts.has("forms"), replay()).toBe(true)
        const unexpected = [...verdicts].filter(
          ([verdict]) => verdict !== "forms" && !allowed.includes(verdict)
        )
        expect(unexpected, replay()).toEqual([])
      })
    }
  }
)
