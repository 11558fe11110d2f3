// A microcluster in memory, as far as the consumer models call it: tokens bound to a name and used once, members in a
// list that every member can ask for. One cluster per founder, so that a second one can be seen.
import type { Outcome } from "./CharmHook.ts"
import type { ClusterCommand, ListedMember } from "./ClusterCommand.ts"

type Member = { -readonly [Field in keyof ListedMember]: ListedMember[Field] }

/** All clusters of a test; `command` is what the hosts run. */
export class MemoryCluster {
  readonly clusters: Array<Map<string, Member>> = []
  readonly calls: Array<string> = []
  readonly #tokens = new Map<
    string,
    { readonly name: string; readonly cluster: Map<string, Member> }
  >()
  #minted = 0

  readonly command: ClusterCommand = ([verb, ...args], hostname) => {
    this.calls.push(`${hostname}: ${[verb, ...args].join(" ")}`)
    const mine = this.clusters.find((members) => members.has(hostname))
    const [name = ""] = args
    if (verb === "bootstrap") return mine ? failed("Database is online") : this.#found(hostname)
    if (verb === "join") return mine ? failed("Database is online") : this.#join(name, hostname)
    if (mine === undefined) return failed("Database is not yet initialized")
    if (verb === "list") return printed(JSON.stringify([...mine.values()]))
    if (verb === "add") return this.#add(name, mine)
    return mine.delete(name)
      ? printed("")
      : failed(`No remote exists with the given name "${name}"`)
  }

  #found(hostname: string): Outcome {
    this.clusters.push(new Map([[hostname, voter(hostname)]]))
    return printed("")
  }

  #join(token: string, hostname: string): Outcome {
    const record = this.#tokens.get(token)
    if (record?.name !== hostname) return failed("CoreTokenRecord not found")
    this.#tokens.delete(token)
    record.cluster.set(hostname, voter(hostname))
    return printed("")
  }

  #add(name: string, cluster: Map<string, Member>): Outcome {
    if ([...this.#tokens.values()].some((record) => record.name === name))
      return failed("UNIQUE constraint failed: core_token_records.name")
    const token = `token-${++this.#minted}-${name}`
    this.#tokens.set(token, { name, cluster })
    return printed(token)
  }
}

const voter = (name: string): Member => ({ name, role: "voter", status: "ONLINE" })
const printed = (stdout: string): Outcome => ({ code: 0, stdout: `${stdout}\n`, stderr: "" })
const failed = (text: string): Outcome => ({ code: 1, stdout: "", stderr: `Error: ${text}\n` })
