// The page of the 47 parity scenarios is true: each is on it once, its links lead to tests, and those of the memory part
// carry its number.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

const page = new URL("../../../../docs/scenarios.md", import.meta.url)
const text = readFileSync(page, "utf8")
const rows = [...text.matchAll(/^\| (\d+) \| (.*) \| (.*) \| (.*) \| (.*) \|$/gm)].map(
  ([, number = "", , memory = "", juju = "", etcd = ""]) => ({ number, memory, juju, etcd })
)
const links = new Map(
  [...text.matchAll(/^\[(\w+)\]: (.*)$/gm)].map(([, name = "", to = ""]) => [name, to])
)

const namedIn = (cell: string) => [...cell.matchAll(/\[(\w+)\]/g)].map(([, name = ""]) => name)

/** The text of a test file, or of all that roll in a folder of them. */
const testsOf = (file: URL): string =>
  statSync(file).isDirectory()
    ? readdirSync(file)
        .filter((name) => /^rolling.*\.test\.ts$/.test(name))
        .map((name) => readFileSync(new URL(`${file}/${name}`), "utf8"))
        .join("\n")
    : readFileSync(file, "utf8")

describe("the page of scenarios", () => {
  it("lists 1 to 47, each once, and says where it is tested or that it is not run yet", () => {
    assert.deepStrictEqual(
      rows.map(({ number }) => Number(number)),
      Array.from({ length: 47 }, (_, i) => i + 1)
    )
    for (const { etcd, juju, memory, number } of rows) {
      const tested = namedIn(memory).length + namedIn(juju).length > 0
      assert.isTrue(tested || etcd === "not run yet", number)
    }
    assert.deepStrictEqual(
      rows.flatMap(({ etcd, number }) => (etcd === "not run yet" ? [number] : [])),
      ["25", "28", "42", "44"]
    )
  })

  it("leads to tests that are there, and in the parity files to a test of that number", () => {
    for (const { juju, memory, number } of rows) {
      for (const name of [...namedIn(memory), ...namedIn(juju)]) {
        const to = links.get(name)
        assert.isDefined(to, name)
        const file = new URL(to ?? "", page)
        assert.isTrue(existsSync(file), to)
        if (["queues", "rolls", "charm"].includes(name)) {
          assert.include(testsOf(file), `"${number}: `, `${number} in ${to}`)
        }
      }
    }
  })
})
