// The distributor of LIBPATCH 2 and 3, defects included: it copies keys that merely contain `mirror-` (B1), overwrites
// whatever it holds, a real token with `empty` too, as set order has it (B2), never learns that it lost the leadership
// (B3), takes nothing from a mirror that is down (B4), deletes nothing (B5) and fails with two applications.
import type { CharmProgram } from "./CharmHook.ts"
import type { Relation } from "./Databag.ts"
import { MIRROR_PREFIX, mirrorKey, WANTED } from "./MirrorKey.ts"
import { type Dispatch, type OpsOptions, opsCharm } from "./OpsCharm.ts"

/** What a distributor can be told. */
export interface ProviderOptions extends OpsOptions {
  /** The charm's endpoint; `microcluster-cluster` where nothing else is said. */
  readonly endpoint?: string
}

/** A distributor charm whose library has LIBPATCH 2. */
export const providerV2 = (options: ProviderOptions = {}): CharmProgram => {
  const endpoint = options.endpoint ?? "microcluster-cluster"
  return opsCharm(
    {},
    {
      start: async (charm) => {
        await charm.setStatus({ name: "active", message: "" })
        return "done"
      },
      [`${endpoint}-relation-changed`]: async (charm, event) => {
        if (await charm.isLeader()) await mirror(charm, await charm.relation(event))
        return "done"
      },
      "leader-elected": async (charm) => {
        const relation = await charm.onlyRelation(endpoint)
        if (relation === undefined) return "done"
        if (await charm.isLeader()) await mirror(charm, relation)
        else if ((await relation.read(charm.unit)).has("mirror"))
          await relation.write(charm.unit, "mirror", "down")
        return "done"
      }
    },
    options
  )
}

const mirror = async (charm: Dispatch<object>, relation: Relation): Promise<void> => {
  await relation.write(charm.unit, "mirror", "up")
  for (const unit of relation.units) {
    const bag = await relation.read(unit)
    if (bag.get("mirror") === "up") {
      for (const [key, value] of bag)
        if (key.includes(MIRROR_PREFIX)) await relation.write(charm.unit, key, value)
    }
    const hostname = bag.get("hostname")
    if (hostname === undefined) continue
    const key = mirrorKey(hostname)
    if ((await relation.read(charm.unit)).has(key)) continue
    await charm.log("INFO", `added ${key} to mirror`)
    await relation.write(charm.unit, key, WANTED)
  }
}
