// What the testbed needs of this machine: folders, ports, commands and daemons that go with the scope.
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { accessSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"

/** Something on this machine kept the testbed from being set up or changed. */
export class TestbedError extends Schema.TaggedError<TestbedError>()("TestbedError", {
  doing: Schema.String,
  detail: Schema.String
}) {
  /** One line: what was tried and what it said. */
  override get message(): string {
    return `the testbed failed to ${this.doing}: ${this.detail}; see whether the machine can run it`
  }
}

/** A folder of its own that is removed with the scope. */
export const makeFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-etcd-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
)

/** That many ports on the loopback that nobody listens on. */
export const freePorts = (count: number): Effect.Effect<ReadonlyArray<number>> =>
  Effect.promise(async () => {
    const servers = await Promise.all(
      Array.from({ length: count }, async () => {
        const server = createServer().listen(0, "127.0.0.1")
        await once(server, "listening")
        return server
      })
    )
    const ports = servers.map((server) => (server.address() as AddressInfo).port)
    await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
    return ports
  })

/** Runs a command to its end, at most `timeoutMillis`, and returns its stdout; any other end than with 0 is an error. */
export const command = (
  [file = "", ...args]: ReadonlyArray<string>,
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly timeoutMillis?: number
  } = {}
): Effect.Effect<string, TestbedError> =>
  Effect.callback((resume, signal) => {
    execFile(
      file,
      args,
      {
        env: { ...process.env, ...options.env },
        timeout: options.timeoutMillis ?? 30_000,
        signal,
        maxBuffer: 64 * 1024 * 1024
      },
      (error, stdout, stderr) =>
        resume(
          error === null
            ? Effect.succeed(stdout)
            : Effect.fail(
                new TestbedError({
                  doing: [file, ...args].join(" "),
                  detail: stderr || error.message
                })
              )
        )
    )
  })

/** Starts a program that writes to `log` and dies with the thread that started it, where the machine can bind it so. */
export const startDaemon = (
  argv: ReadonlyArray<string>,
  log: string,
  env: Readonly<Record<string, string>> = {}
): ChildProcess => {
  const [file = "", ...args] = [...BOUND, ...argv]
  const output = openSync(log, "a")
  return spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output]
  })
}

/** Kills a daemon and waits until it is gone; a stopped one dies too. */
export const killDaemon = (child: ChildProcess): Effect.Effect<void> =>
  Effect.promise(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, "exit")
    child.kill("SIGKILL")
    await gone
  })

/** Waits until no thread of a process runs; the signal that halts it says nothing of when each of them has read it. */
export const haltOf = (pid: number | undefined): Effect.Effect<void> =>
  Effect.suspend(() =>
    pid === undefined || isHalted(pid) ? Effect.void : Effect.andThen(Effect.sleep(1), haltOf(pid))
  )

const isHalted = (pid: number): boolean => {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    return tasks.every((task) =>
      /\) [TtZX] /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8"))
    )
  } catch {
    // it is gone, or this is no Linux
    return true
  }
}

const SETPRIV = "/usr/bin/setpriv"

const BOUND: ReadonlyArray<string> = (() => {
  try {
    accessSync(SETPRIV)
    return [SETPRIV, "--pdeathsig", "KILL"]
  } catch {
    return []
  }
})()
