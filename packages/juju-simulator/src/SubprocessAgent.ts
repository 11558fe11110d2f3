/**
 * Runs a charm as Juju does: the unpacked charm's `dispatch` (or `hooks/<name>`) as a process of its own.
 *
 * The environment is exactly Juju's plus what the caller adds on purpose, the working folder is the charm's, standard
 * input is /dev/null. The end of a hook is the exit of its process: a child that it left behind may keep the pipes,
 * but gets 100 ms of attention at most (juju/juju internal/worker/uniter/runner/runner.go).
 */
import { spawn } from "node:child_process"
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  readdirSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { constants as osConstants } from "node:os"
import { join } from "node:path"
import type { Agent, ProcessOutcome, RunningProcess } from "./Agent.ts"
import type { UnitPaths } from "./CommandDirectory.ts"
import { type AnswerCall, type CommandServer, oneAtATime } from "./CommandServer.ts"
import { endLeftovers } from "./Leftovers.ts"

/** What a unit's processes need; functions are asked anew for every process. */
export interface SubprocessOptions {
  readonly paths: UnitPaths
  readonly server: CommandServer
  /** The unpacked charm to copy from. */
  readonly charm: () => string
  /** Not Juju's: variables that a test adds for its charm. */
  readonly env: Readonly<Record<string, string>>
  /** Put before the hook's argv, such as `["ip", "netns", "exec", "host-0"]`. */
  readonly wrap: ReadonlyArray<string>
  /** After this many wall milliseconds the process group is killed. */
  readonly deadlineMillis: number
  /** Runs charms that have `src/charm.py` and no dispatch. */
  readonly python: string
}

/** An agent for a charm on disk; the charm is copied now. */
export const makeSubprocessAgent = (options: SubprocessOptions): Agent => {
  const { paths } = options
  let unpacked = unpack(options, undefined)
  return {
    run: (running) => runProgram(options, running),
    upgrade: async () => {
      unpacked = unpack(options, unpacked)
    },
    close: async () => {
      await endLeftovers(paths.agentDir)
    }
  }
}

const runProgram = async (
  options: SubprocessOptions,
  running: RunningProcess
): Promise<ProcessOutcome> => {
  const { paths, server, wrap } = options
  const argv = commandLine(paths, running)
  if (argv === undefined) return { code: 0, stdout: "", stderr: "", missing: true }
  const shut = server.open(paths.socketPath, oneAtATime(answerCall(running)))
  try {
    const env = { ...running.context.environment(paths), ...options.env }
    return await runProcess(
      [...wrap, ...argv],
      paths.charmDir,
      env,
      options.deadlineMillis,
      running
    )
  } finally {
    shut()
  }
}

/** The argv of an execution, or undefined when the charm has nothing for it. */
const commandLine = (
  paths: UnitPaths,
  running: RunningProcess
): ReadonlyArray<string> | undefined => {
  const { program, context } = running
  if (program.kind === "function") {
    throw new Error(`${running.unit} runs a charm on disk: pass juju-exec a script, not a function`)
  }
  if (program.kind === "script") {
    const script = join(paths.agentDir, "script.sh")
    writeFileSync(script, program.text)
    return ["/bin/bash", script]
  }
  const { kind, name } = context.invocation
  const own = join(paths.charmDir, kind === "action" ? "actions" : "hooks", name)
  const file = [join(paths.charmDir, "dispatch"), own].find(isExecutable)
  return file === undefined ? undefined : [file]
}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const answerCall =
  (running: RunningProcess): AnswerCall =>
  async ([contextId = "", cwd = "/", command = "", ...args], stdin) => {
    const expected = running.context.invocation.contextId
    if (contextId !== expected) {
      const stderr = `ERROR bad request: expected context id "${expected}", got "${contextId}"\n`
      return { code: 1, stdout: "", stderr }
    }
    let answer = running.call({ command, args, cwd })
    if (answer !== undefined && "needStdin" in answer) {
      answer = running.call({ command, args, cwd, stdin: await stdin() })
    }
    if (answer === undefined || "needStdin" in answer) throw new Error("the hook was killed")
    return answer
  }

const runProcess = (
  argv: ReadonlyArray<string>,
  cwd: string,
  env: Readonly<Record<string, string>>,
  deadlineMillis: number,
  running: RunningProcess
): Promise<ProcessOutcome> =>
  new Promise((resolve) => {
    const [file = "", ...args] = argv
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
    const texts = { stdout: "", stderr: "" }
    const streams = [child.stdout, child.stderr]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      texts.stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      texts.stderr += text
    })
    const kill = () => killGroup(child.pid)
    const deadline = setTimeout(
      () => running.kill(`hook ran longer than ${deadlineMillis} ms`),
      deadlineMillis
    )
    running.onKill(kill)
    const finish = (code: number) => {
      clearTimeout(deadline)
      for (const stream of streams) stream.destroy()
      resolve({ code, ...texts })
    }
    child.once("error", (cause) => {
      texts.stderr += `${cause.message}\n`
      finish(CANNOT_START)
    })
    child.once("exit", (code, signal) => {
      const status = code ?? 128 + (signal === null ? 0 : osConstants.signals[signal])
      const grace = setTimeout(() => finish(status), STDIO_GRACE_MILLIS)
      child.once("close", () => {
        clearTimeout(grace)
        finish(status)
      })
    })
  })

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** Copies the charm; of a former one only the files that it brought are removed, so what hooks wrote stays. */
const unpack = (options: SubprocessOptions, former: ReadonlyArray<string> | undefined) => {
  const source = options.charm()
  const { charmDir } = options.paths
  for (const entry of former ?? []) rmSync(join(charmDir, entry), { recursive: true, force: true })
  cpSync(source, charmDir, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE
  })
  const dispatch = join(charmDir, "dispatch")
  if (!existsSync(dispatch) && existsSync(join(charmDir, "src", "charm.py"))) {
    writeFileSync(dispatch, pythonDispatch(options.python), { mode: 0o755 })
  }
  return readdirSync(source)
}

/** What `charmcraft pack` generates for a Python charm, with the interpreter of our choice. */
const pythonDispatch = (python: string): string => `#!/bin/sh
dispatch_path="$(dirname $(realpath $0))"
export PYTHONPATH="\${dispatch_path}/lib:\${dispatch_path}/src"
export LD_LIBRARY_PATH="\${dispatch_path}/usr/lib:\${dispatch_path}/lib"
exec ${python} "\${dispatch_path}/src/charm.py"
`

const STDIO_GRACE_MILLIS = 100
const CANNOT_START = 126
