// The distributor of LIBPATCH 8, defects included: one mirror over all its relations in which the first real value of a
// host stays for ever, so that a token minted anew is never seen (its own bags are read first); which of several up
// mirrors is first is left to set order. Losing the leadership goes unnoticed (B3), nothing is deleted (B5). New against
// LIBPATCH 2: the application bag names the one application that may found the cluster.
import type { CharmProgram } from "./CharmHook.ts"
import type { Relation } from "./Databag.ts"
import { MIRROR_PREFIX, mirrorKey, WANTED } from "./MirrorKey.ts"
import { type Dispatch, opsCharm } from "./OpsCharm.ts"
import type { ProviderOptions } from "./ProviderV2.ts"

/** The application bag's key that names the founding application. */
export const BOOTSTRAP_APP = "bootstrap-app"

/** A distributor charm whose library has LIBPATCH 8. */
export const providerV8 = (options: ProviderOptions = {}): CharmProgram => {
  const endpoint = options.endpoint ?? "microcluster-cluster"
  const lead = async (charm: Dispatch<object>) => {
    const relations = await charm.relations(endpoint)
    await nameFounder(charm, relations)
    await mirror(charm, relations)
  }
  return opsCharm(
    {},
    {
      start: async (charm) => {
        await charm.setStatus({ name: "active", message: "" })
        return "done"
      },
      [`${endpoint}-relation-changed`]: async (charm) => {
        if (await charm.isLeader()) await lead(charm)
        return "done"
      },
      "leader-elected": async (charm) => {
        if (await charm.isLeader()) await lead(charm)
        else await stepDown(charm, await charm.relations(endpoint))
        return "done"
      }
    },
    options
  )
}

const stepDown = async (charm: Dispatch<object>, relations: ReadonlyArray<Relation>) => {
  for (const relation of relations)
    if ((await relation.read(charm.unit)).has("mirror"))
      await relation.write(charm.unit, "mirror", "down")
}

const nameFounder = async (charm: Dispatch<object>, relations: ReadonlyArray<Relation>) => {
  let founder: string | undefined
  for (const relation of relations) founder ??= (await relation.read(charm.app)).get(BOOTSTRAP_APP)
  founder ??= relations[0]?.remoteApp
  if (founder === undefined) return
  for (const relation of relations) await relation.write(charm.app, BOOTSTRAP_APP, founder)
}

const mirror = async (charm: Dispatch<object>, relations: ReadonlyArray<Relation>) => {
  const merged = await collect(charm, relations)
  for (const relation of relations) {
    await relation.write(charm.unit, "mirror", "up")
    for (const [key, value] of merged) await relation.write(charm.unit, key, value)
  }
}

const collect = async (charm: Dispatch<object>, relations: ReadonlyArray<Relation>) => {
  const merged = new Map<string, string>()
  const take = (key: string, value: string) => {
    if (!key.startsWith(MIRROR_PREFIX)) return
    if ((merged.get(key) ?? WANTED) === WANTED) merged.set(key, value)
  }
  for (const relation of relations)
    for (const [key, value] of await relation.read(charm.unit)) take(key, value)

  const hostnames: Array<string> = []
  for (const relation of relations) {
    for (const unit of relation.units) {
      const bag = await relation.read(unit)
      if (bag.get("mirror") === "up") for (const [key, value] of bag) take(key, value)
      const hostname = bag.get("hostname")
      if (hostname !== undefined) hostnames.push(hostname)
    }
  }
  for (const key of hostnames.map(mirrorKey)) {
    if (merged.has(key)) continue
    await charm.log("INFO", `added ${key} to mirror`)
    merged.set(key, WANTED)
  }
  return merged
}
