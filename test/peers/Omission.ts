// A part of the tests that cannot run on this machine says so, where people look and where the test script counts.
import { appendFileSync } from "node:fs"

/** Prints that `what` does not run and why, and appends the line to the file named by ROLLCALL_OMISSIONS. */
export const reportOmission = (what: string, reason: string): void => {
  const line = `${what}\t${reason.replaceAll(/\s+/g, " ")}`
  console.warn(`omitted: ${line}`)
  const file = process.env.ROLLCALL_OMISSIONS
  if (file !== undefined && file !== "") appendFileSync(file, `${line}\n`)
}
