// Release notes and versions: every change of a published package comes with a changeset, and the published packages
// form one fixed group, so that a release gives all of them one version.
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Check, tool } from "./Check.ts"
import { publishedIn } from "./Workspace.ts"

interface ReleasePlan {
  readonly releases: ReadonlyArray<{
    readonly name: string
    readonly type: string
    readonly newVersion: string
  }>
}

/** `changeset status`, and one version for all that the next release would publish. */
export const changeset: Check = {
  name: "changeset",
  guards:
    "a changed package has no changeset, or a release would give the packages different versions",
  run: async (root) => {
    const names = publishedIn(root).map(({ manifest }) => manifest.name)
    const scratch = await mkdtemp(join(tmpdir(), "rollcall-changeset-"))
    try {
      const file = join(scratch, "plan.json")
      const run = await tool(root, "changeset", ["status", `--output=${file}`])
      const problems = run.ok
        ? disagreements(names, JSON.parse(await readFile(file, "utf8")) as ReleasePlan)
        : [run.output]
      return { looked: names.length, things: "packages", problems }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
}

const disagreements = (
  names: ReadonlyArray<string>,
  { releases }: ReleasePlan
): ReadonlyArray<string> => {
  const released = releases.filter(({ name, type }) => type !== "none" && names.includes(name))
  if (released.length === 0) return []
  const left = names.filter((name) => !released.some((release) => release.name === name))
  const versions = new Set(released.map(({ newVersion }) => newVersion))
  return [
    ...left.map((name) => `${name} is not in the fixed group of .changeset/config.json`),
    ...(versions.size > 1 ? [`one release, many versions: ${[...versions].join(", ")}`] : [])
  ]
}
