// `npm run demo`: tells the story of a cluster that forms although machines are lost. Also runs as a plain
// `node apps/example-charm/demo/main.ts`: it then starts itself again so that workspace packages are read from source.
// Ctrl-C and SIGTERM end every process that was started and remove every folder that was made.
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const USAGE = `npm run demo -- [options]

  --cluster stand-in|lxd  the cluster's product: a stand-in that needs nothing (default), or real LXD daemons (root)
  --store juju|etcd       where hosts meet: a model of Juju (default), or etcd with no Juju at all
  --seed N                another order of events: who leads, who founds, who is lost (default 1)
  --trace                 a line for every hook at the end
  --help                  this text
`

interface Arguments {
  readonly cluster: "stand-in" | "lxd"
  readonly store: "juju" | "etcd"
  readonly seed: number
  readonly trace: boolean
}

const argumentsOf = (args: ReadonlyArray<string>): Arguments | "help" | Error => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        cluster: { type: "string", default: "stand-in" },
        store: { type: "string", default: "juju" },
        seed: { type: "string", default: "1" },
        trace: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    })
    const { cluster, help, store, trace } = values
    if (help) return "help"
    const seed = Number(values.seed)
    if (!/^\d{1,9}$/.test(values.seed)) return new Error(`--seed ${values.seed}: not a number`)
    if (store !== "juju" && store !== "etcd") {
      return new Error(`--store ${store}: there are juju and etcd`)
    }
    if (store === "etcd" && cluster === "lxd") {
      return new Error("--store etcd goes with --cluster stand-in")
    }
    if (cluster === "stand-in" || cluster === "lxd") return { cluster, store, seed, trace }
    return new Error(`--cluster ${cluster}: there are stand-in and lxd`)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Runs this file once more, with the sources of the workspace's packages; passes signals and the exit code on. */
const again = (): void => {
  const args = [
    "--conditions=@rollcall/source",
    ...process.execArgv,
    fileURLToPath(import.meta.url)
  ]
  const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { stdio: "inherit" })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // a terminal sends its SIGINT to the child as well
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  })
}

const main = async (): Promise<void> => {
  const chosen = argumentsOf(process.argv.slice(2))
  if (chosen === "help") return void process.stdout.write(USAGE)
  if (chosen instanceof Error) {
    process.stderr.write(`${chosen.message}\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  if (!import.meta.resolve("@rollcall/juju-simulator").endsWith("/src/index.ts")) return again()
  const interrupted = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => interrupted.abort(128 + constants.signals[signal]))
  }
  process.stdout.once("error", () => interrupted.abort(1))
  const { show } = await import("./show.ts")
  process.exit(await show(chosen, interrupted.signal))
}

await main()
