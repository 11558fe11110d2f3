// Who held the lock when, as bars on a common axis: a row for each unit, a column for each slice of time. Pure.
import type { Paint } from "./table.ts"

/** One try of one unit under the lock. */
export interface Hold {
  readonly unit: string
  readonly token: number
  readonly fromMillis: number
  /** When it ended. */
  readonly toMillis: number
  readonly end: "done" | "failed" | "lost"
}

/** Lines of the timeline, at most `width` columns beside the names. */
export const timeline = (
  holds: ReadonlyArray<Hold>,
  paint: Paint,
  width = 72
): ReadonlyArray<string> => {
  const [first] = holds
  if (first === undefined) return ["nobody held the lock"]
  const begin = Math.min(...holds.map(({ fromMillis }) => fromMillis))
  const end = Math.max(...holds.map(({ toMillis }) => toMillis))
  const slice = Math.max(1, (end - begin) / (width - 1))
  const units = [...new Set(holds.map(({ unit }) => unit))].sort()
  const names = Math.max(...units.map(({ length }) => length))
  const column = (millis: number) => Math.floor((millis - begin) / slice)
  const rows = units.map((unit) => {
    let line = ""
    let at = 0
    for (const hold of holds.filter((each) => each.unit === unit)) {
      const from = Math.max(at, column(hold.fromMillis))
      const length = Math.max(1, column(hold.toMillis) - from)
      const { format, mark } = LOOKS[hold.end]
      line += " ".repeat(from - at) + paint(format, mark.repeat(length))
      at = from + length
    }
    return `${unit.padEnd(names)}  ${line}`
  })
  const scale = `${" ".repeat(names)}  0${`${((end - begin) / 1000).toFixed(1)} s`.padStart(width - 2)}`
  const legend = Object.entries(LOOKS).map(
    ([name, { format, mark }]) => `${paint(format, mark)} ${name}`
  )
  return [...rows, paint("dim", scale), `${" ".repeat(names)}  ${legend.join("   ")}`]
}

/** Whether two holds overlap, or a later one has a smaller token: then the first such pair, in words. */
export const overlapIn = (holds: ReadonlyArray<Hold>): string | undefined => {
  const inOrder = [...holds].sort((left, right) => left.fromMillis - right.fromMillis)
  for (const [at, hold] of inOrder.entries()) {
    const next = inOrder[at + 1]
    if (next === undefined) continue
    if (next.fromMillis < hold.toMillis) return `${hold.unit} and ${next.unit} held it together`
    if (next.token <= hold.token) return `${next.unit} came after ${hold.unit} with an older token`
  }
  return undefined
}

const LOOKS = {
  done: { mark: "=", format: "green" },
  failed: { mark: "x", format: "yellow" },
  lost: { mark: "!", format: "red" }
} as const
