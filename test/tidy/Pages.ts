// What readers follow, and what nobody but us could: links of pages, and traces of the machine something was written on.
import { dirname, join, normalize } from "node:path"
import type { Repository } from "./Repository.ts"
import { eachFile, type Rule } from "./Rule.ts"

const LINK = /\]\((?!https?:|mailto:)([^)\s]+)(?:\s+"[^"]*")?\)/g
const BINARY = /\.(png|jpe?g|gif|ico|charm|zip|tgz)$/

/** Every relative link of a page leads to a file of the repository, and its anchor to a heading of it. */
export const links: Rule = eachFile("links lead somewhere", /\.md$/, (path, repository) =>
  [...withoutCode(repository.text(path)).matchAll(LINK)]
    .map(([, target = ""]) => target)
    .filter((target) => !leadsSomewhere(path, target, repository))
    .map((target) => `the link to ${target} leads nowhere`)
)

// Spelled so that this file is not a finding of itself.
const TRACES: ReadonlyArray<readonly [string, RegExp]> = [
  ["a path of one machine", /(?<![\w.~])[/](work|root|Users|home[/][a-z]\w*)[/]\w/],
  ["a registry's host", /\bregistry[.][a-z][\w-]*[.][a-z]|\bfiles[.]pythonhosted[.]/]
]

/** Nothing tracked names a folder of one machine or the host of a package registry. */
export const traces: Rule = eachFile("no traces of a machine", /^(?!LICENSE$)/, (path, { text }) =>
  BINARY.test(path)
    ? []
    : TRACES.flatMap(([what, pattern]) => {
        const line = text(path)
          .split("\n")
          .findIndex((each) => pattern.test(each))
        return line === -1 ? [] : [`line ${line + 1} has ${what}`]
      })
)

const leadsSomewhere = (from: string, target: string, { paths, text }: Repository): boolean => {
  const [file = "", anchor] = target.split("#")
  const path = file === "" ? from : normalize(join(dirname(from), file)).replace(/\/$/, "")
  const isFolder = path === "." || paths.some((each) => each.startsWith(`${path}/`))
  if (!paths.includes(path)) return isFolder && anchor === undefined
  return anchor === undefined || !path.endsWith(".md") || anchorsOf(text(path)).has(anchor)
}

/** The anchors that GitHub gives the headings of a page. */
const anchorsOf = (page: string): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const [, heading = ""] of withoutCode(page).matchAll(/^#+\s+(.+)$/gm)) {
    const plain = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
    const anchor = plain.replace(/\s/g, "-")
    let free = anchor
    for (let i = 1; anchors.has(free); i++) free = `${anchor}-${i}`
    anchors.add(free)
  }
  return anchors
}

const withoutCode = (page: string): string =>
  page
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, "")
    .replace(/`[^`\n]*`/g, (code) => code.slice(1, -1).replace(/[[\]]/g, ""))
