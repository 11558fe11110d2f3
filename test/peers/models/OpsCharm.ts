// One dispatch of a charm written with the ops framework: deferred events first, then the hook's own. What the charm
// stored is kept when the code ends well, whether or not Juju then accepts the hook's writes (ops has a file of its own
// for it), and an exception ends in the log and in exit code 1. Relations are opened once per hook.
import type { CharmHook, CharmProgram } from "./CharmHook.ts"
import { Relation, relationIds } from "./Databag.ts"
import { type Duplicates, emitInOrder, type OpsEvent, type Verdict } from "./Deferral.ts"
import { type SetOrder, sortedOrder } from "./SetOrder.ts"

/** A workload status; `unknown` and `error` can be read only. */
export interface Status {
  readonly name: "active" | "blocked" | "maintenance" | "waiting" | "unknown" | "error"
  readonly message: string
}

/** Handles one event. */
export type Observer<Stored> = (charm: Dispatch<Stored>, event: OpsEvent) => Promise<Verdict>

/** The framework's behaviour where chance or its version decides. */
export interface OpsOptions {
  readonly setOrder?: SetOrder
  /** ops since 2.18 skips duplicates (the default), older ones queue them. */
  readonly duplicates?: Duplicates
}

/** A charm of observers by event name (`cluster-relation-changed`), with `stored` for each unit at its start. */
export const opsCharm = <Stored>(
  stored: Stored,
  observers: Readonly<Record<string, Observer<Stored>>>,
  options: OpsOptions = {}
): CharmProgram => {
  const memories = new Map<string, Memory<Stored>>()
  return async (hook) => {
    const unit = hook.env.JUJU_UNIT_NAME ?? ""
    const memory = memories.get(unit) ?? { stored, deferred: [] }
    const charm = new Dispatch(hook, structuredClone(memory.stored), options.setOrder)
    const emit = (event: OpsEvent) => observers[event.name]?.(charm, event) ?? "done"
    try {
      const deferred = await emitInOrder(
        memory.deferred,
        eventOf(hook.env),
        options.duplicates ?? "skipped",
        async (event) => emit(event)
      )
      memories.set(unit, { stored: charm.stored, deferred })
      return 0
    } catch (error) {
      await charm.log("ERROR", `Uncaught exception while in charm code: ${error}`)
      return 1
    }
  }
}

/** What the charm's code has in its hands while one hook is dispatched. */
export class Dispatch<Stored> {
  /** The unit's stored state; kept if the hook's code ends well. */
  readonly stored: Stored
  readonly unit: string
  readonly app: string
  readonly hook: CharmHook
  readonly #setOrder: SetOrder
  readonly #relations = new Map<string, Relation>()
  #leader: boolean | undefined
  #status: Status | undefined

  constructor(hook: CharmHook, stored: Stored, setOrder: SetOrder = sortedOrder) {
    this.hook = hook
    this.stored = stored
    this.unit = hook.env.JUJU_UNIT_NAME ?? ""
    this.app = this.unit.split("/")[0] ?? ""
    this.#setOrder = setOrder
  }

  /** The relation of `event`, also when it is gone by now. */
  async relation(event: OpsEvent): Promise<Relation> {
    return this.#open(event.relationId ?? "")
  }

  /** The endpoint's relations, in Juju's order. */
  async relations(endpoint: string): Promise<ReadonlyArray<Relation>> {
    const opened: Array<Relation> = []
    for (const id of await relationIds(this.hook, endpoint)) opened.push(await this.#open(id))
    return opened
  }

  /** The endpoint's only relation. **Throws** when there are several. */
  async onlyRelation(endpoint: string): Promise<Relation | undefined> {
    const [first, ...others] = await this.relations(endpoint)
    if (others.length > 0) throw new Error(`TooManyRelatedAppsError: ${endpoint}`)
    return first
  }

  async isLeader(): Promise<boolean> {
    this.#leader ??= (await this.#tool("is-leader", "--format=json")).trim() === "true"
    return this.#leader
  }

  async status(): Promise<Status> {
    if (this.#status === undefined) {
      const argv = ["status-get", "--format=json", "--include-data", "--application=False"]
      const { status, message } = JSON.parse(await this.#tool(...argv))
      this.#status = { name: status, message }
    }
    return this.#status
  }

  /** Shows a status. **Throws** for `unknown` and `error`, as ops does. */
  async setStatus(status: Status): Promise<void> {
    if (status.name === "unknown" || status.name === "error")
      throw new Error(`InvalidStatusError: ${status.name}`)
    await this.#tool("status-set", "--application=False", status.name, "--", status.message)
    this.#status = status
  }

  async log(level: "DEBUG" | "INFO" | "ERROR", message: string): Promise<void> {
    await this.#tool("juju-log", "--log-level", level, "--", message)
  }

  async #open(id: string): Promise<Relation> {
    const known = this.#relations.get(id)
    if (known !== undefined) return known
    const relation = await Relation.open(this.hook, id, this.#setOrder)
    this.#relations.set(id, relation)
    return relation
  }

  async #tool(...argv: ReadonlyArray<string>): Promise<string> {
    const { code, stdout, stderr } = await this.hook.run(argv)
    if (code !== 0) throw new Error(`ModelError: ${stderr.trim()}`)
    return stdout
  }
}

interface Memory<Stored> {
  readonly stored: Stored
  readonly deferred: ReadonlyArray<OpsEvent>
}

const eventOf = (env: CharmHook["env"]): OpsEvent | undefined =>
  env.JUJU_HOOK_NAME
    ? {
        name: env.JUJU_HOOK_NAME,
        ...(env.JUJU_RELATION_ID && { relationId: env.JUJU_RELATION_ID }),
        ...(env.JUJU_REMOTE_UNIT && { remoteUnit: env.JUJU_REMOTE_UNIT }),
        ...(env.JUJU_REMOTE_APP && { remoteApp: env.JUJU_REMOTE_APP })
      }
    : undefined
