// Builds the two charms: dist/<charm> unpacked, and dist/<charm>_<architecture>.charm with the Node runtime in it.
// The runtime is the one that runs this script, so what was tested is what is shipped. With --unpacked-only it is a
// link, for a copy of it in each of many units on one machine would cost 120 MB; --out names another folder than dist.
import { createWriteStream } from "node:fs"
import {
  chmod,
  copyFile,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile
} from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { pipeline } from "node:stream/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { rolldown } from "rolldown"
import yazl from "yazl"

const here = dirname(fileURLToPath(import.meta.url))
const architecture = process.arch === "x64" ? "amd64" : process.arch
const { values } = parseArgs({
  options: {
    "unpacked-only": { type: "boolean", default: false },
    out: { type: "string", default: join(here, "dist") }
  }
})

const CHARMS = [
  { name: "token-distributor", entry: "src/main-distributor.ts" },
  { name: "member", entry: "src/main-member.ts" }
]

const bundle = async (entry: string, file: string): Promise<void> => {
  const build = await rolldown({
    input: join(here, entry),
    platform: "node",
    resolve: { conditionNames: ["@rollcall/source", "node", "import", "default"] },
    onLog: (level, log) => {
      if (level === "warn") throw new Error(`${entry}: ${log.message}`)
    }
  })
  await build.write({ file, format: "cjs", minify: true, codeSplitting: false })
  await build.close()
}

/** To be packed, the runtime has to be a file; it shares its 120 MB with the original where the file systems allow it. */
const placeRuntime = async (folder: string): Promise<void> => {
  await mkdir(join(folder, "bin"), { recursive: true })
  const target = join(folder, "bin", "node")
  if (values["unpacked-only"]) return symlink(process.execPath, target)
  await link(process.execPath, target).catch(() => copyFile(process.execPath, target))
  await chmod(target, 0o755)
}

const unpack = async (name: string, entry: string): Promise<string> => {
  const folder = join(values.out, name)
  await rm(folder, { recursive: true, force: true })
  await cp(join(here, "charms", name), folder, { recursive: true })
  const manifest = join(folder, "manifest.yaml")
  await writeFile(
    manifest,
    (await readFile(manifest, "utf8")).replace("ARCHITECTURE", architecture)
  )
  await copyFile(join(here, "../../LICENSE"), join(folder, "LICENSE"))
  await bundle(entry, join(folder, "charm.cjs"))
  await placeRuntime(folder)
  return folder
}

const pack = async (folder: string, file: string): Promise<void> => {
  const zip = new yazl.ZipFile()
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const executable = entry.name === "dispatch" || entry.name === "node"
    zip.addFile(path, relative(folder, path), { mode: executable ? 0o100755 : 0o100644 })
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(file))
}

for (const { name, entry } of CHARMS) {
  const folder = await unpack(name, entry)
  if (!values["unpacked-only"])
    await pack(folder, join(values.out, `${name}_${architecture}.charm`))
}
