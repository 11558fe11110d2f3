// The Python peers as in-process charms: every hook runs the unmodified library in a fork of a process that has imported
// it already, and its hook tools come back here as calls. Made for runs of thousands of hooks; the plain way (deploying
// the folders of PythonPeers.ts) is the one without anything of ours between ops and the tools.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { createConnection, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { CharmHook, CharmProgram, Outcome } from "./models/CharmHook.ts"
import type { ClusterCommand } from "./models/ClusterCommand.ts"
import type { PythonPeers } from "./PythonPeers.ts"

/** The Python charms as functions. */
export interface PythonBridge {
  /** The distributor charm, with no units yet. */
  readonly newDistributor: () => CharmProgram
  /** The member charm, with no units yet, on a cluster's command given as a function. */
  readonly newMember: (command: ClusterCommand) => CharmProgram
  /** Ends the Python process and deletes the units' folders. */
  readonly close: () => Promise<void>
}

/** Starts the Python process. **Rejects** when it does not come up within thirty seconds. */
export const startPythonBridge = async (peers: PythonPeers): Promise<PythonBridge> => {
  const zygote = await startZygote(peers.python, join(peers.member, "lib"), [LIBRARY])
  return {
    newDistributor: () => zygote.program(peers.distributor),
    newMember: (command) => zygote.program(peers.member, command),
    close: zygote.close
  }
}

/** A Python process that has imported what charms need. */
export interface Zygote {
  /** The charm in that folder, with no units yet. */
  readonly program: (charm: string, command?: ClusterCommand) => CharmProgram
  /** Ends the process and deletes the units' folders. */
  readonly close: () => Promise<void>
}

/** Starts a Python process that imports `modules`, also from `lib`. **Rejects** after thirty seconds. */
export const startZygote = async (
  python: string,
  lib: string,
  modules: ReadonlyArray<string>
): Promise<Zygote> => {
  const home = await mkdtemp(join(tmpdir(), "rollcall-bridge-"))
  const address = join(home, "zygote")
  const zygote = spawn(python, ["-W", "ignore::UserWarning", ZYGOTE, address, lib, ...modules], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  await ready(zygote)
  const open = new Set<Socket>()
  const program = (charm: string, command?: ClusterCommand): CharmProgram => {
    const folders = new Map<string, Promise<string>>()
    return async (hook) => {
      const unit = hook.env.JUJU_UNIT_NAME ?? ""
      const folder = folders.get(unit) ?? unitFolder(home, charm)
      folders.set(unit, folder)
      const socket = createConnection(address)
      open.add(socket.on("close", () => open.delete(socket)))
      return dispatch(socket, await folder, hook, command)
    }
  }
  return {
    program,
    close: async () => {
      zygote.kill()
      for (const socket of open) socket.destroy()
      await rm(home, { recursive: true, force: true })
    }
  }
}

const LIBRARY = "charms.microcluster_token_distributor.v0.token_distributor"
const ZYGOTE = join(import.meta.dirname, "python/shared/zygote.py")
const COMMAND_FILE = "cluster-command"
const CLUSTER_COMMAND = "rollcall-test-cluster"
const DEADLINE_MS = 60_000

const ready = async (zygote: ChildProcess): Promise<void> => {
  const { stdout } = zygote
  if (stdout === null) throw new Error("the Python process has no stdout")
  const up = AbortSignal.timeout(30_000)
  await Promise.race([
    once(stdout, "data", { signal: up }),
    once(zygote, "exit", { signal: up }).then(() => {
      throw new Error("the Python process ended before it was ready; its stderr says why")
    })
  ])
}

// ops keeps a unit's state beside the charm, so each unit has a folder; the code in it is shared.
const unitFolder = async (home: string, charm: string): Promise<string> => {
  const folder = await mkdtemp(join(home, "unit-"))
  const parts = (await readdir(charm)).filter((part) => part !== COMMAND_FILE)
  for (const part of parts) await symlink(join(charm, part), join(folder, part))
  await writeFile(join(folder, COMMAND_FILE), CLUSTER_COMMAND)
  return folder
}

const dispatch = async (
  socket: Socket,
  folder: string,
  hook: CharmHook,
  command: ClusterCommand | undefined
): Promise<number> => {
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error("no word from the hook in time")))
  const env = { ...hook.env, JUJU_CHARM_DIR: folder, CHARM_DIR: folder }
  send(socket, { env, folder })
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Message
      if ("exit" in message) return message.exit
      send(socket, await answer(message, hook, command))
    }
  } finally {
    socket.destroy()
  }
  throw new Error("the Python process ended within the hook; its stderr says why")
}

type Message =
  | { readonly exit: number }
  | { readonly run: ReadonlyArray<string>; readonly stdin: string | null }

const send = (socket: Socket, message: object) => socket.write(`${JSON.stringify(message)}\n`)

const answer = async (
  { run: argv, stdin }: Extract<Message, { run: unknown }>,
  hook: CharmHook,
  command: ClusterCommand | undefined
): Promise<Outcome> => {
  if (argv[0] !== CLUSTER_COMMAND) return hook.run(argv, stdin ?? undefined)
  if (command === undefined) throw new Error("a distributor does not call the cluster's command")
  return command(argv.slice(1), hook.env.ROLLCALL_TEST_HOSTNAME ?? "")
}
