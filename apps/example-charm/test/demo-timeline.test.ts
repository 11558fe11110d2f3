// The timeline of the demonstration: bars where the notes put them, and a judgement that sees what is wrong.
import { Writable } from "node:stream"
import { expect, it } from "vitest"
import { paintFor } from "../demo/table.ts"
import { type Hold, overlapIn, timeline } from "../demo/timeline.ts"

const plain = paintFor(new Writable())

const hold = (
  unit: string,
  token: number,
  fromMillis: number,
  toMillis: number,
  end: Hold["end"] = "done"
): Hold => ({ unit, token, fromMillis, toMillis, end })

it("shows each unit's tries on one axis", () => {
  const holds = [
    hold("m/0", 1, 1_000, 2_000, "failed"),
    hold("m/1", 2, 2_000, 3_000, "lost"),
    hold("m/0", 3, 4_000, 6_000)
  ]
  expect(timeline(holds, plain, 11)).toEqual([
    "m/0  xx    ====",
    "m/1    !!",
    "     0    5.0 s",
    "     = done   x failed   ! lost"
  ])
  expect(timeline([], plain)).toEqual(["nobody held the lock"])
})

it("colours by what came of a try", () => {
  const painted = timeline(
    [hold("m/0", 1, 0, 10, "lost")],
    (format, text) => `<${format}>${text}`,
    3
  )
  expect(painted[0]).toBe("m/0  <red>!!")
})

it("sees two that held it together, and a token that is older", () => {
  expect(overlapIn([hold("m/0", 1, 0, 10), hold("m/1", 2, 10, 20)])).toBeUndefined()
  expect(overlapIn([hold("m/0", 1, 0, 11), hold("m/1", 2, 10, 20)])).toBe(
    "m/0 and m/1 held it together"
  )
  expect(overlapIn([hold("m/0", 2, 0, 10), hold("m/1", 1, 10, 20)])).toBe(
    "m/1 came after m/0 with an older token"
  )
})
