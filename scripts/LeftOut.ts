// What a run of the tests leaves out, and why. A test that cannot run here (a product is not installed) appends one line
// `what<TAB>reason` to the file that the variable ROLLCALL_OMISSIONS names; vitest's own skips are added by this reporter.
import { appendFileSync, readFileSync } from "node:fs"
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node"

/** The variable that names the file of omissions. */
export const OMISSIONS = "ROLLCALL_OMISSIONS"

/** One thing that was left out. */
export interface Omission {
  readonly what: string
  readonly reason: string
}

/** The omissions noted in `file`, each of them once; a line without a reason says so. */
export const omissionsIn = (file: string): ReadonlyArray<Omission> => {
  const lines = readFileSync(file, "utf8").split("\n")
  return [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ""))].map(
    (line) => {
      const [what = "", ...reason] = line.split("\t")
      return { what, reason: reason.join(" ").trim() || "no reason was given" }
    }
  )
}

/** Notes every skipped test and every project without a test, in a run that was asked for all of them. */
export default class LeftOut implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const vitest = this.#vitest
    const file = process.env[OMISSIONS]
    if (vitest === undefined || file === undefined) return
    const lines = modules
      .flatMap((module) => [...module.children.allTests("skipped")])
      .filter((test) => !isByDesign(test))
      .map((test) => `${test.project.name}: ${test.fullName}\t${reasonOf(test)}`)
    const tested = new Set(modules.map(({ project }) => project.name))
    const untested = vitest.projects.filter(({ name }) => !tested.has(name))
    const empty = untested.map(({ name }) => `${name}\tthe project has no tests`)
    for (const line of [...lines, ...empty]) appendFileSync(file, `${line}\n`)
  }
}

/** A check of a contract that an adapter says not to offer, in the words of the conformance suites. */
const isByDesign = (test: TestCase): boolean => /^lacks [a-z-]+: ./.test(reasonOf(test))

const reasonOf = (test: TestCase): string => {
  const result = test.result()
  return (result.state === "skipped" && result.note) || "skipped without a reason"
}
