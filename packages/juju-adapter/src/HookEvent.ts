// Which kind of hook this is, as far as charms decide by it. Pure.
import type { JujuContextShape } from "./JujuContext.ts"

/** Events after which a step also takes away what is no longer used: they come without a change of anybody else. */
export const isSweep = ({ event }: JujuContextShape): boolean => SWEEPS.has(event.name)

/** Whether an operator changed something: then what failed before is worth another try at once. */
export const isAfresh = ({ event }: JujuContextShape): boolean =>
  event.name === "config-changed" || event.name === "upgrade-charm"

/** Whether the unit can take part: before it is installed it has entered no relation. */
export const isInstall = ({ event }: JujuContextShape): boolean => event.name === "install"

/**
 * Whether the hook says nothing that the next one does not say better: Juju runs relation-changed right after every
 * relation-joined, and a decision made in the second instead of the first wakes nobody twice.
 */
export const isPrelude = ({ event }: JujuContextShape): boolean =>
  event.name.endsWith("-relation-joined")

/** Whether an operator asks for this unit's status by an action of that name. */
export const isStatusAction = ({ event }: JujuContextShape): boolean =>
  event.kind === "action" && event.name === "status"

/** Whether this is the unit's last hook, in which it leaves its cluster. */
export const isLeaving = ({ event }: JujuContextShape): boolean => event.name === "remove"

const SWEEPS: ReadonlySet<string> = new Set(["update-status", "config-changed", "upgrade-charm"])
