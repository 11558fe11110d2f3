// How folders look, so that who has read one has read them all.
import { basename } from "node:path"
import type { Repository } from "./Repository.ts"
import type { Rule } from "./Rule.ts"

const CORE = /^packages\/core\/src\/([^/]+)\/[^/]+\.ts$/
const ROLES = ["Record", "State", "Policy", ""]

/**
 * A folder of core that has a state machine has all the roles: record, state, policy and the service itself, and a file of
 * errors where it declares any.
 */
export const services: Rule = {
  name: "services have the same roles",
  look: ({ paths, text }) => {
    const folders = serviceFolders(paths)
    const problems = folders.flatMap((folder) => {
      const home = `packages/core/src/${folder}/`
      const fails = paths.some(
        (path) => path.startsWith(home) && text(path).includes("TaggedError")
      )
      return [...ROLES, ...(fails ? ["Error"] : [])]
        .map((role) => `${home}${pascal(folder)}${role}.ts`)
        .filter((path) => !paths.includes(path))
        .map((path) => `${path} is missing beside its siblings`)
    })
    return { looked: folders.length, things: "service folders", problems }
  }
}

/** Every package says in one sentence what it is, and on one page how to use it. */
export const packages: Rule = {
  name: "packages describe themselves",
  look: (repository) => {
    const manifests = repository.paths.filter((path) =>
      /^((packages|apps)\/[^/]+|benchmarks)\/package\.json$/.test(path)
    )
    const problems = manifests.flatMap((path) => undescribed(path, repository))
    return { looked: manifests.length, things: "packages", problems }
  }
}

const undescribed = (path: string, { paths, text }: Repository): ReadonlyArray<string> => {
  const folder = path.slice(0, -basename(path).length)
  const { description } = JSON.parse(text(path)) as { readonly description?: string }
  return [
    ...(description ? [] : [`${path} has no description`]),
    ...(paths.includes(`${folder}README.md`) ? [] : [`${folder} has no README.md`])
  ]
}

const serviceFolders = (paths: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(
    paths
      .filter((path) => /(State|Policy)\.ts$/.test(path))
      .flatMap((path) => CORE.exec(path)?.[1] ?? [])
  )
]

const pascal = (folder: string): string =>
  folder.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
