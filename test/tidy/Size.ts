// How long things may be. A file holds one idea and a function one step of it; both fit a screen or few.
import { Visitor } from "rolldown/utils"
import type { Source } from "./Repository.ts"
import { eachFile, eachSource, PRODUCT, type Rule } from "./Rule.ts"

const SUITE = /^packages\/conformance\/src\/.*Suite\.ts$/
const FILE_LINES = 300
const SUITE_LINES = 350
const FUNCTION_LINES = 60

/** A source file has fewer than 300 lines, a conformance suite 350 at most. */
export const files: Rule = eachFile("files are short", PRODUCT, (path, { text }) => {
  const lines = text(path).replace(/\n$/, "").split("\n").length
  const most = SUITE.test(path) ? SUITE_LINES : FILE_LINES - 1
  return lines > most ? [`${lines} lines; ${most} are allowed`] : []
})

/** A function has fewer than 60 lines; in a suite without counting the functions in it, as it consists of tests. */
export const functions: Rule = eachSource("functions are short", PRODUCT, (source) =>
  functionsIn(source)
    .map(({ line, lines, inner }) => ({
      line,
      lines: SUITE.test(source.path) ? lines - inner : lines
    }))
    .filter(({ lines }) => lines >= FUNCTION_LINES)
    .map(
      ({ line, lines }) =>
        `the function at line ${line} has ${lines} lines; ${FUNCTION_LINES - 1} are allowed`
    )
)

interface Measured {
  readonly line: number
  readonly lines: number
  /** Lines of the functions directly inside. */
  readonly inner: number
}

const functionsIn = ({ program, line }: Source): ReadonlyArray<Measured> => {
  const measured: Array<Measured> = []
  const open: Array<{ inner: number }> = []
  const enter = () => open.push({ inner: 0 })
  const leave = ({ start, end }: { readonly start: number; readonly end: number }) => {
    const inner = open.pop()?.inner ?? 0
    const lines = line(end) - line(start) + 1
    const around = open.at(-1)
    if (around !== undefined) around.inner += lines
    measured.push({ line: line(start), lines, inner })
  }
  new Visitor({
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": leave,
    FunctionExpression: enter,
    "FunctionExpression:exit": leave,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": leave
  }).visit(program)
  return measured
}
