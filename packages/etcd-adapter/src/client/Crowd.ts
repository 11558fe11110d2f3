// How many may do something at once; the others wait in the order in which they came. Unlike effect's Semaphore it costs
// the same whether ten wait or ten thousand: letting one in looks at nobody else.
import { Effect } from "effect"

/** Runs an effect when there is room for it. */
export type Crowd = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** Room for `most` at once. */
export const makeCrowd = (most: number): Crowd => {
  let room = most
  const waiting = new Set<Ticket>()
  const enter = (ticket: Ticket) =>
    Effect.callback<void>((resume) => {
      ticket.admit = () => {
        ticket.admitted = true
        resume(Effect.void)
      }
      if (room > 0) {
        room--
        ticket.admit()
      } else waiting.add(ticket)
    })
  const leave = (ticket: Ticket) => {
    waiting.delete(ticket)
    if (!ticket.admitted) return
    const next = waiting.values().next().value
    if (next === undefined) room++
    else {
      waiting.delete(next)
      next.admit()
    }
  }
  return (effect) =>
    Effect.suspend(() => {
      const ticket: Ticket = { admitted: false, admit: () => undefined }
      return Effect.ensuring(
        Effect.andThen(enter(ticket), effect),
        Effect.sync(() => leave(ticket))
      )
    })
}

interface Ticket {
  admitted: boolean
  admit: () => void
}
