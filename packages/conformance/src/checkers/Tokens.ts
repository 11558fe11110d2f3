// What became of every token that was minted, replayed from a history: what the checkers of tokens ask.
import { Redacted } from "effect"
import { type Called, done, type History, type Recorded } from "../History.ts"

/** A token and its life so far. */
export interface Life {
  readonly host: string
  readonly mintedAtMillis: number
  readonly redeemed: number
  /** Its host used it and was told that it is of no use. */
  readonly rejected: boolean
}

/** Every token that was minted, by its text. */
export const livesOf = (history: History): ReadonlyMap<string, Life> => {
  const lives = new Map<string, Life>()
  for (const { about = "", atMillis, token } of done(history, "add")) {
    if (token === undefined) continue
    const life = { host: about, mintedAtMillis: atMillis, redeemed: 0, rejected: false }
    lives.set(Redacted.value(token), life)
  }
  for (const each of history) {
    if (each._tag !== "Called" || each.operation !== "join" || each.token === undefined) continue
    const text = Redacted.value(each.token)
    const life = lives.get(text)
    if (life !== undefined) lives.set(text, after(life, each))
  }
  return lives
}

const REJECTIONS = new Set(["token-rejected", "token-expired", "name-taken"])

const after = (life: Life, { reason }: Called & Recorded): Life =>
  reason === undefined
    ? { ...life, redeemed: life.redeemed + 1 }
    : { ...life, rejected: life.rejected || REJECTIONS.has(reason) }
