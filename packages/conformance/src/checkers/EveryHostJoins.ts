// Once faults stop, every host that is there is a member; of two machines with one name, one is and the other is told
// why not. **Guarantee** T4
import type { Violation } from "../Check.ts"
import type { Host } from "../Formation.ts"

/** Every host that is neither a member nor refused for the sake of another one of its name. */
export const everyHostJoins = (hosts: ReadonlyArray<Host>): ReadonlyArray<Violation> =>
  hosts.flatMap(({ decision, id, machine }) => {
    const namesakes = hosts.filter((other) => other.machine.host === machine.host)
    const owned = namesakes.some((other) => other.id !== id && other.decision?._tag === "Member")
    if (decision?._tag === "Member" || (decision?._tag === "Refused" && owned)) return []
    const detail = `${id} (${machine.host}) ended with ${JSON.stringify(decision)}`
    return [{ guarantee: "T4", detail } as const]
  })
