// The messages on the wire are generated; what is in the repository is what the generator makes of the .proto file.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"

const home = fileURLToPath(new URL("../..", import.meta.url))

it("src/proto/etcd_pb.ts is what `npm run generate` makes", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-generate-"))
  try {
    const bin = join(home, "node_modules/.bin")
    execFileSync(join(bin, "buf"), ["generate", "--output", folder], {
      cwd: home,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
    })
    const [made, kept] = [folder, home].map((root) =>
      readFileSync(join(root, "src/proto/etcd_pb.ts"), "utf8")
    )
    assert.strictEqual(made, kept)
    // enums would be code that Node cannot strip
    assert.notMatch(kept ?? "", /\benum \w+ \{/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
