// JSON whose parts keep the text they were written in, so that what somebody else wrote can be passed on unchanged:
// `2.0`, integers beyond 2^53, and `NaN`, `Infinity` and `-Infinity`, which Python writes and JavaScript refuses.
// Pure; never throws. Of repeated keys the last one counts, as in both languages.

/** A part of a JSON text. */
export type RawJson =
  | { readonly kind: "string"; readonly text: string; readonly value: string }
  | { readonly kind: "number" | "word"; readonly text: string }
  | { readonly kind: "array"; readonly text: string; readonly items: ReadonlyArray<RawJson> }
  | { readonly kind: "object"; readonly text: string; readonly members: RawMembers }

/** The members of an object, in the order of their first appearance. */
export type RawMembers = ReadonlyMap<string, RawJson>

/** The parts of `text`; undefined where it is no JSON, or nested deeper than 64. */
export const rawJson = (text: string): RawJson | undefined => {
  const found = value(text, 0, 0)
  return found === undefined || space(text, found.end) !== text.length ? undefined : found.part
}

interface Found {
  readonly part: RawJson
  readonly end: number
}

const MAX_DEPTH = 64
const STRING = /"(?:[^"\\]|\\.)*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null|NaN|-?Infinity/y
const SPACE = /[ \t\n\r]*/y

const value = (text: string, from: number, depth: number): Found | undefined => {
  if (depth > MAX_DEPTH) return undefined
  const start = space(text, from)
  switch (text[start]) {
    case "{":
      return object(text, start, depth)
    case "[":
      return array(text, start, depth)
    case '"':
      return string(text, start)
    default:
      return atom(text, start)
  }
}

const atom = (text: string, start: number): Found | undefined => {
  const word = matched(WORD, text, start)
  if (word !== undefined) return { part: { kind: "word", text: word }, end: start + word.length }
  const number = matched(NUMBER, text, start)
  if (number === undefined) return undefined
  return { part: { kind: "number", text: number }, end: start + number.length }
}

const string = (text: string, start: number) => {
  const quoted = matched(STRING, text, start)
  if (quoted === undefined) return undefined
  const said = parsed(quoted)
  if (said === undefined) return undefined
  const part = { kind: "string" as const, text: quoted, value: said }
  return { part, end: start + quoted.length }
}

const parsed = (quoted: string): string | undefined => {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

const array = (text: string, start: number, depth: number): Found | undefined => {
  const items: Array<RawJson> = []
  const end = listed(text, start, "]", (from) => {
    const item = value(text, from, depth + 1)
    if (item !== undefined) items.push(item.part)
    return item?.end
  })
  if (end === undefined) return undefined
  return { part: { kind: "array", text: text.slice(start, end), items }, end }
}

const object = (text: string, start: number, depth: number): Found | undefined => {
  const members = new Map<string, RawJson>()
  const end = listed(text, start, "}", (from) => {
    const key = string(text, space(text, from))
    if (key === undefined) return undefined
    const colon = space(text, key.end)
    if (text[colon] !== ":") return undefined
    const member = value(text, colon + 1, depth + 1)
    if (member !== undefined) members.set(key.part.value, member.part)
    return member?.end
  })
  if (end === undefined) return undefined
  return { part: { kind: "object", text: text.slice(start, end), members }, end }
}

/** The end of what stands between brackets; `one` reads one entry and returns its end. */
const listed = (
  text: string,
  start: number,
  close: string,
  one: (from: number) => number | undefined
): number | undefined => {
  let at = space(text, start + 1)
  if (text[at] === close) return at + 1
  for (;;) {
    const end = one(at)
    if (end === undefined) return undefined
    at = space(text, end)
    if (text[at] === close) return at + 1
    if (text[at] !== ",") return undefined
    at += 1
  }
}

const space = (text: string, from: number): number =>
  from + (matched(SPACE, text, from)?.length ?? 0)

const matched = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
