// The documents of the two charms as values, for those who run the charms in one process.
import { readFileSync } from "node:fs"
import { parse } from "yaml"

/** The metadata, options and actions of a charm of this package. */
export const charmDocuments = (name: "token-distributor" | "member") => {
  const read = (file: string): unknown =>
    parse(readFileSync(new URL(`../charms/${name}/${file}.yaml`, import.meta.url), "utf8"))
  return { metadata: read("metadata"), config: read("config"), actions: read("actions") }
}
