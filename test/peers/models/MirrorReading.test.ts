import { expect, it } from "vitest"
import { corroborate } from "./MirrorReading.ts"

it.each([
  [[], "empty"],
  [["empty"], "empty"],
  [["empty", "empty", "one"], "one"],
  [["one", "two", "two"], "two"],
  [["two", "one"], "two"],
  [["one", "two"], "one"]
])("of %j the value is %s", (values, value) => expect(corroborate(values)).toBe(value))
