// Nobody founds a cluster while a member of one is there. **Guarantee** T3
// A cluster whose machines are all gone is none: the next founder does not split anything.
import type { Violation } from "../Check.ts"
import type { History } from "../History.ts"
import { Members } from "./Members.ts"

/** Every founding beside a living cluster. */
export const oneCluster = (history: History): ReadonlyArray<Violation> => {
  const members = new Members()
  return history.flatMap((each) => {
    const others = members.all.map(({ name }) => name)
    members.follow(each)
    if (each._tag !== "Called" || each.operation !== "bootstrap" || each.reason !== undefined) {
      return []
    }
    const detail = `${each.machine.name} founded a cluster beside that of ${others.join(", ")}`
    return others.length === 0 ? [] : [{ guarantee: "T3", detail } as const]
  })
}
