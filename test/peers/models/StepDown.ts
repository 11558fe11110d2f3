// What a communicator does with its bag when another host becomes communicator.
import type { Dialect } from "./Host.ts"
import { mirrorKey, WANTED } from "./MirrorKey.ts"
import { readMirror } from "./MirrorReading.ts"

type StepDown = Dialect["stepDown"]

/** LIBPATCH 2: down at once, so that a token minted last and not yet mirrored is lost (B11). */
export const stepDownAtOnce: StepDown = (relation, unit) => relation.write(unit, "mirror", "down")

/**
 * LIBPATCH 3 and later: up again while the mirror lacks a token that this bag has. It looks every wanted host up in its
 * own bag, and a host that is not there is an exception (B12).
 */
export const stepDownSafely: StepDown = async (relation, unit) => {
  await relation.write(unit, "mirror", "down")
  for (const [name, value] of await readMirror(relation)) {
    if (value !== WANTED) continue
    const own = (await relation.read(unit)).get(mirrorKey(name))
    if (own === undefined) throw new Error(`KeyError: '${mirrorKey(name)}'`)
    if (own !== WANTED) await relation.write(unit, "mirror", "up")
  }
}
