// What the services decided, in the words of a unit's status. Pure.
// A status always says what is waited for, what failed, and what to do.
import type { ClusterCliError, HostDecision, LifecycleFailed, MirrorDecision } from "@rollcall/core"
import { active, blocked, type UnitStatus, waiting } from "./UnitStatus.ts"

/** The status of a host's unit. */
export const hostStatus = (decision: HostDecision): UnitStatus => {
  switch (decision._tag) {
    case "Refused":
      return blocked(decision.reason)
    case "Waiting":
      return decision.problem === undefined
        ? waiting(`waiting for ${decision.reason}`)
        : trouble(decision.problem)
    case "Member":
      if (decision.problem !== undefined) return trouble(decision.problem)
      return active(
        decision.membership === "bootstrapped" ? "bootstrapped the cluster" : "in the cluster"
      )
  }
}

/** The status of a distributor's unit. */
export const mirrorStatus = (decision: MirrorDecision): UnitStatus => {
  if (decision._tag === "Standby") return active("standing by for the leader")
  const { held, hosts, members, missing, silent, unreadable, waiting: unserved } = decision
  const [culprit, ...more] = unreadable
  if (culprit !== undefined) {
    const others = more.length === 0 ? "" : ` and ${more.length} more`
    return blocked(
      `${culprit}${others}: what it announces names no host; rename its machine or remove it (${members} of ${hosts} others joined)`
    )
  }
  if (hosts === 0) return waiting("waiting for hosts to announce themselves")
  if (held > 0) return waiting(`holding ${held} of ${hosts} hosts for ${missing} still to come`)
  const joined = `${members} of ${hosts} hosts joined`
  const others = [
    ...(unserved > 0 ? [`${unserved} wait for a token`] : []),
    ...(silent > 0 ? [`${silent} have a token and do not tell more`] : [])
  ]
  return active([joined, ...others].join(", "))
}

/** Reasons that only an operator can mend; all others are tried again. */
const OPERATOR: ReadonlySet<string> = new Set([
  "already-initialised",
  "bad-name",
  "command-missing",
  "output-unreadable",
  "output-too-large"
])

const trouble = (problem: ClusterCliError | LifecycleFailed): UnitStatus =>
  problem._tag === "LifecycleFailed" || OPERATOR.has(problem.reason)
    ? blocked(problem.message)
    : waiting(problem.message)
