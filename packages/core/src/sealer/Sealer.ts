// Seals a token so that only the host it was minted for can read it, whatever carries it (T5).
// Core knows the contract only; the hpke adapter implements it. Without one, tokens travel as the store carries them.
import { Context, type Effect, type Redacted, Schema } from "effect"

const FAILED = {
  generate: "cannot make this host's key",
  seal: "cannot seal to the key that a host announced",
  open: "cannot open the sealed token"
}
const REMEDY = {
  generate: "see whether the runtime this came with is complete; the next step tries again",
  seal: "replace that host's unit, it announces another key; no other host waits for it",
  open: "another token is asked for"
}

/** A sealed token could not be opened, or a key could not be used. */
export class SealerError extends Schema.TaggedError<SealerError>()("SealerError", {
  operation: Schema.Literals(["generate", "seal", "open"]),
  detail: Schema.String
}) {
  /** One line: what failed, and what follows or is to be done. */
  override get message(): string {
    return `${FAILED[this.operation]}: ${this.detail}; ${REMEDY[this.operation]}`
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
