// What a test could not be run against on this machine, said where it is seen: printed, and added to the file that
// ROLLCALL_OMISSIONS names, so that a full run ends with the list of what it did not try.
import { appendFileSync } from "node:fs"

/** Reports that `what` was left out, and why. */
export const reportOmission = (what: string, reason: string): void => {
  console.warn(`omitted: ${what}: ${reason}`)
  const file = process.env.ROLLCALL_OMISSIONS
  if (file !== undefined && file !== "") appendFileSync(file, `${what}\t${reason}\n`)
}
