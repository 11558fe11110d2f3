// What a check is: it looks at a number of things in a workspace and names the problems it found.
// One rule holds for all of them and lives here: a check that looked at nothing has failed.
import { execFile } from "node:child_process"
import { delimiter, join } from "node:path"

/** What a check saw. `looked` counts `things` (files, packages); each problem is text for a person to act on. */
export interface Outcome {
  readonly looked: number
  readonly things: string
  readonly problems: ReadonlyArray<string>
}

/** A check of the workspace under `root`; `guards` completes the sentence "fails when ...". */
export interface Check {
  readonly name: string
  readonly guards: string
  readonly run: (root: string) => Promise<Outcome>
}

/** Every reason why the outcome is a failure; none means that the check has passed. */
export const failures = ({ looked, things, problems }: Outcome): ReadonlyArray<string> =>
  looked > 0 ? problems : [`looked at 0 ${things}: a check of nothing proves nothing`, ...problems]

/** How a tool ended. `output` is all it printed, `stdout` without what it said about itself. */
export interface ToolRun {
  readonly ok: boolean
  readonly stdout: string
  readonly output: string
}

const TOOL_TIMEOUT_MILLIS = 300_000

/** Runs one of the workspace's tools; a tool that fails, hangs for five minutes or is missing is a run that is not ok. */
export const tool = (
  root: string,
  name: string,
  args: ReadonlyArray<string>,
  options: { readonly folder?: string } = {}
): Promise<ToolRun> =>
  new Promise((settle) => {
    const PATH = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter)
    const settings = {
      cwd: options.folder ?? root,
      env: { ...process.env, NO_COLOR: "1", PATH },
      maxBuffer: 256 * 1024 * 1024,
      timeout: TOOL_TIMEOUT_MILLIS
    }
    execFile(name, [...args], settings, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim()
      const silent = error !== null && said === ""
      settle({ ok: error === null, stdout, output: silent ? `${name}: ${error.message}` : said })
    })
  })

/** The problems of a tool that says by its exit code whether there are any. */
export const problemsOf = (run: ToolRun): ReadonlyArray<string> => (run.ok ? [] : [run.output])
