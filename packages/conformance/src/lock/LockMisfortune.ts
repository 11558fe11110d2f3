// How often what goes wrong in a fleet's life, drawn by its seed; and registers that are shown as they were.
import type { Entries, GroupView, View } from "@rollcall/core"
import type { Chance } from "../Chance.ts"
import { type LockSeat, lockGroup } from "./LockSeat.ts"

/** Probabilities: of a point inside a call, or of a move. */
export interface LockRates {
  readonly death: number
  readonly interleaving: number
  readonly storeFault: number
  readonly staleness: number
  readonly order: number
  readonly departure: number
  readonly election: number
  readonly corruption: number
  readonly amnesia: number
  readonly force: number
}

/** The rates of one life; most lives know only some kinds of trouble. */
export const drawRates = (chance: Chance): LockRates => ({
  death: chance.pick([0, 0.02, 0.1]),
  interleaving: chance.pick([0.1, 0.4]),
  storeFault: chance.pick([0, 0, 0.03]),
  staleness: chance.pick([0, 0.2]),
  order: chance.pick([0, 0.04, 0.1]),
  departure: chance.pick([0, 0.02]),
  election: chance.pick([0, 0.03, 0.1]),
  corruption: chance.pick([0, 0, 0.03]),
  amnesia: chance.pick([0, 0, 0.03]),
  force: chance.pick([0, 0, 0.03])
})

/**
 * Shows a participant registers of others, and to one that does not lead the shared one, as it saw them the last time:
 * none goes backwards (S4), and each is as old as it likes, as a store may show them.
 */
export const staleView = (happens: () => boolean): ((seat: LockSeat, view: View) => View) => {
  const seen = new Map<string, Map<string, Entries>>()
  return (seat, view) => {
    const group = lockGroup(view)
    if (group === undefined) return view
    const last = seen.get(seat.id) ?? new Map<string, Entries>()
    seen.set(seat.id, last)
    const shown = (name: string, now: Entries): Entries => {
      const old = last.get(name)
      if (old !== undefined && happens()) return old
      last.set(name, now)
      return now
    }
    const peers = new Map([...group.peers].map(([id, entries]) => [id, shown(id, entries)]))
    const shared =
      view.leader || group.shared === undefined ? group.shared : shown("the side", group.shared)
    const stale: GroupView = { ...group, peers, shared }
    return {
      ...view,
      groups: view.groups.map((each) => (each.id === group.id ? stale : each)),
      council: view.council?.id === group.id ? stale : view.council
    }
  }
}
