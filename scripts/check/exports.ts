// What a user gets: the packed tarballs, not the workspace. publint and attw read each tarball; then all of them are
// installed with npm in an empty project outside the workspace, imported, compiled against and, for a program, run.
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Check, problemsOf, tool } from "./Check.ts"
import { type Package, publishedIn } from "./Workspace.ts"

/** The oldest TypeScript a user of the packages is expected to have. */
const CONSUMER_TYPESCRIPT = "5.9.3"

/** Builds, packs, and looks at every published package as npm would deliver it. */
export const exports: Check = {
  name: "exports",
  guards: "a packed package lacks a file, or its entry points cannot be imported, typed or run",
  run: async (root) => {
    const packages = publishedIn(root)
    const scratch = await mkdtemp(join(tmpdir(), "rollcall-exports-"))
    try {
      const built = await tool(root, "turbo", ["run", "build", "--filter=./packages/*"])
      if (!built.ok)
        return { looked: packages.length, things: "packages", problems: [built.output] }
      const tarballs = join(scratch, "tarballs")
      await mkdir(tarballs)
      const problems = []
      for (const each of packages) problems.push(...(await pack(root, each, tarballs)))
      if (problems.length === 0) problems.push(...(await consume(packages, scratch, tarballs)))
      return { looked: packages.length, things: "packages", problems }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
}

/** Packs one package and has its tarball read by publint and attw. */
const pack = async (
  root: string,
  { folder }: Package,
  tarballs: string
): Promise<ReadonlyArray<string>> => {
  const place = { folder: join(root, folder) }
  const args = ["pack", "--pack-destination", tarballs, "--json"]
  const packed = await tool(root, "pnpm", args, place)
  if (!packed.ok) return [`${folder}: ${packed.output}`]
  const { filename, files } = JSON.parse(packed.stdout) as PackedPackage
  const missing = ["LICENSE", "README.md", "package.json"].filter(
    (file) => !files.some(({ path }) => path === file)
  )
  const lint = await tool(root, "publint", ["run", filename, "--strict"])
  const types = await tool(root, "attw", [filename, "--profile", "esm-only", "--no-emoji"])
  return [
    ...missing.map((file) => `${folder}: ${file} is not in the tarball`),
    ...problemsOf(lint).map((problem) => `${folder}: publint: ${problem}`),
    ...problemsOf(types).map((problem) => `${folder}: attw: ${problem}`)
  ]
}

interface PackedPackage {
  readonly filename: string
  readonly files: ReadonlyArray<{ readonly path: string }>
}

/** Installs every tarball in a fresh project and uses it the way its manifest invites to. */
const consume = async (
  packages: ReadonlyArray<Package>,
  scratch: string,
  tarballs: string
): Promise<ReadonlyArray<string>> => {
  const project = join(scratch, "consumer")
  await mkdir(project)
  await writeFile(join(project, "package.json"), `{ "private": true, "type": "module" }`)
  await writeFile(join(project, "use.ts"), useOf(packages))
  const files = (await readdir(tarballs)).map((file) => join(tarballs, file))
  const quietly = ["--no-audit", "--no-fund", "--loglevel=error"]
  const steps: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    [
      "npm",
      ["install", ...quietly, ...files, `typescript@${CONSUMER_TYPESCRIPT}`, "@types/node@24"]
    ],
    [
      "tsc",
      ["--strict", "--module", "nodenext", "--target", "es2023", "--types", "node", "use.ts"]
    ],
    ["node", ["use.js"]],
    ...packages
      .filter((each) => !isLibrary(each))
      .flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}))
      .map((program) => [program, ["--version"]] as const)
  ]
  for (const [name, args] of steps) {
    const run = await tool(project, name, args)
    if (!run.ok) return [`as a user: ${name} ${args.join(" ")}\n${run.output}`]
  }
  return []
}

/** A package that is imported; the others are programs, and a program answers --version. */
const isLibrary = ({ manifest }: Package): boolean => manifest.exports?.["."] !== undefined

/** A program that imports every library and stops when one of them exports nothing. */
const useOf = (packages: ReadonlyArray<Package>): string => {
  const libraries = packages.filter(isLibrary)
  const names = libraries.map(({ manifest }) => JSON.stringify(manifest.name))
  return [
    ...names.map((name, i) => `import * as p${i} from ${name}`),
    `const libraries = { ${names.map((name, i) => `${name}: p${i}`).join(", ")} }`,
    "for (const [name, exported] of Object.entries(libraries)) {",
    `  if (Object.keys(exported).length === 0) throw new Error(name + " exports nothing")`,
    "}"
  ].join("\n")
}
