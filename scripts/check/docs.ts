// The API reference in docs/reference, made from the docstrings of everything the libraries export.
// typedoc needs the JavaScript API of TypeScript 6, so it lives in a package of its own: tools/docs.
import { globSync } from "node:fs"
import { join } from "node:path"
import { type Check, type ToolRun, tool } from "./Check.ts"
import { publishedIn } from "./Workspace.ts"

/** Builds the reference; an export without a docstring and a link that leads nowhere are problems. */
export const docs: Check = {
  name: "docs",
  guards: "a public export has no docstring, or a docstring links to nothing",
  run: async (root) => {
    const libraries = publishedIn(root).filter(({ manifest }) => manifest.exports?.["."])
    const entries = libraries.flatMap(({ folder }) => ["--entryPoints", join(root, folder)])
    const out = join(root, "docs", "reference")
    const home = join(root, "tools", "docs")
    const typedoc = join(home, "node_modules", "typedoc", "bin", "typedoc")
    const args = [typedoc, "--logLevel", "Warn", "--cleanOutputDir", "--out", out, ...entries]
    const run = await tool(root, "node", args, { folder: home })
    const pages = globSync("{classes,enums,functions,interfaces,types,variables}/*.html", {
      cwd: out
    })
    return { looked: pages.length, things: "exports", problems: problemsIn(run) }
  }
}

// typedoc asks for a docstring on a member that is a function as it does on an exported one; members are left to their
// interface's docstring. Everything else that it warns of is a problem.
const accepted =
  /\(Property\), defined in .* does not have any documentation$|^\[warning\] Found \d+/

const problemsIn = ({ ok, output }: ToolRun): ReadonlyArray<string> => {
  const problems = output.split("\n").filter((line) => line.trim() !== "" && !accepted.test(line))
  return ok || problems.length > 0 ? problems : [output]
}
