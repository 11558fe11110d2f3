// A cluster product on hosts, as the story needs it: real daemons and a stand-in look the same from here.
import { Effect, Schema } from "effect"

/** What keeps the demonstration from being shown on this machine. */
export class CannotShow extends Schema.TaggedError<CannotShow>()("CannotShow", {
  reason: Schema.String
}) {
  /** Why, and what to do about it. */
  override get message(): string {
    return this.reason
  }
}

/** One call of the cluster's command that has ended; `subject` is the host that was added or removed. */
export interface Call {
  readonly host: string
  readonly operation: string
  readonly subject: string
  readonly ok: boolean
}

/** A product that is installed on every host and in no cluster yet. */
export interface Product {
  readonly title: string
  readonly hosts: ReadonlyArray<string>
  /** Options of the member charm. */
  readonly config: Readonly<Record<string, string>>
  /** More environment for what runs on a host. */
  readonly env: (host: string) => Readonly<Record<string, string>>
  /** The words that run a hook on a host; none where all hosts are this machine. */
  readonly prefix: (host: string) => ReadonlyArray<string>
  /** Tells where the hook commands are, once they are there. */
  readonly commandsAt: (folder: string) => void
  readonly calls: () => ReadonlyArray<Call>
  /** Texts that give a token away, of every token so far that was there while somebody looked. */
  readonly secrets: () => ReadonlyArray<string>
  /** The members of each cluster that there is, as the product itself tells. */
  readonly clusters: Effect.Effect<ReadonlyArray<ReadonlyArray<string>>, CannotShow>
  /** Loses and replaces machines; absent where noticing takes the product longer than anybody watches. */
  readonly machines?: {
    readonly lose: (host: string) => void
    readonly replace: (host: string) => void
  }
}

/** Does what may throw, and says why it could not. */
export const attempt = <A>(doing: string, act: () => Promise<A>): Effect.Effect<A, CannotShow> =>
  Effect.tryPromise({
    try: act,
    catch: (cause) =>
      new CannotShow({
        reason: `could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })

/** What a shell says of a call: the words that were asked, and the exit code. */
export const callOf = (host: string, words: ReadonlyArray<string>, code: number | null): Call => {
  const [operation = "", ...rest] = words
  const named = operation === "add" || operation === "remove"
  const subject = named ? (rest.find((word) => !word.startsWith("-")) ?? "") : ""
  return { host, operation, subject, ok: code === 0 }
}
