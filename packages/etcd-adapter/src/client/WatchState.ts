// What one watch has seen, and what it makes of an answer. Pure.
// A watch goes on after the last change that it delivered, so a change is delivered once however often a stream breaks;
// etcd 3.4 before .24 repeats changes, which are dropped by their revision. When etcd has forgotten what comes next, the
// watch begins anew, and says so only when it has begun: whoever reads then misses nothing.
import type { WatchBatch, WatchEvent } from "./Etcd.ts"

/** How far a watch is; `next` is the first revision not yet delivered, undefined as long as it has not begun. */
export interface WatchState {
  readonly next: number | undefined
  /** What to say when it has begun: "from here", that there is a gap, or nothing. */
  readonly announces: "start" | "gap" | undefined
}

/** An answer of etcd to one watch. */
export interface WatchAnswer {
  readonly revision: number
  readonly created: boolean
  /** Set when etcd no longer has what the watch asked for. */
  readonly compacted: boolean
  readonly events: ReadonlyArray<WatchEvent>
}

/** What comes of an answer. */
export interface WatchStep {
  readonly state: WatchState
  readonly batch: WatchBatch | undefined
  /** Whether etcd ended the watch and is to be asked for it again. */
  readonly again: boolean
}

/** A watch for changes after `after`, or from now on. */
export const newWatch = (after: number | undefined): WatchState =>
  after === undefined
    ? { next: undefined, announces: "start" }
    : { next: after + 1, announces: undefined }

/** What an answer does to a watch. */
export const stepWatch = (state: WatchState, answer: WatchAnswer): WatchStep => {
  if (answer.compacted) {
    return { state: { next: undefined, announces: "gap" }, batch: undefined, again: true }
  }
  if (answer.created) return begun(state, answer.revision)
  const fresh = answer.events.filter((event) => revisionOf(event) >= (state.next ?? 0))
  const last = fresh.at(-1)
  if (last !== undefined) {
    const revision = revisionOf(last)
    return {
      state: { ...state, next: revision + 1 },
      batch: { _tag: "Events", revision, events: fresh },
      again: false
    }
  }
  // an answer without changes is etcd's word that this watch has seen all up to this revision
  const next =
    answer.events.length === 0 ? Math.max(state.next ?? 0, answer.revision + 1) : state.next
  return { state: { ...state, next }, batch: undefined, again: false }
}

const begun = ({ next, announces }: WatchState, revision: number): WatchStep => {
  const from = next ?? revision + 1
  const batch: WatchBatch | undefined =
    announces === "start"
      ? { _tag: "Events", revision, events: [] }
      : announces === "gap"
        ? { _tag: "Resync", revision }
        : undefined
  return { state: { next: from, announces: undefined }, batch, again: false }
}

const revisionOf = (event: WatchEvent): number =>
  event.type === "put" ? event.kv.modRevision : event.modRevision
