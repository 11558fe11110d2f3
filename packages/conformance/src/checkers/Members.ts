// Which machines are in a cluster and still there, replayed from a history.
import type { Happening, Machine } from "../History.ts"

/** The machines that are members and present; `follow` takes in what happens next. */
export class Members {
  readonly #machines = new Map<string, Machine>()

  /** Takes one happening in. */
  follow(each: Happening): void {
    if (each._tag === "Departed" && each.machine !== undefined) {
      this.#machines.delete(each.machine.name)
    }
    if (each._tag !== "Called" || each.reason !== undefined) return
    if (each.operation === "bootstrap" || each.operation === "join") {
      this.#machines.set(each.machine.name, each.machine)
    }
    if (each.operation === "remove") {
      for (const { host, name } of this.all) if (host === each.about) this.#machines.delete(name)
    }
  }

  /** All of them. */
  get all(): ReadonlyArray<Machine> {
    return [...this.#machines.values()]
  }
}

/** The machines that are members and present when a history ends. */
export const membersAtEnd = (history: ReadonlyArray<Happening>): ReadonlyArray<Machine> => {
  const members = new Members()
  for (const each of history) members.follow(each)
  return members.all
}
