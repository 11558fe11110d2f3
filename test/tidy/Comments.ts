// What must be said beside the code: each file says what it is, each export says what it does.
import type { Source } from "./Repository.ts"
import { eachSource, PRODUCT, type Rule } from "./Rule.ts"

const HEADER_LINES = 15

/** Every source begins with a comment of at most 15 lines. */
export const headers: Rule = eachSource("files begin with a header", PRODUCT, (source) => {
  const lines = headerLines(source)
  if (lines === 0) return ["begins without a comment that says what it is"]
  return lines > HEADER_LINES ? [`a header of ${lines} lines; ${HEADER_LINES} are allowed`] : []
})

/** Every exported declaration has a docstring; so every public export has one, as index.ts only passes on. */
export const docstrings: Rule = eachSource("exports have a docstring", PRODUCT, (source) => {
  const problems: Array<string> = []
  for (const { name, start } of exportedIn(source)) {
    if (!isDocumented(source, start))
      problems.push(`${name} (line ${source.line(start)}) has no docstring`)
  }
  return problems
})

/** The lines of the comments at the very beginning, after a shebang at most. */
const headerLines = ({ text, comments, line }: Source): number => {
  let end = /^#!.*\n/.exec(text)?.[0].length ?? 0
  const first = line(end)
  let last = first - 1
  for (const comment of comments) {
    if (comment.start < end) continue
    // A blank line ends the header, and so does a docstring: it belongs to the code below it.
    const begun = last >= first
    if (text.slice(end, comment.start) !== (begun ? "\n" : "")) break
    if (begun && comment.value.startsWith("*")) break
    end = comment.end
    last = line(end)
  }
  return last - first + 1
}

const isDocumented = ({ text, comments }: Source, start: number): boolean => {
  const before = comments.findLast(({ end }) => end <= start)
  if (before === undefined || text.slice(before.end, start).trim() !== "") return false
  return before.type === "Block" && /^\*\s*\S/.test(before.value)
}

/** What the file declares and exports, with the place where a docstring of it would end. */
const exportedIn = (
  source: Source
): ReadonlyArray<{ readonly name: string; readonly start: number }> => {
  const { body } = source.program
  const declared = body.flatMap((node) => {
    if (node.type === "ExportNamedDeclaration" && node.declaration !== null) {
      return namesOf(node.declaration).map((name) => ({ name, start: node.start, exported: true }))
    }
    if (node.type === "ExportDefaultDeclaration") {
      return [{ name: "default", start: node.start, exported: true }]
    }
    return namesOf(node).map((name) => ({ name, start: node.start, exported: false }))
  })
  const listed = new Set(
    body.flatMap((node) =>
      node.type === "ExportNamedDeclaration" && node.source === null
        ? node.specifiers.map(({ local }) => (local.type === "Identifier" ? local.name : ""))
        : []
    )
  )
  return declared.filter(({ name, exported }) => exported || listed.has(name))
}

/** The names that a declaration declares, whatever kind it is of. */
export const namesOf = (node: Source["program"]["body"][number]): ReadonlyArray<string> => {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []))
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return node.id === null ? [] : [node.id.name]
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return [node.id.name]
    default:
      return []
  }
}
