// What `relation-set --file -` and `state-set --file -` read: a YAML map of strings, written as JSON. Pure.
// Entries travel on stdin because arguments are trimmed by Juju, limited by the kernel and visible to every process.
// JSON is YAML but for characters: YAML refuses some unescaped, and folds others (NEL, LS, PS) as line breaks. All that
// is not ASCII is escaped, except pairs of surrogates, which YAML takes as they are and not as two escapes.

/** The entries as JSON that YAML reads as exactly the same strings; a half surrogate pair becomes U+FFFD. */
export const keyValueFile = (entries: Readonly<Record<string, string>>): string =>
  `{${Object.entries(entries)
    .map(([key, value]) => `${quoted(key)}:${quoted(value)}`)
    .join(",")}}\n`

const quoted = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replaceAll(
    /[\u007f-\ud7ff\ue000-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
