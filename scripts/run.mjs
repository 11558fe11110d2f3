// Brings the project's own tools along, then runs a command with them: `node scripts/run.mjs <command> [arguments]`.
// Needs git, Node >= 20 and npm; has no dependencies, because it runs before there are any. Set-up (pnpm, packages and
// the project's Node, all from the npm registry, as pnpm-lock.yaml says) is done once for each state of the lockfile
// and the manifests; its output is shown only when it fails. The command's exit code and signals are passed on.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inRoot = (...parts) => join(root, ...parts)
const stamp = inRoot("node_modules", ".set-up")
const projectNode = inRoot("node_modules", ".bin", "node")
const pnpmHome = inRoot(".cache", "pnpm")
// What effect's platform packages ask for; the project's own Node is newer.
const leastHostNode = [22, 19]

const environment = {
  ...process.env,
  PATH: [dirname(projectNode), join(pnpmHome, "node_modules", ".bin"), process.env.PATH].join(
    delimiter
  ),
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1"
}
// With NODE_ENV=production an installer leaves the tools out.
delete environment.NODE_ENV

const [command, ...args] = process.argv.slice(2)
if (command === undefined) fail("usage: node scripts/run.mjs <command> [arguments]")
setUp()
checkNode()
pass(command, args)

/** Installs what the lockfile names, unless that was done for this very state of lockfile and manifests. */
function setUp() {
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return
  console.error("Setting up (once): the project's tools and packages from the npm registry ...")
  const { packageManager } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"))
  const quietly = ["--loglevel=error", "--no-audit", "--no-fund", "--no-save"]
  step("npm", ["install", "--prefix", pnpmHome, ...quietly, packageManager])
  step("pnpm", ["install", "--frozen-lockfile"])
  if (existsSync(projectNode)) step(projectNode, ["--version"])
  writeFileSync(stamp, wanted)
}

/** A digest of everything that decides what an installation holds. */
function fingerprint() {
  const digest = createHash("sha256").update(`${process.platform} ${process.arch}`)
  const isManifest = (file) => existsSync(inRoot(file))
  const manifests = foldersIn(".").flatMap((folder) => [
    join(folder, "package.json"),
    ...foldersIn(folder).map((inner) => join(folder, inner, "package.json"))
  ])
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests]
  for (const file of files.filter(isManifest).sort()) {
    digest.update(`${file}\n`).update(readFileSync(inRoot(file)))
  }
  return digest.digest("hex")
}

function foldersIn(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .map((entry) => entry.name)
}

/** One step of the set-up: silent when it succeeds, shown in full when it does not. */
function step(program, parameters) {
  // CI: an installer that cannot ask must not wait for an answer.
  const options = { cwd: root, env: { ...environment, CI: "1" }, encoding: "utf8" }
  const { status, stdout, stderr, error } = spawnSync(program, parameters, options)
  if (status === 0) return
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`)
  fail(`set-up failed: ${program} ${parameters.join(" ")}: ${error?.message ?? `exit ${status}`}`)
}

/** Where npm offers no Node for this machine, the host's own must be new enough. */
function checkNode() {
  if (existsSync(projectNode)) return
  const [major, minor] = process.versions.node.split(".").map(Number)
  if (major > leastHostNode[0] || (major === leastHostNode[0] && minor >= leastHostNode[1])) return
  const machine = `${process.platform}-${process.arch}`
  fail(
    `the npm registry has no Node for ${machine}, and Node ${process.versions.node} is too old: ` +
      `install Node ${leastHostNode.join(".")} or newer (https://nodejs.org)`
  )
}

/** Runs the command in place of this process: its output, its signals, its exit. */
function pass(program, parameters) {
  const child = spawn(program, parameters, { env: environment, stdio: "inherit" })
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    // A terminal sends its SIGINT to the child as well; twice would mean "at once, without cleaning up".
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on("error", (error) => fail(`${program} did not start: ${error.message}`))
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

function fail(reason) {
  console.error(`rollcall: ${reason}`)
  process.exit(1)
}
