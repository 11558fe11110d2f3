// The member that mints: the ONLINE voter with the least name says `mirror=up` in its bag and adds a token for every
// host that the mirror shows without one, itself included (B23). Every member asks for the list four times per hook to
// find out whether it is the one.
import { communicatorOf, parseMembers } from "./ClusterCommand.ts"
import type { Relation } from "./Databag.ts"
import { callCluster, type Host } from "./Host.ts"
import { mirrorKey, WANTED } from "./MirrorKey.ts"
import { readMirror } from "./MirrorReading.ts"

/** Shows or withdraws the unit's mirror, then mints if this host is the communicator. */
export const serveMirror = async (host: Host, relation: Relation): Promise<void> => {
  const { charm } = host
  await charm.log("INFO", "updating mirror status")
  if (await isCommunicator(host)) await relation.write(charm.unit, "mirror", "up")
  else if ((await relation.read(charm.unit)).has("mirror"))
    await host.dialect.stepDown(relation, charm.unit)
  if (await isCommunicator(host)) await mint(host, relation)
}

const isCommunicator = async (host: Host): Promise<boolean> => {
  if (!(await waitForPending(host))) return false
  const { code, stdout } = await callCluster(host, "list", "-f", "json")
  if (code === 0) return communicatorOf(parseMembers(stdout)) === host.hostname
  await logListFailure(host, code)
  return false
}

// A list that fails leaves the waiting status standing (B16); a status that cannot be restored is an exception (B17).
const waitForPending = async (host: Host): Promise<boolean> => {
  const { charm } = host
  const before = await charm.status()
  await charm.setStatus({ name: "waiting", message: "Waiting on pending nodes" })
  const patience = host.options.pendingPatience ?? 50
  for (let lists = 0; lists < patience; lists++) {
    const { code, stdout } = await callCluster(host, "list", "-f", "json")
    if (code !== 0) {
      await logListFailure(host, code)
      return false
    }
    if (parseMembers(stdout).some(({ role }) => role === "PENDING")) continue
    await charm.setStatus(before)
    return true
  }
  throw new Error(`still pending members after ${patience} lists; the library would wait for ever`)
}

const logListFailure = ({ charm, hostname }: Host, code: number): Promise<void> =>
  charm.log("ERROR", `${hostname} calling cluster list failed with code ${code}`)

// A host whose key stands in this unit's bag is passed over for good (B7), a failed `add` until the next hook (B10).
const mint = async (host: Host, relation: Relation): Promise<void> => {
  const { charm } = host
  for (const [name, value] of await readMirror(relation)) {
    const key = mirrorKey(name)
    if (value !== WANTED || (await relation.read(charm.unit)).has(key)) continue
    const { code, stdout } = await callCluster(host, "add", name)
    if (code === 0) {
      await relation.write(charm.unit, key, stdout.trim())
      await charm.log("INFO", `added token for ${name}`)
    } else
      await charm.log("INFO", `generate token for ${name} with code ${code} and stdout ${stdout}`)
  }
}
