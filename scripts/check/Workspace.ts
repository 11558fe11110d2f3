// What is in the workspace: its packages and its TypeScript files, read from disk and not from any tool's configuration,
// so that a check can tell when its tool was configured to look away.
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** The parts of a package.json that checks read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly description?: string
  readonly exports?: Record<string, unknown>
  readonly bin?: Record<string, string>
  readonly dependencies?: Record<string, string>
}

/** One package of the workspace; `folder` is relative to the root. */
export interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

/** Every package below the root, in the order of their folders. */
export const packagesIn = (root: string): ReadonlyArray<Package> =>
  globSync(
    [
      "packages/*/package.json",
      "apps/*/package.json",
      "tools/*/package.json",
      "benchmarks/package.json"
    ],
    {
      cwd: root
    }
  )
    .sort()
    .map((file) => ({
      folder: dirname(file),
      manifest: JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest
    }))

/** The packages that a release publishes. */
export const publishedIn = (root: string): ReadonlyArray<Package> =>
  packagesIn(root).filter(({ manifest }) => manifest.private !== true)

const built = new Set(["node_modules", "dist", "bundle", ".turbo", ".cache", "reference"])

/** The TypeScript files that people wrote and that match `pattern`, relative to the root. */
export const sourcesIn = (root: string, pattern = "**/*.ts"): ReadonlyArray<string> =>
  globSync(pattern, { cwd: root, exclude: (path) => built.has(path.split("/").at(-1) ?? "") })
    .filter((file) => !file.endsWith(".d.ts"))
    .sort()

/** The folders of packages that have a TypeScript project of their own. */
export const projectsIn = (root: string): ReadonlyArray<string> =>
  packagesIn(root)
    .map(({ folder }) => folder)
    .filter((folder) => existsSync(join(root, folder, "tsconfig.json")))
