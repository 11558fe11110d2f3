// The repository as tidy's rules see it: the paths that git tracks or would track, their text, and parsed TypeScript.
// Also one made of texts in memory, so that a rule can be shown what it must refuse.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "rolldown/utils"

type Parsed = ReturnType<typeof parseSync>

/** One TypeScript file, parsed: its syntax tree, and its comments apart from it. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly program: Parsed["program"]
  readonly comments: Parsed["comments"]
  /** The line, from 1, of an offset in the text. */
  readonly line: (offset: number) => number
}

/** What every rule gets. */
export interface Repository {
  readonly paths: ReadonlyArray<string>
  readonly text: (path: string) => string
  readonly source: (path: string) => Source
}

/** The files below `root` that are tracked or about to be; ignored and deleted ones are not among them. */
export const repositoryAt = (root: string): Repository => {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
  const listed = execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024
  })
  const paths = listed.split("\0").filter((path) => path !== "" && existsSync(join(root, path)))
  return repository(paths, (path) => readFileSync(join(root, path), "utf8"))
}

/** A repository that holds just these texts. */
export const repositoryOf = (files: Readonly<Record<string, string>>): Repository =>
  repository(Object.keys(files), (path) => files[path] ?? "")

const repository = (paths: ReadonlyArray<string>, read: (path: string) => string): Repository => {
  const texts = new Map<string, string>()
  const sources = new Map<string, Source>()
  const text = (path: string) => remember(texts, path, read)
  return {
    paths: [...new Set(paths)].sort(),
    text,
    source: (path) => remember(sources, path, () => parse(path, text(path)))
  }
}

const parse = (path: string, text: string): Source => {
  const { program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  return {
    path,
    text,
    program,
    comments,
    line: (offset) => text.slice(0, offset).split("\n").length
  }
}

const remember = <A>(known: Map<string, A>, path: string, make: (path: string) => A): A => {
  const value = known.get(path) ?? make(path)
  known.set(path, value)
  return value
}
