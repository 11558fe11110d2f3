// Shows the story on this process's output: opens the product, tells, and closes everything, also when it is interrupted.
import { Cause, Effect, Exit } from "effect"
import { tellOverEtcd } from "./etcd.ts"
import { openLxd } from "./lxd.ts"
import { openStandIn } from "./standIn.ts"
import { tell } from "./story.ts"
import { paintFor } from "./table.ts"

/** What is shown. */
export interface ShowOptions {
  readonly cluster: "stand-in" | "lxd"
  /** Where hosts meet. */
  readonly store: "juju" | "etcd"
  /** Decides the order of events. */
  readonly seed: number
  /** Prints a line for every hook. */
  readonly trace: boolean
}

/** Shows it; resolves with the exit code. */
export const show = async (options: ShowOptions, signal: AbortSignal): Promise<number> => {
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  const paint = paintFor(process.stdout)
  const line = (text: string) => void process.stdout.write(`${text}\n`)
  const event = (text: string) => line(`${paint("dim", seconds().padStart(6))}  ${text}`)
  const story = Effect.gen(function* () {
    const lxd = options.cluster === "lxd"
    const product = yield* lxd ? openLxd(HOSTS.slice(0, 3)) : openStandIn(HOSTS)
    const title = `One cluster of ${product.hosts.length} hosts on ${product.title}`
    line(`${paint("bold", title)}, seed ${options.seed}`)
    const overEtcd = options.store === "etcd"
    line(`${paint("dim", overEtcd ? REAL_ETCD : REAL)}\n`)
    const telling = { paint, event, line }
    return yield* overEtcd ? tellOverEtcd(product, telling) : tell(product, options, telling)
  })
  const exit = await Effect.runPromiseExit(Effect.scoped(story), { signal })
  if (signal.aborted) {
    process.stderr.write("interrupted; everything that was started is ended\n")
    return Number(signal.reason)
  }
  if (Exit.isFailure(exit)) {
    const problem = Cause.squash(exit.cause)
    process.stderr.write(`${problem instanceof Error ? problem.message : String(problem)}\n`)
    return 1
  }
  line(`\n${paint("bold", exit.value ? "All of it holds" : "It did not end well")}, ${seconds()}`)
  line(exit.value ? NEXT : `Look closer: npm run demo -- --seed ${options.seed} --trace`)
  return exit.value ? 0 : 1
}

const HOSTS = ["host-a", "host-b", "host-c", "host-d", "host-e"]

const REAL =
  "Charms, hook commands and the cluster's command are processes; of Juju only the controller is simulated."

const REAL_ETCD =
  "etcd and the cluster's command are processes; the hosts' agents and the mirrors run in this one, each over its own connection."

const NEXT = `Next: npm run demo -- --seed 7         another order of events
      npm run demo -- --cluster lxd    real LXD daemons, each on a host of its own
      npm run demo -- --store etcd     hosts that meet over etcd, without Juju, and then roll
      npm run demo -- --trace          a line for every hook`
