// Lint and format, by biome. Its own exit code does not tell "all is well" from "nothing was looked at".
import { relative } from "node:path"
import { type Check, tool } from "./Check.ts"
import { sourcesIn } from "./Workspace.ts"

const ci = ["ci", "--colors=off", "--error-on-warnings", "--diagnostic-level=warn"]

/** `biome ci` over the whole workspace; a warning counts as much as an error. */
export const lint: Check = {
  name: "lint",
  guards: "a file is formatted otherwise than biome would, or breaks a lint rule",
  run: async (root) => {
    const { ok, output } = await tool(root, "biome", [...ci, "--verbose", "."])
    const files = /Files processed:\n\s*\n((?: {2}- .+\n)*)/.exec(output)?.[1] ?? ""
    const processed = new Set(files.split("\n").map((line) => line.trim().slice(2)))
    // what a program wrote (`*_pb.ts`) is left as it came
    const overlooked = sourcesIn(root).filter(
      (file) => !processed.has(file) && !file.endsWith("_pb.ts")
    )
    return {
      looked: Number(/Checked (\d+) files?/.exec(output)?.[1] ?? 0),
      things: "files",
      problems: [
        ...overlooked.map((file) => `biome did not look at ${file}`),
        ...(ok ? [] : await listed(root, output))
      ]
    }
  }
}

/** One line for each finding: the default report repeats the source around it. */
const listed = async (root: string, report: string): Promise<ReadonlyArray<string>> => {
  const { output } = await tool(root, "biome", [
    ...ci,
    "--reporter=github",
    "--max-diagnostics=none",
    "."
  ])
  const findings = [...output.matchAll(/^::\w+ title=(.+?),file=(.+?),line=(\d+).*?::(.*)$/gm)]
  if (findings.length === 0) return [report]
  return findings.map(
    ([, rule, file = "", line, text]) => `${relative(root, file)}:${line} ${rule}: ${text}`
  )
}
