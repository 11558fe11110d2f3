// What the self-test breaks: for every check at least one way to violate what it guards, and one way to make it look away.
// `says` must be found in the check's problems: red for another reason would prove nothing.
import type { Check } from "./Check.ts"
import { changeset } from "./changeset.ts"
import { dependencies } from "./dependencies.ts"
import { docs } from "./docs.ts"
import { effect } from "./effect.ts"
import { exports } from "./exports.ts"
import type { Files } from "./Fixture.ts"
import { lint } from "./lint.ts"
import { typecheck } from "./typecheck.ts"

/** One thing broken in the fixture, and what the check must say about it. */
export interface Breakage {
  readonly check: Check
  readonly what: string
  readonly files: Files
  readonly says: RegExp
}

const core = "packages/core/src/index.ts"
const adapter = "packages/juju-adapter/src/index.ts"

const append = (text: string) => (before: string) => `${before}${text}\n`
const swap = (from: string | RegExp, to: string) => (before: string) => {
  const after = before.replace(from, to)
  if (after === before) throw new Error(`nothing to break: ${from} is not in the file`)
  return after
}
/** A file that imports `name`, and only that. */
const importing = (name: string) => `import ${JSON.stringify(name)}\n`

const types: ReadonlyArray<Breakage> = [
  {
    check: typecheck,
    what: "a type error in a source",
    files: { [core]: append("export const wrong: number = greet") },
    says: /core\/src\/index\.ts.*TS2322/
  },
  {
    check: typecheck,
    what: "a type error in a test",
    files: { "packages/core/test/wrong.test.ts": "export const wrong: number = true\n" },
    says: /wrong\.test\.ts.*TS2322/
  },
  {
    check: typecheck,
    what: "a file in no project",
    files: { "elsewhere/lost.ts": "export const lost = 1\n" },
    says: /elsewhere\/lost\.ts is not in tsconfig\.test\.json/
  },
  {
    check: typecheck,
    what: "a package that the build of all projects passes over",
    files: { "tsconfig.json": `{ "files": [], "references": [{ "path": "packages/core" }] }\n` },
    says: /packages\/juju-adapter is not among the references/
  },
  {
    check: lint,
    what: "a misformatted file",
    files: { [core]: append("export const  spaced = 1;") },
    says: /core\/src\/index\.ts:\d+ format/
  },
  {
    check: lint,
    what: "an unused import",
    files: { [adapter]: (before) => `import { Effect } from "effect"\n${before}` },
    says: /noUnusedImports/
  },
  {
    check: lint,
    what: "a configuration that looks away",
    files: { "biome.json": swap('"**"', '"packages/core/**"') },
    says: /biome did not look at packages\/juju-adapter\/src\/index\.ts/
  },
  {
    check: effect,
    what: "an effect that nobody runs",
    files: { [adapter]: append(`greet("nobody")`) },
    says: /floatingEffect/
  },
  {
    check: effect,
    what: "a tsconfig without the plugin",
    files: { "tsconfig.base.json": swap("@effect/language-service", "another") },
    says: /packages\/core\/tsconfig\.json: checked 0 of/
  }
]

const forbidden = (what: string, files: Files, rule: string): Breakage => ({
  check: dependencies,
  what,
  files,
  says: new RegExp(`${rule}: `)
})

