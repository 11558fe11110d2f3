// User code hears every event of a machine once, however often its process died. **Guarantee** T7
import { eventName } from "@rollcall/core"
import type { Violation } from "../Check.ts"
import type { History } from "../History.ts"

/** Every event that was heard again. */
export const eventsOnce = (history: History): ReadonlyArray<Violation> => {
  const heard = new Set<string>()
  return history.flatMap((each) => {
    if (each._tag !== "Heard") return []
    const name = `${each.machine.name} heard ${eventName(each.event)}`
    if (heard.has(name)) return [{ guarantee: "T7", detail: `${name} again` } as const]
    heard.add(name)
    return []
  })
}
