// Hosts on one machine: each is a process that does nothing but hold a network, a host name and a mount table of its own
// (Linux namespaces), all plugged into one switch, which is such a process too. Nothing has a name outside of them, so
// runs do not collide, and when the holders die everything is gone: links, switch, mounts.
// The holders die with the thread that started them, so even a killed test run leaves none behind. Needs root.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { Effect, Schema, type Scope } from "effect"
import { executeChild, runCommand } from "../Execution.ts"

/** Something on this machine kept the testbed from being set up or changed. */
export class TestbedError extends Schema.TaggedError<TestbedError>()("TestbedError", {
  doing: Schema.String,
  detail: Schema.String
}) {
  /** One line: what was tried and what it said. */
  override get message(): string {
    return `the testbed failed to ${this.doing}: ${this.detail}; it needs root and Linux namespaces`
  }
}

/** A host: its name, its address in the testbed's network, and how to be on it. */
export interface Host {
  readonly name: string
  readonly address: string
  /** The words that run a command on this host, in the folder and with the environment it is started from. */
  readonly prefix: ReadonlyArray<string>
  /** The process that holds the namespaces. */
  readonly pid: number
  /** Pulls the host's cable; frames are lost without a sign. */
  readonly cut: Effect.Effect<void, TestbedError>
  /** Puts the cable back. */
  readonly heal: Effect.Effect<void, TestbedError>
}

/** One host for each of `names`, at most 200, in a network of their own for as long as the scope is open. */
export const makeHosts = Effect.fn("makeHosts")(function* (
  names: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Host>, TestbedError, Scope.Scope> {
  const hub = yield* hold("switch")
  yield* within(hub, ["ip", "link", "add", "switch", "type", "bridge"])
  yield* within(hub, ["ip", "link", "set", "switch", "up"])
  return yield* Effect.forEach(
    names,
    Effect.fnUntraced(function* (name, index) {
      const pid = yield* hold(name)
      const address = `10.77.0.${index + 11}`
      const port = `port${index}`
      const veth = ["type", "veth", "peer", "name", "eth0", "netns", String(pid)]
      yield* within(hub, ["ip", "link", "add", port, ...veth])
      yield* within(hub, ["ip", "link", "set", port, "master", "switch", "up"])
      yield* within(pid, ["ip", "address", "add", `${address}/24`, "dev", "eth0"])
      yield* within(pid, ["ip", "link", "set", "eth0", "up"])
      return {
        name,
        address,
        pid,
        prefix: prefixOf(pid),
        cut: within(hub, ["ip", "link", "set", port, "down"]),
        heal: within(hub, ["ip", "link", "set", port, "up"])
      }
    })
  )
})

/** Runs `argv` and returns its stdout; any other end than with code 0 is an error. */
export const command = (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  timeoutMillis = 30_000
): Effect.Effect<string, TestbedError> =>
  runCommand(executeChild, { argv, env, timeoutMillis }).pipe(
    Effect.mapError(({ detail }) => new TestbedError({ doing: argv.join(" "), detail })),
    Effect.flatMap(({ code, stdout, stderr }) =>
      code === 0
        ? Effect.succeed(stdout)
        : Effect.fail(new TestbedError({ doing: argv.join(" "), detail: stderr || `code ${code}` }))
    )
  )

/** Kills a process that was started here and waits until it is gone. */
export const endProcess = (child: ChildProcess): Effect.Effect<void> =>
  Effect.promise(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, "exit")
    child.kill("SIGKILL")
    await gone
  })

/** Words that bind a process to the thread that starts it: when that ends, the process is killed. */
export const BOUND: ReadonlyArray<string> = ["setpriv", "--pdeathsig", "KILL"]

const SETTLE = 'hostname "$0" && ip link set lo up && echo ready && exec sleep infinity'

const hold = (name: string): Effect.Effect<number, TestbedError, Scope.Scope> =>
  Effect.gen(function* () {
    const unshare = ["unshare", "--net", "--uts", "--mount", "--propagation", "private"]
    const [file = "", ...args] = [...BOUND, ...unshare, "sh", "-c", SETTLE, name]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] })),
      endProcess
    )
    return yield* ready(child, name)
  })

/** The holder's process id once its namespaces are set up, which it says in one line. */
const ready = (child: ChildProcess, name: string): Effect.Effect<number, TestbedError> =>
  Effect.callback((resume) => {
    const fail = (detail: string) =>
      resume(Effect.fail(new TestbedError({ doing: `set up the host ${name}`, detail })))
    let said = ""
    child.stderr?.on("data", (chunk) => (said += String(chunk)))
    child.stdout?.once("data", () => resume(Effect.succeed(child.pid ?? 0)))
    child.once("error", (error) => fail(error.message))
    child.once("exit", () => fail(said))
  })

const prefixOf = (pid: number): ReadonlyArray<string> => [
  "nsenter",
  `--target=${pid}`,
  "--net",
  "--uts",
  "--"
]

const within = (pid: number, argv: ReadonlyArray<string>): Effect.Effect<void, TestbedError> =>
  Effect.asVoid(command([...prefixOf(pid), ...argv]))