const directions: ReadonlyArray<Breakage> = [
  forbidden(
    "core with a module of Node",
    { [core]: append(`import "node:fs"`) },
    "core-without-node"
  ),
  forbidden("core with a foreign library", { [core]: append(`import "execa"`) }, "core-imports"),
  forbidden(
    "an undeclared library",
    { [adapter]: append(`import "execa"`) },
    "sources-import-what-they-declare"
  ),
  forbidden(
    "an import upwards",
    { [core]: append(`import "../../juju-adapter/src/index.ts"`) },
    "core-imports"
  ),
  forbidden(
    "adapters that meet",
    {
      "packages/hpke-adapter/src/index.ts": "export const sealed = 1\n",
      [adapter]: append(`import "../../hpke-adapter/src/index.ts"`)
    },
    "juju-adapter-imports"
  ),
  forbidden(
    "a simulator whose tests know core",
    { "packages/juju-simulator/test/oracle.test.ts": importing("../../core/src/index.ts") },
    "simulator-is-the-oracle"
  ),
  forbidden(
    "a package without a direction",
    { "packages/newcomer/src/index.ts": importing("node:fs") },
    "every-package-is-in-the-table"
  ),
  forbidden(
    "services that meet outside of their records",
    {
      "packages/core/src/mirror/Mirror.ts": importing("../token-issuer/TokenIssuer.ts"),
      "packages/core/src/token-issuer/TokenIssuer.ts": "export const issuer = 1\n"
    },
    "services-meet-in-records"
  ),
  forbidden(
    "a source that imports a benchmark",
    {
      "benchmarks/speed.ts": "export const speed = 1\n",
      "packages/core/test/speed.test.ts": importing("../../../benchmarks/speed.ts")
    },
    "nothing-imports-the-benchmarks"
  ),
  forbidden(
    "a circle",
    {
      "packages/core/src/a.ts": importing("./b.ts"),
      "packages/core/src/b.ts": importing("./a.ts")
    },
    "no-circle"
  ),
  forbidden("an import of nothing", { [core]: append(`import "./gone.ts"`) }, "leads-nowhere"),
  {
    check: dependencies,
    what: "a configuration that looks away",
    files: { ".dependency-cruiser.mjs": swap(/exclude: .*/, `exclude: { path: "." },`) },
    says: /core\/src\/index\.ts was not cruised/
  }
]

const manifest = "packages/core/package.json"

interface PublishedManifest {
  files: Array<string>
  publishConfig: { exports: { ".": Record<string, string> } }
}

/** The manifest of core after `edit`. */
const published = (edit: (manifest: PublishedManifest) => void) => (before: string) => {
  const manifest = JSON.parse(before) as PublishedManifest
  edit(manifest)
  return JSON.stringify(manifest)
}

const release: ReadonlyArray<Breakage> = [
  {
    check: docs,
    what: "a public export without a docstring",
    files: { [core]: append("export const silent = 1") },
    says: /silent.*does not have any documentation/
  },
  {
    check: docs,
    what: "a link to nothing",
    files: { [core]: append("/** See {@link nowhere}. */\nexport const linked = 1") },
    says: /nowhere/
  },
  {
    check: exports,
    what: "an entry point that is not in the tarball",
    files: {
      [manifest]: published(({ publishConfig }) => {
        publishConfig.exports["."].default = "./dist/gone.js"
      })
    },
    says: /packages\/core: publint.*dist\/gone\.js/s
  },
  {
    check: exports,
    what: "an entry point without its types",
    files: {
      [manifest]: published(({ files, publishConfig }) => {
        files.push("!dist/index.d.ts")
        delete publishConfig.exports["."].types
      }),
      "packages/core/src/other.ts": "export const other = 1\n"
    },
    says: /packages\/core: attw/
  },
  {
    check: exports,
    what: "a tarball without a README",
    files: { "packages/core/README.md": undefined },
    says: /README\.md is not in the tarball/
  },
  {
    check: exports,
    what: "a library that cannot be imported",
    files: { [adapter]: append(`throw new Error("not here")`) },
    says: /as a user: node use\.js.*not here/s
  },
  {
    check: changeset,
    what: "a change without a changeset",
    files: { [core]: append("// changed") },
    says: /no changesets were found/
  },
  {
    check: changeset,
    what: "a package outside of the fixed group",
    files: {
      ".changeset/config.json": swap("@rollcall/*", "@rollcall/core"),
      ".changeset/one.md": `---\n"@rollcall/core": minor\n---\n\nOne.\n`
    },
    says: /juju-adapter is not in the fixed group|many versions/
  }
]

/** Everything the self-test breaks, in the order of the checks. */
export const breakages: ReadonlyArray<Breakage> = [...types, ...directions, ...release]
