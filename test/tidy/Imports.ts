// Who imports what inside a package; directions between packages are dependency-cruiser's.
// A pure file knows data and rules and nothing of effects, so that it can be read, tested and trusted alone.
import { dirname, join, normalize } from "node:path"
import type { Repository, Source } from "./Repository.ts"
import { eachSource, type Rule } from "./Rule.ts"

const PURE = /^packages\/core\/src\/.*(Record|State|Policy)\.ts$/
/** Modules of effect that are data and no effects; Redacted, because a secret is wrapped before any rule sees it. */
const DATA = new Set(["Schema", "Redacted"])
const SOURCE = /^(packages|apps)\/[^/]+\/(src|bin)\/.*\.ts$/
/** What several files of one package may import: the foundation, and what the package tests with. */
const FOUNDATION = new Set(["effect", "vitest", "@effect/vitest"])

/** A pure file imports values from nowhere but Schema, Redacted and files that do the same. */
export const purity: Rule = eachSource("pure files are pure", PURE, (source, repository) =>
  impurities(source, repository, new Set())
)

/** Inside a package one file imports a foreign library: the one place to look when the library changes. */
export const importers: Rule = {
  name: "a foreign library has one importer",
  look: (repository) => {
    const sources = repository.paths.filter((path) => SOURCE.test(path)).map(repository.source)
    const users = new Map<string, Array<string>>()
    for (const source of sources) {
      for (const library of new Set(importsOf(source).flatMap(({ from }) => libraryOf(from)))) {
        const use = `${source.path.split("/").slice(0, 2).join("/")} and ${library}`
        users.set(use, [...(users.get(use) ?? []), source.path])
      }
    }
    const crowds = [...users].filter(([, paths]) => paths.length > 1)
    const problems = crowds.map(([use, paths]) => `${use}: imported by ${paths.join(", ")}`)
    return { looked: sources.length, things: "files", problems }
  }
}

interface Import {
  readonly from: string
  readonly names: ReadonlyArray<string>
  readonly typeOnly: boolean
}

const importsOf = ({ program }: Source): ReadonlyArray<Import> =>
  program.body.flatMap((node) => {
    if (node.type === "ImportDeclaration") {
      const values = node.specifiers.filter(
        (each) => each.type !== "ImportSpecifier" || each.importKind !== "type"
      )
      const names = values.map((each) =>
        each.type === "ImportSpecifier" && each.imported.type === "Identifier"
          ? each.imported.name
          : "*"
      )
      const typeOnly =
        node.importKind === "type" || (node.specifiers.length > 0 && values.length === 0)
      return [{ from: node.source.value, names, typeOnly }]
    }
    const passesOn = node.type === "ExportNamedDeclaration" || node.type === "ExportAllDeclaration"
    if (!passesOn || node.source === null) return []
    return [{ from: node.source.value, names: ["*"], typeOnly: node.exportKind === "type" }]
  })

const impurities = (
  source: Source,
  repository: Repository,
  seen: Set<string>
): ReadonlyArray<string> => {
  if (seen.has(source.path)) return []
  seen.add(source.path)
  return importsOf(source)
    .filter(({ typeOnly }) => !typeOnly)
    .flatMap(({ from, names }) => {
      if (from === "effect") {
        const more = names.filter((name) => !DATA.has(name))
        return more.map((name) => `${source.path} imports ${name} of effect`)
      }
      if (!from.startsWith(".")) return [`${source.path} imports ${from}`]
      const path = normalize(join(dirname(source.path), from))
      return repository.paths.includes(path)
        ? impurities(repository.source(path), repository, seen)
        : []
    })
}

/** The npm package of an import, where it is a foreign one. */
const libraryOf = (from: string): ReadonlyArray<string> => {
  if (/^(\.|node:|@rollcall\/)/.test(from)) return []
  const library = from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/")
  return FOUNDATION.has(library) ? [] : [library]
}
