// What an operator decides about participants, from outside of them: who is still to come, who has left for good, who
// leads. Each is one guarded transaction or two; none of them needs a participant that answers.
import type { ParticipantId } from "@rollcall/core"
import { Effect } from "effect"
import { Etcd, type Op } from "../client/Etcd.ts"
import { inPortions } from "./RegisterOps.ts"
import { readSent } from "./RegisterText.ts"
import { type EtcdGroup, storeKeys } from "./StoreKeys.ts"

/** A participant, by the names that its keys have. */
export interface Named {
  readonly formation: string
  readonly side: string
  readonly participant: ParticipantId
}

/** Announces a participant that is still to come, so that it is counted; it is until it is taken away. */
export const expectParticipant = Effect.fnUntraced(function* ({
  formation,
  participant,
  side
}: Named) {
  const etcd = yield* Etcd
  const key = storeKeys(formation).expected(side, participant)
  yield* etcd.txn({
    when: [{ key, target: "create", is: "=", value: 0 }],
    then: [{ op: "put", key, value: "" }]
  })
})

/** Makes a participant the leader of its side, if it is there; the one before it leads no more from here on. */
export const appointLeader = Effect.fnUntraced(function* (
  { formation, participant, side }: Named,
  termSeconds = 10
) {
  const etcd = yield* Etcd
  const keys = storeKeys(formation)
  const { id } = yield* etcd.grant(termSeconds)
  const answer = yield* etcd.txn({
    when: [{ key: keys.here(side, participant), target: "create", is: ">", value: 0 }],
    then: [{ op: "put", key: keys.lead(side), value: participant, lease: id }]
  })
  if (!answer.succeeded) yield* etcd.revoke(id)
  return answer.succeeded
})

/** Takes a participant away for good, with all it wrote (S7); its side elects another leader if it led. */
export const retireParticipant = Effect.fnUntraced(function* (
  { formation, participant, side }: Named,
  groups: ReadonlyArray<EtcdGroup>
) {
  const etcd = yield* Etcd
  const keys = storeKeys(formation)
  const here = keys.here(side, participant)
  const sent = yield* etcd.range({ key: keys.sent(participant) })
  const addressed = readSent(sent.kvs[0]?.value ?? "[]").map(([group, to]) =>
    keys.addressed(to as ParticipantId, group, participant)
  )
  const written = [
    keys.privately(participant),
    keys.sent(participant),
    keys.expected(side, participant),
    ...groups
      .filter(({ sides }) => sides.includes(side))
      .map(({ id }) => keys.register(id, side, participant)),
    ...addressed
  ]
  const gone = [here, ...written].map((key): Op => ({ op: "delete", key }))
  const lead = keys.lead(side)
  for (const part of inPortions(gone)) {
    yield* etcd.txn({
      when: [{ key: lead, target: "value", is: "=", value: participant }],
      then: [...part, { op: "delete", key: lead }],
      otherwise: part
    })
  }
})
