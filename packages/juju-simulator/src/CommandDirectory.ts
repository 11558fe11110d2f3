/**
 * The files that a machine agent would put on its machine: one folder of links per unit, first on the hook's PATH.
 *
 * Layout under a temporary root, as under /var/lib/juju: `tools/<version>/` with one link per hook command to the one
 * client, `tools/unit-app-0` a link to it, `agents/unit-app-0/{charm,agent.socket}`.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { HookPaths } from "./HookContext.ts"
import { commandNames } from "./hook-commands/CommandTable.ts"
import type { Profile, UnitName } from "./Model.ts"

/** Where one unit's files are. */
export interface UnitPaths extends HookPaths {
  readonly agentDir: string
}

/** The folder of one simulation; {@link CommandDirectory.close} removes it. */
export class CommandDirectory {
  readonly root: string
  /** The file that `juju-exec` dials. */
  readonly execSocket: string
  readonly #tools: string
  readonly #profile: Profile
  #populated = false
  #installed: string | undefined

  constructor(profile: Profile) {
    this.#profile = profile
    this.root = mkdtempSync(join(tmpdir(), "juju-"))
    this.execSocket = join(this.root, "run.socket")
    this.#tools = join(this.root, "tools", profile)
  }

  /** Makes the folders of a unit. */
  addUnit(unit: UnitName): UnitPaths {
    this.#populate()
    const paths = unitPaths(this.root, unit)
    mkdirSync(paths.agentDir, { recursive: true })
    if (!existsSync(paths.toolsDir)) symlinkSync(this.#tools, paths.toolsDir)
    return paths
  }

  /** Takes the folders of a unit away. */
  removeUnit(unit: UnitName): void {
    const paths = unitPaths(this.root, unit)
    rmSync(paths.agentDir, { recursive: true, force: true })
    rmSync(paths.toolsDir, { force: true })
  }

  /** Puts `juju-exec` at an absolute path where libraries look for it; refuses to replace anything. */
  installJujuExec(path: string): void {
    if (existsSync(path)) {
      throw new Error(`${path} exists already: remove it, or run without installJujuExec`)
    }
    this.#populate()
    copyFileSync(join(this.#tools, "juju-exec"), path)
    this.#installed = path
  }

  /** Removes everything. */
  close(): void {
    if (this.#installed !== undefined) rmSync(this.#installed, { force: true })
    rmSync(this.root, { recursive: true, force: true })
  }

  #populate(): void {
    if (this.#populated) return
    this.#populated = true
    mkdirSync(this.#tools, { recursive: true })
    const client = join(this.#tools, "jujuc")
    copyFileSync(join(CLIENTS, "jujuc"), client)
    chmodSync(client, EXECUTABLE)
    for (const name of commandNames(this.#profile)) symlinkSync("jujuc", join(this.#tools, name))
    const exec = readFileSync(join(CLIENTS, "juju-exec"), "utf8")
    const path = join(this.#tools, "juju-exec")
    writeFileSync(path, exec.replace("@SOCKET@", this.execSocket), { mode: EXECUTABLE })
  }
}

/** The tag of a unit, as Juju's folders are named. */
export const unitTag = (unit: UnitName): string => `unit-${unit.replace("/", "-")}`

/** Where a unit's files are under a root; they need not exist. */
export const unitPaths = (root: string, unit: UnitName): UnitPaths => {
  const agentDir = join(root, "agents", unitTag(unit))
  return {
    agentDir,
    charmDir: join(agentDir, "charm"),
    socketPath: join(agentDir, "agent.socket"),
    toolsDir: join(root, "tools", unitTag(unit))
  }
}

const CLIENTS = fileURLToPath(new URL("../bin", import.meta.url))
const EXECUTABLE = 0o755
