// Dependency direction, by dependency-cruiser; the rules are in .dependency-cruiser.mjs.
// The tool passes when it could read no file at all, so the modules it read are compared with the files on disk.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Check, tool } from "./Check.ts"
import { sourcesIn } from "./Workspace.ts"

interface Cruise {
  readonly modules: ReadonlyArray<{ readonly source: string }>
  readonly summary: {
    readonly violations: ReadonlyArray<{
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }>
  }
}

const pattern = "{packages/*,apps/*,benchmarks}/**/*.ts"

/** Every import of the packages against the allowed directions. */
export const dependencies: Check = {
  name: "dependencies",
  guards: "an import goes against the allowed direction, in a circle, or nowhere",
  run: async (root) => {
    const folders = ["packages", "apps", "benchmarks"].filter((name) =>
      existsSync(join(root, name))
    )
    const config = ["--config", ".dependency-cruiser.mjs", "--output-type", "json"]
    const run = await tool(root, "depcruise", [...folders, ...config])
    const cruise = parse(run.stdout)
    if (cruise === undefined) return { looked: 0, things: "modules", problems: [run.output] }
    const read = new Set(cruise.modules.map(({ source }) => source))
    const overlooked = sourcesIn(root, pattern).filter((file) => !read.has(file))
    return {
      looked: sourcesIn(root, pattern).length - overlooked.length,
      things: "modules",
      problems: [
        ...overlooked.map((file) => `${file} was not cruised`),
        ...cruise.summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)
      ]
    }
  }
}

const parse = (text: string): Cruise | undefined => {
  try {
    return JSON.parse(text) as Cruise
  } catch {
    return undefined
  }
}
