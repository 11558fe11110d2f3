// A small workspace in a temporary folder that every check passes: two libraries under the repository's own
// configuration and with its installed tools. The self-test breaks it, one thing at a time, and puts it back.
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile
} from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { tool } from "./Check.ts"

/** New content by path, undefined for none; a function gets what the file holds now, "" where there is none. */
export type Files = Readonly<Record<string, string | undefined | ((before: string) => string)>>

const copied = [
  ".changeset/config.json",
  ".dependency-cruiser.mjs",
  ".gitignore",
  "LICENSE",
  "biome.json",
  "package.json",
  "packages/core/package.json",
  "packages/core/tsconfig.json",
  "packages/core/tsup.config.ts",
  "pnpm-workspace.yaml",
  "tools/docs/package.json",
  "tools/docs/typedoc.json",
  "tsconfig.base.json",
  "tsconfig.test.json",
  "tsup.base.ts",
  "turbo.json"
]

/** The second library is made from the first: another name, and a dependency on it. */
const written = (manifest: Record<string, unknown>): Files => ({
  "tsconfig.json": json({
    files: [],
    references: [{ path: "packages/core" }, { path: "packages/juju-adapter" }]
  }),
  "packages/core/README.md": "# core\n",
  "packages/core/src/index.ts": `import { Effect } from "effect"

/** Greets \`name\`. */
export const greet = (name: string): Effect.Effect<string> => Effect.succeed(name)
`,
  "packages/juju-adapter/package.json": json({
    ...manifest,
    name: "@rollcall/juju-adapter",
    dependencies: { "@rollcall/core": "workspace:^" }
  }),
  "packages/juju-adapter/tsconfig.json": (before) =>
    before.replace(/\n}\s*$/, `,\n  "references": [{ "path": "../core" }]\n}\n`),
  "packages/juju-adapter/README.md": "# juju-adapter\n",
  "packages/juju-adapter/src/index.ts": `import { greet } from "@rollcall/core"

/** Greets the world. */
export const hello = greet("world")
`
})

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Makes the fixture, a git repository with one commit on main and another branch checked out. */
export const makeFixture = async (root: string): Promise<string> => {
  const fixture = await mkdtemp(join(tmpdir(), "rollcall-self-test-"))
  for (const file of copied) await cp(join(root, file), join(fixture, file))
  const [core, adapter] = [join(fixture, "packages/core"), join(fixture, "packages/juju-adapter")]
  await cp(core, adapter, { recursive: true })
  await change(fixture, written(JSON.parse(await readFile(join(core, "package.json"), "utf8"))))
  for (const folder of [".", "tools/docs", "packages/core"]) {
    await borrow(join(root, folder, "node_modules"), join(fixture, folder, "node_modules"))
  }
  await mkdir(join(adapter, "node_modules/@rollcall"), { recursive: true })
  await symlink(core, join(adapter, "node_modules/@rollcall/core"))
  await symlink(join(core, "node_modules/effect"), join(adapter, "node_modules/effect"))
  const author = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
  await succeed(fixture, "biome", ["format", "--write", "."])
  for (const args of [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "--all"],
    [...author, "commit", "--quiet", "--no-gpg-sign", "--message=fixture"],
    ["checkout", "--quiet", "-b", "work"]
  ]) {
    await succeed(fixture, "git", args)
  }
  return fixture
}

/**
 * Links each installed package and nothing of the installer's own. One link for the whole folder would let an installer
 * that runs in the fixture rewrite the repository's packages.
 */
const borrow = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    if (name.startsWith("@")) await borrow(join(from, name), join(to, name))
    else if (!name.startsWith(".")) await symlink(await realpath(join(from, name)), join(to, name))
  }
}

const succeed = async (fixture: string, name: string, args: ReadonlyArray<string>) => {
  const run = await tool(fixture, name, args)
  if (!run.ok) throw new Error(`${name} ${args.join(" ")}: ${run.output}`)
}

/** Writes the files and answers the change that puts everything back. */
export const change = async (fixture: string, files: Files): Promise<() => Promise<void>> => {
  const before = new Map<string, string | undefined>()
  for (const [path, content] of Object.entries(files)) {
    const file = join(fixture, path)
    const held = await readFile(file, "utf8").catch(() => undefined)
    before.set(file, held)
    await write(file, typeof content === "function" ? content(held ?? "") : content)
  }
  return async () => {
    for (const [file, held] of before) await write(file, held)
  }
}

const write = async (file: string, content: string | undefined): Promise<void> => {
  if (content === undefined) return rm(file)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
