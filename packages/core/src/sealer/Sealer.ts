// Seals a token so that only the host it was minted for can read it, whatever carries it (T5).
// Core knows the contract only; the hpke adapter implements it. Without one, tokens travel as the store carries them.
import { Context, type Effect, type Redacted, Schema } from "effect"

/** A sealed token could not be opened, or a key could not be used. */
export class SealerError extends Schema.TaggedError<SealerError>()("SealerError", {
  operation: Schema.Literals(["generate", "seal", "open"]),
  detail: Schema.String
}) {
  /** One line: what failed and what follows. */
  override get message(): string {
    return `cannot ${this.operation} with this host's key: ${this.detail}; a new token is asked for`
  }
}

/** A key pair: the public half travels with the announcement, the private half never leaves the machine. */
export interface SealerKey {
  readonly publicKey: string
  readonly privateKey: Redacted.Redacted<string>
}

/** What an implementation of sealing offers. `context` binds the sealed text to its use: another context opens nothing. */
export interface SealerShape {
  readonly generate: Effect.Effect<SealerKey, SealerError>
  readonly seal: (
    publicKey: string,
    token: Redacted.Redacted<string>,
    context: string
  ) => Effect.Effect<string, SealerError>
  readonly open: (
    key: SealerKey,
    sealed: string,
    context: string
  ) => Effect.Effect<Redacted.Redacted<string>, SealerError>
}

/** Sealing, where the composition has it; undefined means that tokens are not sealed. */
export const Sealer = Context.Reference<SealerShape | undefined>("@rollcall/core/Sealer", {
  defaultValue: () => undefined
})
