import { describe, expect, it } from "vitest"
import {
  active,
  blocked,
  maintenance,
  statusLine,
  waiting,
  worstStatus
} from "../src/UnitStatus.ts"

describe("worstStatus", () => {
  const ordered = [active("a"), waiting("w"), maintenance("m"), blocked("b")]

  it("takes the worse of every two, in either order", () => {
    for (const [i, better] of ordered.entries()) {
      for (const worse of ordered.slice(i + 1)) {
        expect(worstStatus([better, worse])).toBe(worse)
        expect(worstStatus([worse, better])).toBe(worse)
      }
    }
  })

  it("takes the first of the equally bad, and active of none", () => {
    expect(worstStatus([waiting("first"), active(), waiting("second")])).toEqual(waiting("first"))
    expect(worstStatus([])).toEqual({ kind: "active", message: "" })
  })
})

describe("statusLine", () => {
  it("leaves 500 characters and cuts 501", () => {
    expect(statusLine("x".repeat(500))).toBe("x".repeat(500))
    expect(statusLine("x".repeat(501))).toBe(`${"x".repeat(499)}…`)
  })

  it("is one line", () => {
    expect(statusLine(" a\r\n\tb\n")).toBe("a b")
    // a process takes no argument with a NUL in it, and a terminal obeys the others
    expect(statusLine("a\u0000\u001b[31mb\u009b")).toBe("a [31mb")
  })
})
