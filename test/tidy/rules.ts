// Every rule of tidy, in the order in which a reader meets what it is about.
import { docstrings, headers } from "./Comments.ts"
import { importers, purity } from "./Imports.ts"
import { links, traces } from "./Pages.ts"
import type { Rule } from "./Rule.ts"
import { packages, services } from "./Shape.ts"
import { files, functions } from "./Size.ts"
import { names, paths, shortcuts } from "./Words.ts"

/** The rules that the whole repository keeps. */
export const rules: ReadonlyArray<Rule> = [
  packages,
  services,
  files,
  functions,
  headers,
  docstrings,
  paths,
  names,
  shortcuts,
  purity,
  importers,
  links,
  traces
]
