// The ops framework's queue of deferred events. Before the event of a hook is emitted, all deferred ones are, oldest
// first; an event that is deferred again keeps its place. Pure but for the emission handed in.
//
// Since 2.18 ops does not emit an event that equals a queued one; older ones do, so that a failing join is tried once more
// in every hook (ops/framework.py, Framework._event_is_in_storage).

/** A Juju event, with what ops stores of it. */
export interface OpsEvent {
  readonly name: string
  readonly relationId?: string
  readonly remoteUnit?: string
  readonly remoteApp?: string
}

/** What an observer did with its event. */
export type Verdict = "done" | "deferred"

/** The rule for an event that equals a queued one. */
export type Duplicates = "skipped" | "queued"

/** Emits the queue, then `event`; returns the queue that is to be stored if the hook succeeds. */
export const emitInOrder = async (
  queue: ReadonlyArray<OpsEvent>,
  event: OpsEvent | undefined,
  duplicates: Duplicates,
  emit: (event: OpsEvent) => Promise<Verdict>
): Promise<ReadonlyArray<OpsEvent>> => {
  const kept: Array<OpsEvent> = []
  for (const deferred of queue) if ((await emit(deferred)) === "deferred") kept.push(deferred)
  if (event === undefined) return kept
  if (duplicates === "skipped" && kept.some((queued) => isSame(queued, event))) return kept
  return (await emit(event)) === "deferred" ? [...kept, event] : kept
}

const isSame = (a: OpsEvent, b: OpsEvent): boolean =>
  a.name === b.name && a.relationId === b.relationId && a.remoteUnit === b.remoteUnit
