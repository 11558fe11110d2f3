// What became of a grant, as registers tell it. Pure; whoever sees the same registers comes to the same answer.
import type { ParticipantId } from "../Participant.ts"
import type {
  Completion,
  Grant,
  GrantRecord,
  RequestRecord,
  RequestRegister
} from "./RollingLockRecord.ts"

/** All registers of a lock that a participant sees, its own included. */
export type Registers = ReadonlyMap<ParticipantId, RequestRegister>

/** What became of a grant, as far as it can be told. */
export type Fate =
  | { readonly _tag: "Held" }
  | { readonly _tag: "Over"; readonly completion: Completion }
  | { readonly _tag: "Withdrawn" }
  | { readonly _tag: "Unknown"; readonly why: string }
  | { readonly _tag: "NoRegister" }

/** What became of `grant`: a register older than the grant, or one that cannot be read, tells nothing. */
export const fateOf = (
  grant: Pick<Grant, "token" | "ticket">,
  register: RequestRegister | undefined
): Fate => {
  if (register === undefined) return { _tag: "NoRegister" }
  if (register._tag === "Unreadable") return { _tag: "Unknown", why: register.detail }
  const { completed, queue } = register.record
  if (completed !== undefined && completed.token >= grant.token) {
    return { _tag: "Over", completion: completed }
  }
  const held = queue.some(({ ticket }) => ticket === grant.ticket)
  return { _tag: held || !knows(register.record, grant.ticket) ? "Held" : "Withdrawn" }
}

/** Whether everybody can see that a grant is over; what follows from a failure is for the leader to say. */
export const isOver = (grant: Grant, registers: Registers): boolean => {
  const fate = fateOf(grant, registers.get(grant.participant))
  return fate._tag === "Over" && fate.completion.outcome !== "failed"
}

/** The record without the grants that everybody can see to be over. */
export const outstanding = (record: GrantRecord, registers: Registers): GrantRecord => {
  const grants = record.grants.filter((grant) => !isOver(grant, registers))
  return grants.length === record.grants.length ? record : { ...record, grants }
}

/** Whether the participant had heard of this request when it wrote its register. */
export const knows = ({ lastTicket, ordered = 0 }: RequestRecord, ticket: number): boolean =>
  (Number.isInteger(ticket) ? lastTicket : ordered) >= ticket

/** Every ticket that the registers show. */
export const ticketsOf = (registers: Registers): ReadonlyArray<number> =>
  [...registers.values()].map((each) => (each._tag === "Readable" ? each.record.lastTicket : 0))

/** Whether an operator ended this request by force. */
export const isRevoked = (
  { revoked }: GrantRecord,
  participant: ParticipantId,
  ticket: number
): boolean => revoked.some((each) => each.participant === participant && each.ticket === ticket)
