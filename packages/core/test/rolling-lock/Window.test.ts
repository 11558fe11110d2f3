// When work may begin, in tables.
import { assert, describe, it } from "@effect/vitest"
import { isOpen, opensAtMillis, type Window, windowProblem } from "../../src/rolling-lock/Window.ts"

const at = (iso: string) => Date.parse(iso)
// 1 March 2026 is a Sunday
const night: Window = { from: "22:00", to: "04:00" }
const sunday: Window = { days: [0], from: "08:00", to: "24:00" }

describe("windows", () => {
  it("always, where there is none", () => assert.isTrue(isOpen([], at("2026-03-01T12:00Z"))))

  const open: ReadonlyArray<readonly [Window, string, boolean]> = [
    [night, "2026-03-01T21:59:59Z", false],
    [night, "2026-03-01T22:00:00Z", true],
    [night, "2026-03-02T03:59:59Z", true],
    [night, "2026-03-02T04:00:00Z", false],
    [sunday, "2026-03-01T23:59:59Z", true],
    [sunday, "2026-03-02T00:00:00Z", false],
    [sunday, "2026-02-28T12:00:00Z", false],
    [{ days: [6], ...night }, "2026-03-01T03:00:00Z", true]
  ]
  for (const [window, time, expected] of open) {
    it(`${JSON.stringify(window)} at ${time}`, () =>
      assert.strictEqual(isOpen([window], at(time)), expected))
  }

  it("opens next", () => {
    const noon = at("2026-03-01T12:00Z")
    assert.strictEqual(opensAtMillis([night], noon), at("2026-03-01T22:00Z"))
    assert.strictEqual(
      opensAtMillis([{ days: [0], from: "08:00", to: "09:00" }], noon),
      at("2026-03-08T08:00Z")
    )
    assert.strictEqual(opensAtMillis([sunday], noon), noon)
  })

  const bad: ReadonlyArray<Window> = [
    { from: "8:00", to: "09:00" },
    { from: "08:00", to: "08:00" },
    { from: "08:60", to: "09:00" },
    { from: "24:00", to: "09:00" },
    { days: [], from: "08:00", to: "09:00" },
    { days: [7], from: "08:00", to: "09:00" }
  ]
  for (const window of bad) {
    it(`refuses ${JSON.stringify(window)}`, () => assert.isDefined(windowProblem(window)))
  }
})
