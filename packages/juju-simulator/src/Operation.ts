/**
 * What a unit's agent can do next, and what it remembers between two operations.
 *
 * Plain data. The memory survives crashes and agent restarts (Juju keeps it on the controller); what a restart forgets
 * is the databag cache, which is `UnitCache`.
 */
import type { UnitName } from "./Model.ts"

/** A hook to run; `version` is the databag version that the hook will have told the unit about. */
export interface Hook {
  readonly kind: "hook"
  readonly name: string
  readonly relationId?: number
  readonly endpoint?: string
  readonly remoteUnit?: UnitName
  readonly remoteApp?: string
  readonly departingUnit?: UnitName
  readonly version?: number
  readonly secret?: { readonly id: string; readonly label?: string; readonly revision?: number }
}

/** One step of a unit's agent; only hooks, actions and commands start a process. */
export type Operation =
  | Hook
  | { readonly kind: "action"; readonly id: string }
  | { readonly kind: "juju-exec"; readonly id: number }
  | { readonly kind: "upgrade" }
  | { readonly kind: "resign" }
  /** Gives up a failed hook that has become pointless. */
  | { readonly kind: "skip" }
  | { readonly kind: "leave-model" }

/** A hook that failed and waits: it runs again at `retryAt` (virtual milliseconds) unless the operator resolves it. */
export interface FailedHook {
  readonly hook: Hook
  readonly attempts: number
  readonly retryAt: number
  readonly error: string
}

/** What one unit's agent remembers. */
export interface AgentState {
  installed: boolean
  started: boolean
  removed: boolean
  /** The hook that must run next: install at first, start after the first config-changed. */
  queued: Hook | undefined
  failed: FailedHook | undefined
  /** Leadership was accepted in this reign, so `leader-elected` is not repeated. */
  leader: boolean
  /** Config and address last told by config-changed, and those that the running one tells. */
  configSeen: string
  configRunning: string
  leaderSettingsSeen: number
  charmRevision: number
  updateStatusDue: boolean
  readonly commands: Array<number>
  /** Revision last told by secret-changed, by secret id. */
  readonly secretsTold: Map<string, number>
  /** `id/revision` of every secret-remove that ran. */
  readonly obsoleteTold: Set<string>
  /** When secret-expired of `id/revision` may run again. */
  readonly expiredAgain: Map<string, number>
}

/** The memory of an agent that has not run anything yet. */
export const makeAgentState = (charmRevision: number): AgentState => ({
  installed: false,
  started: false,
  removed: false,
  queued: { kind: "hook", name: "install" },
  failed: undefined,
  leader: false,
  configSeen: "",
  configRunning: "",
  leaderSettingsSeen: NEVER_SEEN,
  charmRevision,
  updateStatusDue: false,
  commands: [],
  secretsTold: new Map(),
  obsoleteTold: new Set(),
  expiredAgain: new Map()
})

/** Whether nothing is queued or failed (Juju's `Kind == Continue`): the gate of created, leadership and secrets. */
export const isFree = (state: AgentState): boolean =>
  state.queued === undefined && state.failed === undefined

const NEVER_SEEN = -1
