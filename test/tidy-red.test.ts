// Tidy, checked: each rule refuses what it is for, accepts the same thing done well, and fails when it finds no file.
import { assert, describe, it } from "@effect/vitest"
import { failures } from "../scripts/check/Check.ts"
import { repositoryOf } from "./tidy/Repository.ts"
import { rules } from "./tidy/rules.ts"

interface Example {
  readonly good: Readonly<Record<string, string>>
  readonly bad: Readonly<Record<string, string>>
  readonly says: RegExp
}

const FILE = "packages/core/src/File.ts"
const lines = (count: number) => "\n".repeat(count - 1)
const body = (count: number) => `const f = () => {${lines(count - 1)}\n}\n`
const manifest = (extra: object) => JSON.stringify({ name: "x", ...extra })
const folder = (...names: ReadonlyArray<string>) =>
  Object.fromEntries(names.map((name) => [`packages/core/src/token-issuer/${name}.ts`, ""]))
const service = ["TokenIssuer", "TokenIssuerState", "TokenIssuerPolicy", "TokenIssuerRecord"]

const examples: Readonly<Record<string, ReadonlyArray<Example>>> = {
  "packages describe themselves": [
    {
      good: {
        "packages/x/package.json": manifest({ description: "X" }),
        "packages/x/README.md": ""
      },
      bad: { "packages/x/package.json": manifest({}), "packages/x/README.md": "" },
      says: /no description/
    },
    {
      good: {
        "benchmarks/package.json": manifest({ description: "X" }),
        "benchmarks/README.md": ""
      },
      bad: { "benchmarks/package.json": manifest({ description: "X" }) },
      says: /no README/
    }
  ],
  "services have the same roles": [
    {
      good: folder(...service),
      bad: folder(...service.slice(0, 3)),
      says: /TokenIssuerRecord\.ts is missing/
    },
    {
      good: { ...folder(...service, "TokenIssuerError"), [FILE]: "TaggedError" },
      bad: { ...folder(...service), "packages/core/src/token-issuer/Token.ts": "TaggedError" },
      says: /TokenIssuerError\.ts is missing/
    }
  ],
  "files are short": [
    {
      good: { [FILE]: lines(299) },
      bad: { [FILE]: lines(301) },
      says: /300 lines; 299 are allowed/
    },
    {
      good: { "packages/conformance/src/StoreSuite.ts": lines(351) },
      bad: { "packages/conformance/src/StoreSuite.ts": lines(352) },
      says: /351 lines; 350 are allowed/
    }
  ],
  "functions are short": [
    { good: { [FILE]: body(59) }, bad: { [FILE]: body(60) }, says: /line 1 has 60 lines/ },
    {
      good: {
        "packages/conformance/src/ASuite.ts": `export const suite = () => {\n${body(50)}${body(50)}}`
      },
      bad: {
        "packages/conformance/src/AWorld.ts": `export const world = () => {\n${body(50)}${body(50)}}`
      },
      says: /102 lines/
    }
  ],
  "files begin with a header": [
    {
      good: { [FILE]: "// What.\nconst a = 1" },
      bad: { [FILE]: "const a = 1 // What." },
      says: /begins without/
    },
    {
      good: { [FILE]: "#!/usr/bin/env node\n/* What. */" },
      bad: { [FILE]: "\n// What." },
      says: /begins without/
    },
    {
      good: { [FILE]: `${"// Line\n".repeat(15)}\n// more` },
      bad: { [FILE]: "// Line\n".repeat(16) },
      says: /header of 16 lines/
    }
  ],
  "exports have a docstring": [
    {
      good: { [FILE]: "/** A. */\nexport const a = 1" },
      bad: { [FILE]: "// A.\nexport const a = 1" },
      says: /a \(line 2\) has no docstring/
    },
    {
      good: { [FILE]: "/** A. */\nclass A {}\nexport { A }" },
      bad: { [FILE]: "class A {}\nexport { A }" },
      says: /A \(line 1\)/
    },
    {
      good: { [FILE]: `export { a } from "./a.ts"` },
      bad: { [FILE]: "/** A. */\nexport const a = 1\nexport type A = 1" },
      says: /A \(line 3\)/
    }
  ],
  "paths name ideas": [
    {
      good: { "packages/x/src/Utility.ts": "" },
      bad: { "packages/x/src/utils.ts": "" },
      says: /utils/
    },
    {
      good: { "test/Databag.ts": "" },
      bad: { "packages/x/src/RelationData.ts": "" },
      says: /data/
    },
    { good: { "scripts/run.mjs": "" }, bad: { "scripts/HookHandler.mjs": "" }, says: /handler/ }
  ],
  "exports name ideas": [
    {
      good: { [FILE]: "export const databag = 1" },
      bad: { [FILE]: "export class LeaseManager {}" },
      says: /LeaseManager/
    },
    { good: { [FILE]: "const data = 1" }, bad: { [FILE]: "export type Data = 1" }, says: /Data/ }
  ],
  "nothing is switched off": [
    { good: { [FILE]: "a as unknown" }, bad: { [FILE]: "\na as any" }, says: /line 2: as any/ },
    { good: { [FILE]: "it(1); x.skip(2)" }, bad: { [FILE]: "it.skip(1)" }, says: /\.skip/ },
    { good: { [FILE]: "" }, bad: { [FILE]: "describe.only(1)" }, says: /\.only/ },
    { good: { [FILE]: "// to do" }, bad: { [FILE]: `// ${"TO"}${"DO"} later` }, says: /line 1/ },
    { good: { [FILE]: "// biome" }, bad: { [FILE]: `// ${"biome-"}ignore lint` }, says: /line 1/ }
  ],
  "pure files are pure": [
    {
      good: { "packages/core/src/AState.ts": `import { type Effect, Schema } from "effect"` },
      bad: { "packages/core/src/AState.ts": `import { Effect } from "effect"` },
      says: /imports Effect of effect/
    },
    {
      good: {
        "packages/core/src/APolicy.ts": `import type { b } from "./b.ts"`,
        "packages/core/src/b.ts": `import "node:fs"`
      },
      bad: {
        "packages/core/src/APolicy.ts": `import { b } from "./b.ts"`,
        "packages/core/src/b.ts": `import "node:fs"`
      },
      says: /src\/b\.ts imports node:fs/
    }
  ],
  "a foreign library has one importer": [
    {
      good: { "packages/x/src/a.ts": `import "yaml"`, "packages/y/src/b.ts": `import "yaml"` },
      bad: { "packages/x/src/a.ts": `import "yaml"`, "packages/x/src/b.ts": `import "yaml/x"` },
      says: /packages\/x and yaml: imported by/
    },
    {
      good: {
        "packages/x/src/a.ts": `import "effect/cli"`,
        "packages/x/src/b.ts": `import "effect"`
      },
      bad: { "packages/x/src/a.ts": `import "@a/b/c"`, "packages/x/src/b.ts": `import "@a/b"` },
      says: /@a\/b/
    }
  ],
  "links lead somewhere": [
    {
      good: { "docs/a.md": "[b](../b.md#the-end)", "b.md": "# The end" },
      bad: { "docs/a.md": "[b](b.md)", "b.md": "" },
      says: /b\.md leads nowhere/
    },
    {
      good: { "a.md": "[x](docs)", "docs/b.md": "" },
      bad: { "a.md": "[x](#gone)" },
      says: /#gone/
    },
    { good: { "a.md": "```\n[x](gone)\n```" }, bad: { "a.md": "[x](gone)" }, says: /gone/ }
  ],
  "no traces of a machine": [
    {
      good: { a: "see https://a.b/work/x" },
      bad: { a: `\nin ${"/wo"}rk/x` },
      says: /line 2 has a path/
    },
    {
      good: { a: "the registry." },
      bad: { a: `https://regis${"try"}.npmjs.org/x` },
      says: /registry's host/
    }
  ]
}

describe("tidy's rules", () => {
  for (const rule of rules) {
    const found = (files: Readonly<Record<string, string>>) =>
      failures(rule.look(repositoryOf(files))).join("\n")

    it(rule.name, () => {
      const own = examples[rule.name] ?? []
      assert.isAbove(own.length, 0, "the rule has no example")
      for (const { good, bad, says } of own) {
        assert.match(found(bad), says)
        assert.strictEqual(found(good), "")
      }
    })

    it(`${rule.name}: no file is a failure`, () => {
      assert.match(found({}), /looked at 0/)
    })
  }
})
