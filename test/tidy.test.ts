// The style guide as a test: every rule of STYLE.md that a program can judge, over everything git tracks or would track.
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { failures } from "../scripts/check/Check.ts"
import { repositoryAt } from "./tidy/Repository.ts"
import { rules } from "./tidy/rules.ts"

describe("tidy", () => {
  const repository = repositoryAt(fileURLToPath(new URL("..", import.meta.url)))
  for (const rule of rules) {
    it(rule.name, () => {
      assert.strictEqual(failures(rule.look(repository)).join("\n"), "")
    })
  }
})
