// The order a roll would take if every operation succeeded, by the policy alone. Pure.
import type { GrantPolicy, ParticipantId, Situation, Waiter } from "@rollcall/core"

/** Who would hold, in order; those that would hold at the same time stand together. */
export const dryRun = (
  policy: GrantPolicy,
  situation: Situation,
  queues: ReadonlyMap<ParticipantId, ReadonlyArray<Waiter>>
): ReadonlyArray<ReadonlyArray<Waiter>> => {
  const left = new Map<ParticipantId, Array<Waiter>>()
  for (const [id, queue] of queues) left.set(id, [...queue])
  const rounds: Array<ReadonlyArray<Waiter>> = []
  for (;;) {
    const waiters = [...left.values()].flatMap(([first]) => (first === undefined ? [] : [first]))
    const limits = { ...situation.limits, ahead: 0 }
    const round = policy.chosen({ ...situation, limits, waiters, holders: [] })
    if (round.length === 0) return rounds
    for (const { participant } of round) left.get(participant)?.shift()
    rounds.push(round)
  }
}
