// The order a roll would take from here if every operation succeeded, found by letting the leader's own rule decide time
// after time. Pure; nothing is written.
import type { ParticipantId } from "../Participant.ts"
import { isRevoked, type Registers } from "./Fate.ts"
import type { LockLimits } from "./LockLimits.ts"
import type { GrantPolicy, Waiter } from "./RollingLockPolicy.ts"
import type { Grant, GrantRecord, RequestRegister } from "./RollingLockRecord.ts"
import { nextGrants, waiterOf } from "./RollingLockState.ts"

/** What a dry run starts from. */
export interface DryRunInput {
  readonly self: ParticipantId
  readonly record: GrantRecord
  readonly registers: Registers
  readonly limits: LockLimits
  readonly policy: GrantPolicy
  readonly gated: boolean
}

/** Who would hold, in order; those that would hold at the same time stand together. */
export const dryRun = (input: DryRunInput): ReadonlyArray<ReadonlyArray<Waiter>> => {
  const { limits, policy, self } = input
  const rounds: Array<ReadonlyArray<Waiter>> = []
  let registers = new Map(
    [...input.registers].map(([id, each]) => [id, awake(id, each, input.record)] as const)
  )
  let record: GrantRecord = { ...input.record, pause: undefined, settling: undefined }
  // one round answers one request at least, unless the policy grants what nobody asked for
  const most = [...registers.values()].reduce(requests, record.grants.length)
  while (rounds.length <= most) {
    record = nextGrants({
      self,
      nowMillis: 0,
      before: record,
      registers,
      takenUp: new Map(),
      departed: () => false,
      // what holds a roll back for a while does not change its order, but that nothing is planned ahead
      limits: { ...limits, settleMillis: 0, windows: [] },
      gated: input.gated || limits.settleMillis > 0 || limits.windows.length > 0,
      policy,
      unhealthy: undefined,
      defers: false
    })
    const round = holding(record)
    if (round.length === 0) break
    rounds.push(round.flatMap((grant) => answered(grant, registers.get(grant.participant))))
    registers = new Map(registers)
    for (const grant of round) {
      registers.set(grant.participant, succeeded(grant, registers.get(grant.participant)))
    }
  }
  return rounds
}

const requests = (sum: number, register: RequestRegister): number =>
  sum + (register._tag === "Readable" ? register.record.queue.length : 0)

/** The grants within the permits, in the order of tokens. */
const holding = ({ grants, permits }: GrantRecord): ReadonlyArray<Grant> => {
  let left = permits
  return grants.filter((grant) => (left -= grant.permits ?? 1) >= 0)
}

const awake = (
  id: ParticipantId,
  register: RequestRegister,
  record: GrantRecord
): RequestRegister => {
  if (register._tag === "Unreadable") return register
  const queue = register.record.queue
    .filter(({ ticket }) => !isRevoked(record, id, ticket))
    .map(({ resting: _, ...request }) => request)
  return { ...register, record: { ...register.record, queue } }
}

const answered = (grant: Grant, register: RequestRegister | undefined): ReadonlyArray<Waiter> => {
  if (register?._tag !== "Readable") return []
  const request = register.record.queue.find(({ ticket }) => ticket === grant.ticket)
  return request === undefined ? [] : [waiterOf(grant.participant, request, register.record)]
}

const succeeded = (grant: Grant, register: RequestRegister | undefined): RequestRegister => {
  if (register?._tag !== "Readable") return NOBODY
  const { token, ticket } = grant
  const queue = register.record.queue.filter((request) => request.ticket !== ticket)
  const completed = { token, ticket, outcome: "done" } as const
  return { ...register, record: { ...register.record, queue, completed } }
}

/** Whoever holds and cannot be read is taken to be done as well. */
const NOBODY: RequestRegister = {
  _tag: "Readable",
  record: {
    lastTicket: Number.MAX_SAFE_INTEGER,
    queue: [],
    completed: undefined,
    problem: undefined,
    ordered: Number.MAX_SAFE_INTEGER
  }
}
