/**
 * What must hold after every operation, checked independently of the code that makes it hold.
 *
 * The built-in ones are those of Juju: the order of relation hooks (`State.Validate`, juju/juju
 * internal/worker/uniter/relation/state.go), read from the trace alone, and at most one lease holder per application,
 * with terms that only grow. Charms add predicates of their own, such as "at most one unit restarts".
 */
import type { Model } from "./Model.ts"
import type { HookRecord, Trace } from "./Trace.ts"

/** A check: undefined when it holds, else what is wrong. */
export type Invariant = () => string | undefined

/** An invariant did not hold; the message ends with the seed and the last lines of the trace. */
export class InvariantViolated extends Error {
  readonly invariant: string
  readonly seed: number

  constructor(invariant: string, problem: string, seed: number, lastLines: ReadonlyArray<string>) {
    super(
      `${invariant}: ${problem}\nreplay with seed ${seed}; the last hooks:\n${lastLines.join("\n")}`
    )
    this.name = "InvariantViolated"
    this.invariant = invariant
    this.seed = seed
  }
}

/** The order of relation hooks per unit and relation. */
export const hookOrder = (trace: Trace): Invariant => {
  const relations = new Map<string, Membership>()
  let seen = 0
  return () => {
    for (; seen < trace.hooks.length; seen += 1) {
      const record = trace.hooks[seen]
      if (record === undefined || record.relation === "" || !counts(record)) continue
      const key = `${record.unit} ${record.relation}`
      const membership = relations.get(key) ?? { members: new Set(), promised: "", over: false }
      relations.set(key, membership)
      const problem = follow(membership, record)
      if (problem !== undefined) return `${problem}: ${record.unit} ${record.hook} ${record.remote}`
    }
    return undefined
  }
}

/** At most one holder per application, who is one of its units; terms never go back. */
export const singleLeader = (model: Model): Invariant => {
  const terms = new Map<string, { readonly term: number; readonly holder: string }>()
  return () => {
    for (const { name, lease } of model.applications.values()) {
      if (lease === undefined) continue
      const before = terms.get(name)
      if (before !== undefined && lease.term < before.term) {
        return `the term of ${name} went from ${before.term} back to ${lease.term}`
      }
      if (before?.term === lease.term && before.holder !== lease.holder) {
        return `${before.holder} and ${lease.holder} both hold term ${lease.term} of ${name}`
      }
      terms.set(name, { term: lease.term, holder: lease.holder })
    }
    return undefined
  }
}

/** What a unit was told of one relation. */
interface Membership {
  readonly members: Set<string>
  promised: string
  over: boolean
}

const TOLD: ReadonlySet<string> = new Set(["committed", "absent", "skipped"])

const counts = ({ hook, outcome }: HookRecord): boolean =>
  hook.includes("-relation-") && TOLD.has(outcome)

const follow = (state: Membership, { hook, remote }: HookRecord): string | undefined => {
  const event = hook.slice(hook.lastIndexOf("-") + 1)
  const isUnit = remote.includes("/")
  if (state.over && event !== "created") return "a hook after broken"
  if (state.promised !== "" && !(event === "changed" && remote === state.promised)) {
    return `joined of ${state.promised} was not followed by its changed`
  }
  state.promised = ""
  if (event === "created") state.over = false
  else if (event === "joined") {
    if (state.members.has(remote)) return "joined twice"
    state.members.add(remote)
    state.promised = remote
  } else if (event === "broken") {
    if (state.members.size > 0) return "broken while units are still members"
    state.over = true
  } else if (isUnit && !state.members.has(remote)) return `${event} before joined`
  else if (event === "departed") state.members.delete(remote)
  return undefined
}
