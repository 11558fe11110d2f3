// Where a lock lives, decided from what its participants say. Pure.
//   epoch e in A -> moving to B -> epoch e+1 in B; or, given up, epoch e+1 in A
// Invariants, whatever the input:
//   B1 an epoch ends only when each participant that was admitted to it is out of it: it said so, an operator did, or it
//      departed and is proven gone; while one is not, the record stays as it is and says for whom it waits;
//   B2 nobody acts but in the epoch it has acknowledged, admitted, while no move is on; what was said out is never taken back;
//   B3 the floor never falls, and is no smaller than any token of the epochs before;
//   B4 the epoch never falls; a move that is given up costs an epoch, too, so that nobody's answer to it is used again.
// Who is out may miss what comes after: it is told by the record, which it cannot see older than it has seen it (S4).
import type { ParticipantId } from "../Participant.ts"
import { type BackendLimits, type BackendNames, wantedMove } from "./LockBackendPolicy.ts"
import type { BackendRecord, BackendStatement, Move } from "./LockBackendRecord.ts"

/** What the leader knows when it decides. */
export interface BackendInput {
  readonly nowMillis: number
  readonly before: BackendRecord | undefined
  /** Statements that can be read, its own included. */
  readonly statements: ReadonlyMap<ParticipantId, BackendStatement>
  /** Whether a participant has departed, and is not merely still to come. */
  readonly departed: (participant: ParticipantId) => boolean
  /** Why a departed participant is not known to be gone; undefined where it is. */
  readonly unproven: (participant: ParticipantId) => string | undefined
  /** The highest token of the epoch's backend, its floor not included; undefined where it cannot be read. */
  readonly token: number | undefined
  readonly names: BackendNames
  readonly limits: BackendLimits
}

/** The leader's next record; the same value where nothing changes. */
export const nextBackend = (input: BackendInput): BackendRecord => {
  const { before, limits, names, nowMillis, statements } = input
  if (before === undefined) {
    const reason = "it begins in its preferred backend"
    const start = { v: 1, epoch: 1, backend: names.preferred, stay: 1, floor: 0 } as const
    return { ...start, admitted: [...statements.keys()], reason, atMillis: nowMillis }
  }
  const wanted = wantedMove(before, statements, names, limits)
  if (before.moving !== undefined) {
    if (wanted === "stay") return settledAt(before, before.backend, input, "the move was given up")
    return waitsFor(before, input).length > 0
      ? before
      : settledAt(before, before.moving.to, input, before.moving.reason, before.moving.by)
  }
  const record = wanted === undefined || wanted === "stay" ? before : { ...before, moving: wanted }
  return record.moving === undefined ? withAdmitted(record, input) : record
}

/** The record with an operator's move begun; to where the lock lives is to give the move up. */
export const movedByHand = (before: BackendRecord, move: Move, input: BackendInput) =>
  move.to === before.backend
    ? settledAt(before, before.backend, input, move.reason, move.by)
    : { ...before, moving: { ...move, ...attestedOf(before) } }

/** The record with an operator's word that `participant` holds nothing any more; itself where nobody waits for it. */
export const attested = (before: BackendRecord, participant: ParticipantId): BackendRecord => {
  const { moving } = before
  if (moving === undefined || !before.admitted.includes(participant)) return before
  const words = new Set([...(moving.attested ?? []), participant])
  return { ...before, moving: { ...moving, attested: [...words] } }
}

/** A record in place of one that cannot be read: moving, and everybody has to answer. */
export const rebuiltBackend = (
  move: Move,
  from: string,
  present: ReadonlyArray<ParticipantId>,
  { nowMillis, statements }: BackendInput
): BackendRecord => {
  const said = [...statements.values()]
  const epoch = 1 + Math.max(0, ...said.flatMap((each) => [each.epoch, each.out?.epoch ?? 0]))
  const floor = BEYOND + Math.max(0, ...said.map(({ out }) => out?.token ?? 0))
  const { reason } = move
  const admitted = [...present]
  const place = { epoch, backend: from, stay: epoch, floor }
  return { v: 1, ...place, admitted, moving: move, reason, atMillis: nowMillis }
}

/** For whom a move waits, and why: exactly those who are not known to hold nothing. */
export const waitsFor = (
  { admitted, epoch, moving }: BackendRecord,
  { departed, statements, unproven }: Pick<BackendInput, "departed" | "statements" | "unproven">
): ReadonlyArray<{ readonly participant: ParticipantId; readonly why: string }> =>
  admitted.flatMap((participant) => {
    if (moving?.attested?.includes(participant) === true) return []
    const said = statements.get(participant)
    if (said?.out?.epoch === epoch) return []
    const why = departed(participant)
      ? unproven(participant)
      : (said?.bound ?? (said === undefined ? "it is not seen" : "it has not answered yet"))
    return why === undefined ? [] : [{ participant, why }]
  })

/** What a participant may do. */
export type Role =
  /** It may begin and go on with its work. */
  | { readonly _tag: "Acts"; readonly record: BackendRecord }
  /** It has to acknowledge the epoch first, and keeps what it holds. */
  | { readonly _tag: "Joins" }
  /** It has to leave what it holds and say so. */
  | { readonly _tag: "Leaves"; readonly record: BackendRecord }
  /** It has said so, or has not been let in. */
  | { readonly _tag: "Waits"; readonly detail: string }

