// The deployed Python library, unmodified, as charms that a Juju (ours or a real one) can run. The library's text is not
// ours to ship: it is read from the folder ROLLCALL_PEERS, whose text files may hold it among other text. Our charms
// around it stand in `python/`; the Python environments come from scripts/python-peers.sh. Not here: running anything
// but the compiler. When something is missing the answer says what, and nothing is skipped silently.
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

/** Unpacked charm folders, ready to be deployed. */
export interface PythonPeers {
  readonly kind: "peers"
  /** Charm `token-distributor-peer`: endpoint `microcluster-cluster`. */
  readonly distributor: string
  /** Charm `cluster-member-peer`: endpoint `cluster`. */
  readonly member: string
  /** The environment's Python. */
  readonly python: string
  /** Deletes the folders. */
  readonly remove: () => Promise<void>
}

/** Why there are no peers, and what to do about it. */
export interface PythonPeersMissing {
  readonly kind: "missing"
  /** `broken` is no omission but a fault: a library was found and does not compile. */
  readonly part: "environment" | "folder" | "library" | "broken"
  readonly reason: string
}

/** How the peers are to be made. */
export interface PythonPeersOptions {
  /** The major version of ops to run on. */
  readonly ops?: 2 | 3
  /** The cluster's command as the member charm runs it; without it the charm's config option decides. */
  readonly clusterCommand?: ReadonlyArray<string>
  /** The folder with the library's text; the default is ROLLCALL_PEERS. */
  readonly folder?: string
  /** The folder of scripts/python-peers.sh; the default is ROLLCALL_PYTHON_CACHE, else the script's own default. */
  readonly cache?: string
}

/** Assembles the charms in a temporary folder, or says which part is missing. */
export const assemblePythonPeers = async (
  options: PythonPeersOptions = {}
): Promise<PythonPeers | PythonPeersMissing> => {
  const python = await findPython(options)
  if (typeof python !== "string") return python
  const library = await findLibrary(options.folder ?? process.env.ROLLCALL_PEERS ?? "")
  if (typeof library !== "string") return library

  const home = await mkdtemp(join(tmpdir(), "rollcall-peers-"))
  const remove = () => rm(home, { recursive: true, force: true })
  const distributor = await assembleCharm(home, "distributor", python, library)
  const member = await assembleCharm(home, "member", python, library)
  if (options.clusterCommand !== undefined)
    await writeFile(join(member, "cluster-command"), options.clusterCommand.join("\n"))

  const complaint = await compile(python, home)
  if (complaint === undefined) return { kind: "peers", distributor, member, python, remove }
  await remove()
  return missing("broken", `the library's text does not compile: ${complaint}`)
}

const FOLDER = import.meta.dirname
const LIBRARY_ID = 'LIBID = "ec674038842544928b4e21ee6e199666"'
const LIBRARY_START = '"""Microcluster token distributor library.'
const LIBRARY_PATH = "lib/charms/microcluster_token_distributor/v0/token_distributor.py"
// The published page goes on with documentation rendered from the code, under the module's dotted name.
const RENDERED_DOCUMENTATION = /^charms\.microcluster_token_distributor\.v0\.token_distributor\s*$/m

const missing = (part: PythonPeersMissing["part"], reason: string): PythonPeersMissing => ({
  kind: "missing",
  part,
  reason
})

const readable = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch(() => undefined)

const findPython = async (options: PythonPeersOptions): Promise<string | PythonPeersMissing> => {
  const cache =
    options.cache ?? process.env.ROLLCALL_PYTHON_CACHE ?? join(FOLDER, "../../.cache/python-peers")
  const environment = join(cache, `ops${options.ops ?? 3}`)
  if ((await readable(join(environment, "ops-version"))) !== undefined)
    return join(environment, "bin/python")
  const why = (await readable(join(cache, "unavailable"))) ?? "run scripts/python-peers.sh"
  return missing("environment", `there is no Python with ops in ${environment}: ${why.trim()}`)
}

const findLibrary = async (folder: string): Promise<string | PythonPeersMissing> => {
  if (folder === "")
    return missing("folder", "set ROLLCALL_PEERS to the folder with the deployed library's text")
  const names = await readdir(folder).catch(() => undefined)
  if (names === undefined) return missing("folder", `ROLLCALL_PEERS: cannot read ${folder}`)
  for (const name of names.sort()) {
    const text = await readable(join(folder, name))
    if (text?.includes(LIBRARY_ID)) return cutModule(text)
  }
  return missing("library", `no file in ${folder} holds ${LIBRARY_ID}`)
}

const cutModule = (text: string): string => {
  const module = text.slice(Math.max(0, text.indexOf(LIBRARY_START)))
  const end = module.search(RENDERED_DOCUMENTATION)
  return `${(end < 0 ? module : module.slice(0, end)).trimEnd()}\n`
}

const assembleCharm = async (home: string, name: string, python: string, library: string) => {
  const charm = join(home, name)
  const source = join(FOLDER, "python", name)
  await mkdir(join(charm, "src"), { recursive: true })
  await mkdir(join(charm, LIBRARY_PATH, ".."), { recursive: true })
  for (const file of ["metadata.yaml", "config.yaml"])
    await cp(join(source, file), join(charm, file))
  await cp(join(source, "charm.py"), join(charm, "src/charm.py"))
  await cp(join(FOLDER, "python/shared/dispatch"), join(charm, "dispatch"))
  await cp(join(FOLDER, "python/shared/sitecustomize.py"), join(charm, "lib/sitecustomize.py"))
  await writeFile(join(charm, "python"), `${python}\n`)
  await writeFile(join(charm, LIBRARY_PATH), library)
  return charm
}

// Bytecode without a check of the source's time stays good when a unit gets its own copy of the folder.
const compile = (python: string, folder: string): Promise<string | undefined> =>
  promisify(execFile)(
    python,
    ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder],
    { timeout: 60_000 }
  ).then(
    () => undefined,
    (error: { stdout?: string; message: string }) => error.stdout?.trim() || error.message
  )
