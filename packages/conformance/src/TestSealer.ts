// A sealer for tests: keeps honest code apart from code that forgets to seal or mixes up keys and contexts. It protects
// nothing; real sealing is the hpke adapter's.
import { Sealer, SealerError, type SealerShape, type View } from "@rollcall/core"
import { Effect, Layer, Random, Redacted } from "effect"
import { livesOf } from "./checkers/Tokens.ts"
import type { History } from "./History.ts"
import { entriesIn } from "./Seat.ts"
import type { Subject } from "./Subject.ts"

/** Seals by encoding, and opens only with the same key and context. */
export const testSealer: SealerShape = {
  generate: Effect.map(Random.nextIntBetween(0, 2 ** 32), (number) => ({
    publicKey: `public-${number}`,
    privateKey: Redacted.make(`private-${number}`)
  })),
  seal: (publicKey, token, context) =>
    Effect.succeed(btoa(JSON.stringify([publicKey, context, Redacted.value(token)]))),
  open: ({ privateKey, publicKey }, sealed, context) => {
    const [to, said, token] = JSON.parse(atob(sealed)) as ReadonlyArray<string>
    const fits = Redacted.value(privateKey) === publicKey.replace("public", "private")
    return fits && to === publicKey && said === context
      ? Effect.succeed(Redacted.make(token ?? ""))
      : Effect.fail(new SealerError({ operation: "open", detail: "another key or context" }))
  }
}

/** The services with this sealer on every host. */
export const sealed = (subject: Subject, sealer: SealerShape = testSealer): Subject => ({
  ...subject,
  issuer: (host) => subject.issuer(host).pipe(Layer.provide(Layer.succeed(Sealer, sealer)))
})

/** Where a token is in clear: an entry that somebody sees, or a decision. */
export const clearTextIn = (
  history: History,
  views: ReadonlyArray<View>
): ReadonlyArray<string> => {
  const tokens = [...livesOf(history).keys()]
  const decisions = history.flatMap((each) =>
    each._tag === "Decided"
      ? [{ at: `a decision of ${each.participant}`, value: JSON.stringify(each.decision) }]
      : []
  )
  return [...views.flatMap(entriesIn), ...decisions]
    .filter(({ value }) => tokens.some((token) => value.includes(token)))
    .map(({ at }) => `a token is in clear in ${at}`)
}
