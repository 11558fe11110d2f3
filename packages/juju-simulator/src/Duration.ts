/** Spans of virtual time as people write them, such as "5m" or "1h30m". Pure. */

/** A span of virtual time: milliseconds, or text of numbers with ms, s, m, h or d. */
export type Span = number | string

/** A span in milliseconds; throws on text that is none. */
export const millisOf = (span: Span): number => {
  if (typeof span === "number") return span
  let millis = 0
  const rest = span.replace(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu, (_, amount: string, unit: string) => {
    millis += Number(amount) * (UNIT_MILLIS[unit] ?? 0)
    return ""
  })
  if (rest !== "" || span === "") {
    throw new RangeError(`"${span}" is no span of time: write it like 30s, 5m or 1h30m`)
  }
  return millis
}

const UNIT_MILLIS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}
