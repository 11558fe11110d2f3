// The two deployed rolling-ops libraries, unmodified, in a charm of our tests that a simulated Juju can run.
// charmlibs-rollingops is installed into the Python environment of scripts/python-peers.sh. The text of rolling_ops v1 is
// read from the folder ROLLCALL_PEERS, like that of the token distributor; it is not ours to ship. What is missing is said.
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { V1_LIBRARY, v1Module } from "./V1Module.ts"

/** The libraries by the name of what they write. */
export const LOCK_LIBRARIES = ["v1", "charmlibs"] as const
/** The name of a library. */
export type LockLibrary = (typeof LOCK_LIBRARIES)[number]

/** A charm that runs one of them. */
export interface LockCharm {
  readonly folder: string
  readonly python: string
}

/** What there is on this machine. */
export interface LockPeers {
  /** A folder to be put before Python's path, with the library of v1 where there is one. */
  readonly lib: string
  /** The charm of each library, or why there is none. */
  readonly charms: Readonly<Record<LockLibrary, LockCharm | { readonly missing: string }>>
  /** Deletes the folders. */
  readonly remove: () => Promise<void>
}

/** Assembles what can be assembled, in a temporary folder. */
export const assembleLockPeers = async (): Promise<LockPeers> => {
  const home = await mkdtemp(join(tmpdir(), "rollcall-lock-peers-"))
  const lib = join(home, "lib")
  await mkdir(lib)
  const remove = () => rm(home, { recursive: true, force: true })
  const python = await findPython()
  if (typeof python !== "string") {
    return { lib, charms: { v1: python, charmlibs: python }, remove }
  }
  const imported = await imports(python, "charmlibs.rollingops")
  const charm = (library: LockLibrary) => assemble(join(home, library), library, python, lib)
  const v1 = await putLibrary(lib)
  return {
    lib,
    charms: {
      v1: v1 === undefined ? await charm("v1") : { missing: v1 },
      charmlibs: imported === undefined ? await charm("charmlibs") : { missing: imported }
    },
    remove
  }
}

const FOLDER = import.meta.dirname
const V1_PATH = "charms/rolling_ops/v1/rollingops.py"

const findPython = async (): Promise<string | { readonly missing: string }> => {
  const cache = process.env.ROLLCALL_PYTHON_CACHE ?? join(FOLDER, "../../../.cache/python-peers")
  const environment = join(cache, "ops3")
  const version = await readFile(join(environment, "ops-version"), "utf8").catch(() => undefined)
  if (version !== undefined) return join(environment, "bin/python")
  const why = await readFile(join(cache, "unavailable"), "utf8").catch(
    () => "run scripts/python-peers.sh"
  )
  return { missing: `there is no Python with ops in ${environment}: ${why.trim()}` }
}

const imports = (python: string, module: string): Promise<string | undefined> =>
  promisify(execFile)(python, ["-c", `import ${module}`], { timeout: 60_000 }).then(
    () => undefined,
    () => `${module} cannot be imported: run scripts/python-peers.sh`
  )

/** Puts the library of v1 where Python finds it; what is missing otherwise. */
const putLibrary = async (lib: string): Promise<string | undefined> => {
  const folder = process.env.ROLLCALL_PEERS ?? ""
  if (folder === "") return "set ROLLCALL_PEERS to the folder with the deployed library's text"
  const names = await readdir(folder).catch(() => undefined)
  if (names === undefined) return `ROLLCALL_PEERS: cannot read ${folder}`
  let why = `no file in ${folder} holds ${V1_LIBRARY.id}`
  for (const name of names.sort()) {
    const text = await readFile(join(folder, name), "utf8").catch(() => "")
    if (!text.includes(V1_LIBRARY.id)) continue
    const found = v1Module(text)
    if ("why" in found) {
      why = `${name}: ${found.why}`
      continue
    }
    await mkdir(dirname(join(lib, V1_PATH)), { recursive: true })
    await writeFile(join(lib, V1_PATH), found.module)
    return undefined
  }
  return why
}

const assemble = async (charm: string, library: LockLibrary, python: string, lib: string) => {
  await mkdir(join(charm, "src"), { recursive: true })
  await cp(join(FOLDER, "python/charm.py"), join(charm, "src/charm.py"))
  await cp(join(FOLDER, "python/actions.yaml"), join(charm, "actions.yaml"))
  await cp(join(FOLDER, "python/metadata.yaml"), join(charm, "metadata.yaml"))
  await cp(join(FOLDER, "../python/shared/dispatch"), join(charm, "dispatch"))
  await cp(lib, join(charm, "lib"), { recursive: true })
  await writeFile(join(charm, "python"), `${python}\n`)
  await writeFile(join(charm, "library"), library)
  return { folder: charm, python }
}
