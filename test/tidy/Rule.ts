// What a rule of tidy is: it picks files by their path and says what is wrong with each of them.
import type { Outcome } from "../../scripts/check/Check.ts"
import type { Repository, Source } from "./Repository.ts"

/** One rule; its outcome counts the files it looked at, and none is a failure. */
export interface Rule {
  readonly name: string
  readonly look: (repository: Repository) => Outcome
}

/** A rule about each file whose path matches. */
export const eachFile = (
  name: string,
  matches: RegExp,
  wrong: (path: string, repository: Repository) => ReadonlyArray<string>
): Rule => ({
  name,
  look: (repository) => {
    const paths = repository.paths.filter((path) => matches.test(path))
    return {
      looked: paths.length,
      things: "files",
      problems: paths.flatMap((path) => wrong(path, repository).map((text) => `${path}: ${text}`))
    }
  }
})

/** A rule about each TypeScript file whose path matches, parsed. */
export const eachSource = (
  name: string,
  matches: RegExp,
  wrong: (source: Source, repository: Repository) => ReadonlyArray<string>
): Rule => eachFile(name, matches, (path, repository) => wrong(repository.source(path), repository))

/** What is published, shown or run to make it; not what tests it, nor what a program wrote (`*_pb.ts`). */
export const PRODUCT =
  /^(packages|apps)\/[^/]+\/(src|bin|demo)\/.*(?<!_pb)\.ts$|^(benchmarks|scripts)\/.*\.(ts|mjs)$/

/** Every TypeScript file there is. */
export const TYPESCRIPT = /\.ts$/