/** What `self` may do by the record. **Guarantee** B2 */
export const roleOf = (
  record: BackendRecord | undefined,
  self: ParticipantId,
  said: BackendStatement | undefined
): Role => {
  if (record === undefined) return { _tag: "Waits", detail: "the leader is to say where it lives" }
  const { admitted, backend, epoch, moving } = record
  if (said !== undefined && said.epoch > epoch) {
    return { _tag: "Waits", detail: `it knows of epoch ${said.epoch}, the record is of ${epoch}` }
  }
  const out = said?.out?.epoch === epoch
  if (moving !== undefined || out) {
    return admitted.includes(self) && !out
      ? { _tag: "Leaves", record }
      : { _tag: "Waits", detail: `it moves from ${backend} to ${moving?.to ?? "somewhere"}` }
  }
  if (said?.epoch !== epoch) {
    // one that missed the end of a stay leaves that first
    const stays = said !== undefined && said.epoch >= record.stay
    return stays ? { _tag: "Joins" } : { _tag: "Leaves", record }
  }
  if (!admitted.includes(self)) return { _tag: "Waits", detail: "the leader is to let it in" }
  return { _tag: "Acts", record }
}

/** What a participant says next, once it has tried to leave: `bound` is why it could not. */
export const nextStatement = (
  record: BackendRecord | undefined,
  said: BackendStatement | undefined,
  fit: boolean | undefined,
  left: {
    readonly bound: string | undefined
    readonly token: number
    readonly paused: string | undefined
  }
): BackendStatement => {
  const fitness = fit === undefined ? {} : { fit }
  const before = said?.epoch ?? 0
  if (record === undefined) return { v: 1, epoch: before, ...fitness }
  const { bound, paused, token } = left
  const { epoch, moving } = record
  const kept = said?.out?.epoch === epoch ? { out: said.out } : {}
  if (bound !== undefined) return { v: 1, epoch: before, ...fitness, ...kept, bound }
  if (moving === undefined) return { v: 1, epoch: Math.max(before, epoch), ...fitness, ...kept }
  const why = paused === undefined ? {} : { paused }
  const out = said?.out?.epoch === epoch ? said.out : { epoch, token, ...why }
  return { v: 1, epoch: before, ...fitness, out }
}

/** The next epoch, at `backend`. */
const settledAt = (
  before: BackendRecord,
  backend: string,
  input: BackendInput,
  reason: string,
  by?: string
): BackendRecord => {
  const { moving: _, by: __, ...kept } = before
  const next = {
    ...kept,
    ...(by === undefined ? {} : { by }),
    epoch: before.epoch + 1,
    backend,
    reason,
    atMillis: input.nowMillis
  }
  // a move that was given up leaves all as it was, but for the epoch
  if (backend === before.backend) {
    return { ...next, ...(before.by === undefined ? {} : { by: before.by }) }
  }
  const { spent: ___, ...fresh } = next
  const words = before.admitted.flatMap((each) => {
    const out = input.statements.get(each)?.out
    return out?.epoch === before.epoch ? [out] : []
  })
  const paused = before.paused ?? words.find((each) => each.paused !== undefined)?.paused
  return {
    ...fresh,
    stay: next.epoch,
    floor: floorAfter(before, words, input.token),
    admitted: before.admitted.filter((each) => isOut(before, input.statements.get(each))),
    ...(paused === undefined ? {} : { paused })
  }
}

/** Tokens nobody told of are fewer than a backend could have given in the meantime. **Guarantee** B3 */
const floorAfter = (
  { admitted, floor, spent = floor }: BackendRecord,
  words: ReadonlyArray<{ readonly token: number }>,
  token: number | undefined
): number => {
  const known = Math.max(floor, spent, ...words.map((each) => each.token))
  if (token !== undefined) return Math.max(known, floor + token)
  return words.length === admitted.length ? known : known + BEYOND
}

/** Lets in who acknowledges this epoch, and strikes out who departed and is gone. */
const withAdmitted = (record: BackendRecord, input: BackendInput): BackendRecord => {
  const { departed, statements, unproven } = input
  const stay = record.admitted.filter((id) => !departed(id) || unproven(id) !== undefined)
  const come = [...statements].flatMap(([id, { epoch }]) =>
    epoch === record.epoch && !stay.includes(id) ? [id] : []
  )
  const left = record.admitted.length - stay.length
  if (come.length === 0 && left === 0) return record
  const admitted = [...stay, ...come]
  return left === 0
    ? { ...record, admitted }
    : { ...record, admitted, spent: floorAfter(record, [], input.token) }
}

const isOut = ({ epoch }: BackendRecord, said: BackendStatement | undefined): boolean =>
  said?.out?.epoch === epoch

const attestedOf = ({ moving }: BackendRecord) =>
  moving?.attested === undefined ? {} : { attested: moving.attested }

// revisions of a store that nobody here could read: 2^32 are seven weeks at a thousand writes a second
const BEYOND = 2 ** 32
