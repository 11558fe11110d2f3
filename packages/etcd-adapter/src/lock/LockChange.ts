// What somebody wants of a lock, and everything else that a transition depends on. Values, no rules.
import type { GrantPolicy, LockLimits, PastEvent } from "@rollcall/core"
import type { LockKeys } from "./LockKeys.ts"
import type { LockState, WaiterRecord } from "./LockRecord.ts"

/** What is wanted of a transition, besides granting what can be granted. */
export interface Change {
  /** The own grants that end, and what is to be remembered of them. **Guarded** by their tokens. */
  readonly release?: ReadonlyArray<{ readonly key: string; readonly token: number }>
  readonly events?: ReadonlyArray<PastEvent>
  /** Grants that must still be there although they stay. */
  readonly holding?: { readonly key: string; readonly token: number } | undefined
  /** A waiter that comes, under the lease of its session. */
  readonly enter?: { readonly waiter: WaiterRecord; readonly lease: bigint } | undefined
  /** Keys of waiters that go. */
  readonly leave?: ReadonlyArray<string>
  /** Registers of requests that are written, each unchanged since the revision that is named. */
  readonly registers?: ReadonlyArray<{
    readonly key: string
    readonly value: string
    readonly revision: number
  }>
  readonly steer?: (state: LockState) => LockState
  /** Nothing is granted in this transition, for this reason. */
  readonly unhealthy?: string | undefined
  /** The end of this rest was observed here. */
  readonly rested?: number | undefined
}

/** Everything else a transition depends on. */
export interface LockScene {
  readonly keys: LockKeys
  readonly self: string
  readonly nowMillis: number
  readonly limits: LockLimits
  readonly policy: GrantPolicy
  /** What becomes of the roll when a holder dies. */
  readonly whenHolderDies: "hand-over" | "pause"
}

/** A waiter a transition can grant. */
export interface Candidate {
  readonly key: string
  /** Undefined for the one that comes with this transition. */
  readonly created: number | undefined
  readonly lease: bigint | undefined
  readonly waiter: WaiterRecord
}
