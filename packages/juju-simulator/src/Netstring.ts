/**
 * Netstrings (https://cr.yp.to/proto/netstrings.txt): the wire form between the bash clients and the simulator.
 *
 * Bash can build one with `${#field}:$field,`, and it carries newlines and quotes without escaping. A request is one
 * netstring whose content is the netstrings of its fields.
 */

/** The fields of a request, decoded as UTF-8. */
export const readFields = (content: Buffer): ReadonlyArray<string> => {
  const fields: Array<string> = []
  let rest = content
  while (rest.length > 0) {
    const field = takeNetstring(rest)
    if (field === undefined) throw new SyntaxError("a request field is cut short")
    fields.push(field.content.toString("utf8"))
    rest = field.rest
  }
  return fields
}

/** The first netstring of a buffer and what follows it, or undefined while it is incomplete. */
export const takeNetstring = (
  buffer: Buffer
): { readonly content: Buffer; readonly rest: Buffer } | undefined => {
  const colon = buffer.indexOf(COLON)
  if (colon < 0) {
    if (buffer.length > LENGTH_DIGITS_MAX) throw new SyntaxError("a netstring has no length")
    return undefined
  }
  const length = Number(buffer.subarray(0, colon).toString("latin1"))
  if (!Number.isSafeInteger(length)) throw new SyntaxError("a netstring's length is not a number")
  const end = colon + 1 + length
  if (buffer.length <= end) return undefined
  if (buffer[end] !== COMMA) throw new SyntaxError("a netstring does not end in a comma")
  return { content: buffer.subarray(colon + 1, end), rest: buffer.subarray(end + 1) }
}

const COLON = 0x3a
const COMMA = 0x2c
const LENGTH_DIGITS_MAX = 12
