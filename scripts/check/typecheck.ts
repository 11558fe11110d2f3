// Types: the published sources as TypeScript projects, and everything else (tests, scripts, configuration) in one more.
// A TypeScript file that no project includes is a problem too: it would be code whose types nobody looked at.
import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { type Check, problemsOf, tool } from "./Check.ts"
import { projectsIn, sourcesIn } from "./Workspace.ts"

/** `tsc -b` for the sources, `tsc -p tsconfig.test.json` for the rest. */
export const typecheck: Check = {
  name: "typecheck",
  guards: "a TypeScript file has a type error, or is in no TypeScript project",
  run: async (root) => {
    const included = await filesOf(root, "tsconfig.test.json")
    const missing = sourcesIn(root).filter((file) => !included.has(file))
    // Forced, because TypeScript 7.0 keeps an old verdict on a file after a change of the compiler's options alone.
    const sources = await tool(root, "tsc", ["-b", "--force", "--pretty", "false"])
    const tests = await tool(root, "tsc", ["-p", "tsconfig.test.json", "--pretty", "false"])
    return {
      looked: included.size,
      things: "files",
      problems: [
        ...unreferenced(root),
        ...missing.map((file) => `${file} is not in tsconfig.test.json`),
        ...problemsOf(sources),
        ...problemsOf(tests)
      ]
    }
  }
}

/** The projects that `tsc -b` would pass over. */
const unreferenced = (root: string): ReadonlyArray<string> => {
  const { references } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as {
    readonly references: ReadonlyArray<{ readonly path: string }>
  }
  const known = new Set(references.map(({ path }) => path))
  return projectsIn(root)
    .filter((folder) => !known.has(folder))
    .map((folder) => `${folder} is not among the references of tsconfig.json`)
}

const filesOf = async (root: string, project: string): Promise<ReadonlySet<string>> => {
  const { stdout } = await tool(root, "tsc", ["-p", project, "--listFilesOnly"])
  const files = stdout.split("\n").map((file) => relative(root, file.trim()))
  return new Set(files.filter((file) => file.endsWith(".ts") && !/node_modules|^\.\./.test(file)))
}
