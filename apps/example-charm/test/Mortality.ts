// Deaths of charm processes right after the cluster's command had its effect and before anybody noticed: the worst
// moment, as nothing that the hook staged is kept and nothing in memory either. What the hook made durable before stays.
import type { InProcessCharm } from "@rollcall/juju-simulator"
import type { Execute } from "@rollcall/microcluster-adapter"
import type { StandInOutcome } from "@rollcall/microcluster-adapter/stand-in"
import { Effect } from "effect"

/** One call of the cluster's command on a host. */
export type CommandOnHost = (words: ReadonlyArray<string>, host: string) => StandInOutcome

/** Decides who dies, and kills. */
export class Mortality {
  /** Whether the process dies that made this call, once the call is done. */
  strikes: (operation: string, host: string) => boolean = () => false
  /** The deaths so far, each as `operation host`. */
  readonly deaths: Array<string> = []
  /** Ends the hook that runs now. */
  #kill: () => void = () => undefined

  /** `charm` as one that can be killed. */
  charm(charm: InProcessCharm): InProcessCharm {
    return (hook) =>
      new Promise((resolve, reject) => {
        this.#kill = () => resolve(137)
        charm(hook).then(resolve, reject)
      })
  }

  /** `command` as one after which its caller may be dead; then the answer never comes. */
  guard(command: CommandOnHost) {
    return (words: ReadonlyArray<string>, host: string): StandInOutcome | Promise<never> => {
      const outcome = command(words, host)
      const operation = words[words.indexOf("cluster") + 1] ?? ""
      if (!this.strikes(operation, host)) return outcome
      this.deaths.push(`${operation} ${host}`)
      this.#kill()
      return new Promise<never>(() => undefined)
    }
  }

  /** A guarded command as the adapter runs it. */
  execute(command: ReturnType<Mortality["guard"]>, host: string): Execute {
    return ({ argv }) =>
      Effect.flatMap(
        Effect.promise(async () => command(argv, host)),
        ({ hangs, ...outcome }) => (hangs === true ? Effect.never : Effect.succeed(outcome))
      )
  }
}
