// The API reference in docs/reference, made from the docstrings of everything the libraries export.
// typedoc needs the JavaScript API of TypeScript 6, so it lives in a package of its own: tools/docs.
import { globSync } from "node:fs"
import { join } from "node:path"
import { type Check, problemsOf, tool } from "./Check.ts"
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
    const run = await tool(root, "node", [typedoc, "--cleanOutputDir", "--out", out, ...entries], {
      folder: home
    })
    const pages = globSync("{classes,enums,functions,interfaces,types,variables}/*.html", {
      cwd: out
    })
    return {
      looked: run.ok ? pages.length : libraries.length,
      things: "exports",
      problems: problemsOf(run)
    }
  }
}
