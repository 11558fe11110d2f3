// Deaths of charm processes right after the cluster's command had its effect and before anybody noticed: the worst
// moment, as nothing that the hook staged is kept and nothing in memory either. What was made durable before stays.
import type { Execute } from "@rollcall/microcluster-adapter"
import type { StandInOutcome } from "@rollcall/microcluster-adapter/stand-in"
import { Effect } from "effect"

/** One call of the cluster's command on a host. */
export type CommandOnHost = (words: ReadonlyArray<string>, host: string) => StandInOutcome

/** What a process dies of: a defect, which no code of a charm survives. */
export class Death extends Error {
  constructor(where: string) {
    super(`died after ${where}`)
    this.name = "Death"
  }
}

/** Decides who dies, and kills. */
export class Mortality {
  /** Whether the process dies that made this call, once the call is done. */
  strikes: (operation: string, host: string) => boolean = () => false
  /** The deaths so far, each as `operation host`. */
  readonly deaths: Array<string> = []

  /** `command` as one after which its caller may be dead. */
  guard(command: CommandOnHost): CommandOnHost {
    return (words, host) => {
      const outcome = command(words, host)
      const operation = words[words.indexOf("cluster") + 1] ?? ""
      if (!this.strikes(operation, host)) return outcome
      this.deaths.push(`${operation} ${host}`)
      throw new Death(`${operation} on ${host}`)
    }
  }
}

/** A command as the adapter runs it; one that hangs is ended by its deadline. */
export const executeWith =
  (command: CommandOnHost, host: string): Execute =>
  ({ argv }) =>
    Effect.suspend(() => {
      const { hangs, ...outcome } = command(argv, host)
      return hangs === true ? Effect.never : Effect.succeed(outcome)
    })
