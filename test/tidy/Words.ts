// Words that say nothing, and shortcuts that hide something. A name tells what a thing is, not that it helps.
import { Visitor } from "rolldown/utils"
import { namesOf } from "./Comments.ts"
import { eachFile, eachSource, PRODUCT, type Rule, TYPESCRIPT } from "./Rule.ts"

const EMPTY = new Set([
  "util",
  "utils",
  "common",
  "helper",
  "helpers",
  "manager",
  "managers",
  "handler",
  "handlers"
])
const VAGUE = new Set(["data", "info"])

/** No folder and no file is named after what things are called that have no idea of their own. */
export const paths: Rule = eachFile("paths name ideas", /^(?!docs\/)/, (path) => {
  const words = wordsOf(path)
  const vague = PRODUCT.test(path)
    ? wordsOf(path.split("/").at(-1) ?? "").filter((word) => VAGUE.has(word))
    : []
  return [...words.filter((word) => EMPTY.has(word)), ...vague].map(
    (word) => `"${word}" says nothing`
  )
})

/** No export is named so either. */
export const names: Rule = eachSource("exports name ideas", PRODUCT, ({ program }) =>
  program.body
    .flatMap((node) =>
      node.type === "ExportNamedDeclaration" && node.declaration !== null
        ? namesOf(node.declaration)
        : []
    )
    .filter(
      (name) => VAGUE.has(name.toLowerCase()) || wordsOf(name).some((word) => EMPTY.has(word))
    )
    .map((name) => `the name ${name} says nothing`)
)

const MARKS = new RegExp(
  ["TO" + "DO", "FIX" + "ME", "@ts-" + "ignore", "@ts-" + "nocheck", "biome-" + "ignore"].join("|")
)
const HIDDEN = new Set(["skip", "only", "todo"])

/** Nothing is switched off: no type, no compiler, no lint rule, no test, and no work is left as a comment. */
export const shortcuts: Rule = eachSource(
  "nothing is switched off",
  TYPESCRIPT,
  ({ program, comments, line }) => {
    const problems = comments
      .filter(({ value }) => MARKS.test(value))
      .map(({ value, start }) => `line ${line(start)}: ${MARKS.exec(value)?.[0]}`)
    new Visitor({
      TSAsExpression: ({ typeAnnotation, start }) => {
        if (typeAnnotation.type === "TSAnyKeyword") problems.push(`line ${line(start)}: as any`)
      },
      MemberExpression: ({ object, property, start }) => {
        const test =
          object.type === "Identifier" && ["it", "test", "describe"].includes(object.name)
        const word = property.type === "Identifier" ? property.name : ""
        if (test && HIDDEN.has(word))
          problems.push(`line ${line(start)}: a test is hidden by .${word}`)
      }
    }).visit(program)
    return problems
  }
)

/** The words of a path or an identifier, in lower case: `fooBar-baz` has three. */
const wordsOf = (text: string): ReadonlyArray<string> =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
