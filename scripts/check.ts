// The checks, one after another or by name: `npm run check`, `npm run check lint exports`, `npm run check -- --list`.
// Exits with 1 when any of them has a problem, looked at nothing, or is not known by the given name.
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { type Check, failures } from "./check/Check.ts"
import { changeset } from "./check/changeset.ts"
import { dependencies } from "./check/dependencies.ts"
import { docs } from "./check/docs.ts"
import { effect } from "./check/effect.ts"
import { exports } from "./check/exports.ts"
import { lint } from "./check/lint.ts"
import { selfTest } from "./check/self-test.ts"
import { typecheck } from "./check/typecheck.ts"

const checks = [lint, typecheck, effect, dependencies, docs, exports, changeset, selfTest]

const main = async (names: ReadonlyArray<string>): Promise<boolean> => {
  if (names.includes("--list")) {
    console.log(checks.map(({ name }) => name).join("\n"))
    return true
  }
  const unknown = names.filter((name) => !checks.some((check) => check.name === name))
  if (unknown.length > 0) {
    console.error(
      `no such check: ${unknown.join(", ")} (there are: ${checks.map(({ name }) => name).join(", ")})`
    )
    return false
  }
  const chosen = checks.filter(({ name }) => names.length === 0 || names.includes(name))
  const results = []
  for (const check of chosen) results.push(await passes(check))
  return results.every(Boolean)
}

/** Runs one check and prints a line about it, and below it every problem. */
const passes = async (check: Check): Promise<boolean> => {
  const started = performance.now()
  const outcome = await check.run(dirname(dirname(fileURLToPath(import.meta.url))))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const problems = failures(outcome)
  const verdict = problems.length === 0 ? "passed" : "FAILED"
  const looked = `${outcome.looked} ${outcome.things}`
  console.log(`${verdict}  ${check.name.padEnd(14)}${looked.padEnd(16)}${seconds.padStart(6)} s`)
  for (const problem of problems) console.log(`  ${problem.replaceAll("\n", "\n  ")}`)
  if (problems.length > 0) console.log(`  (this check fails when ${check.guards})`)
  return problems.length === 0
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
