// The smallest Juju that a model can run against: one unit, relations whose remote bags the test writes by hand, writes
// visible at once and rolled back when the hook fails. For unit tests of the models; everything about order, caches and
// scheduling belongs to a simulator. The deployed library runs against it as well as the models do.
import type { CharmHook, CharmProgram, Outcome } from "./CharmHook.ts"

/** One relation of the unit; bags are plain records, keyed by unit or application. */
export interface FakeRelation {
  readonly id: string
  readonly remoteApp: string
  /** Remote units that joined, with their bags. */
  readonly units: Record<string, Record<string, string>>
  /** This unit's bag, its application's and the remote application's. */
  readonly bags: Record<string, Record<string, string>>
}

/** A relation whose bags are empty but for the given remote units. */
export const fakeRelation = (
  id: string,
  units: FakeRelation["units"],
  bags: FakeRelation["bags"] = {}
): FakeRelation => ({ id, units, bags, remoteApp: Object.keys(units)[0]?.split("/")[0] ?? "" })

/** A unit that runs hooks one by one. */
export class FakeUnit {
  readonly name: string
  readonly relations: Array<FakeRelation>
  leader = true
  status = { status: "maintenance", message: "" }
  readonly statuses: Array<string> = []
  readonly log: Array<string> = []
  readonly #charm: CharmProgram
  readonly #env: Readonly<Record<string, string>>

  constructor(
    charm: CharmProgram,
    name: string,
    relations: ReadonlyArray<FakeRelation>,
    env: Readonly<Record<string, string>> = {}
  ) {
    this.#charm = charm
    this.#env = env
    this.name = name
    this.relations = [...relations]
  }

  /** Runs a hook by its name, for a relation hook with the relation and the remote unit; resolves to the exit code. */
  async hook(name: string, relation?: FakeRelation, remoteUnit = ""): Promise<number> {
    const before = structuredClone(this.relations.map(({ bags }) => bags))
    const env = {
      JUJU_UNIT_NAME: this.name,
      JUJU_HOOK_NAME: name,
      JUJU_DISPATCH_PATH: `hooks/${name}`,
      JUJU_MODEL_NAME: "fake",
      JUJU_MODEL_UUID: "5be9ecd1-0b75-4f0d-8d5d-0c8a5a2f4a11",
      JUJU_VERSION: "3.6.8",
      ...this.#env,
      ...(relation && {
        JUJU_RELATION: relation.id.replace(/:.*/, ""),
        JUJU_RELATION_ID: relation.id,
        JUJU_REMOTE_UNIT: remoteUnit,
        JUJU_REMOTE_APP: relation.remoteApp
      })
    }
    const run: CharmHook["run"] = async (argv, stdin) => this.#run(argv, stdin ?? "")
    const code = await this.#charm({ env, run })
    if (code !== 0)
      this.relations.forEach(({ bags }, index) => {
        for (const entity of Object.keys(bags)) delete bags[entity]
        Object.assign(bags, before[index])
      })
    return code
  }

  /** This unit's bag in a relation. */
  own(relation: FakeRelation): Record<string, string> {
    return relation.bags[this.name] ?? {}
  }

  #run(argv: ReadonlyArray<string>, stdin: string): Outcome {
    const [tool, ...args] = argv
    const id = args[args.indexOf("-r") + 1]
    const relation = this.relations.find((candidate) => candidate.id === id)
    switch (tool) {
      case "relation-ids":
        return printed(
          this.relations.map((each) => each.id).filter((each) => each.startsWith(`${args[0]}:`))
        )
      case "relation-list":
        if (relation === undefined)
          return failed(`invalid value "${id}" for option -r: relation not found`)
        return printed(args.includes("--app") ? relation.remoteApp : Object.keys(relation.units))
      case "relation-get": {
        const entity = args.at(-1) ?? ""
        return printed(relation?.units[entity] ?? relation?.bags[entity] ?? {})
      }
      case "relation-set": {
        if (relation === undefined) return failed("relation not found")
        const entity = args.includes("--app") ? this.name.replace(/\/.*/, "") : this.name
        Object.assign((relation.bags[entity] ??= {}), JSON.parse(stdin))
        return printed("")
      }
      case "is-leader":
        return printed(this.leader)
      case "status-get":
        return printed({ ...this.status, "status-data": {} })
      case "status-set":
        this.status = { status: args[1] ?? "", message: args.at(-1) ?? "" }
        this.statuses.push(`${this.status.status}: ${this.status.message}`)
        return printed("")
      case "juju-log":
        this.log.push(`${args[1]} ${args.at(-1)}`)
        return printed("")
      default:
        return failed(`unknown command: ${tool}`)
    }
  }
}

const printed = (value: unknown): Outcome => ({
  code: 0,
  stdout: `${JSON.stringify(value)}\n`,
  stderr: ""
})
const failed = (message: string): Outcome => ({ code: 1, stdout: "", stderr: `ERROR ${message}\n` })
