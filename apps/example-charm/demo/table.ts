// How the story looks: colours where somebody reads on a terminal, and columns.
import { styleText } from "node:util"

/** The colours of the story; each is the empty one where the output is no terminal, or NO_COLOR is set. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

/** The colours for what is written to `stream`. */
export const paintFor =
  (stream: NodeJS.WritableStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream, validateStream: true })

/** A cell with a colour; the colour does not count for its width. */
export interface Cell {
  readonly text: string
  readonly format?: Parameters<typeof styleText>[0]
}

/** Lines of a table: a dim heading, a line, and a row for each of `rows`; columns of numbers stand to the right. */
export const table = (
  paint: Paint,
  heading: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string | Cell>>
): ReadonlyArray<string> => {
  const cells = rows.map((row) =>
    row.map((cell): Cell => (typeof cell === "string" ? { text: cell } : cell))
  )
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0))
  )
  const numeric = heading.map((_, column) =>
    cells.every((row) => /^\d*$/.test(row[column]?.text ?? ""))
  )
  const fit = (text: string, column: number) =>
    numeric[column] === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
  const lineOf = (row: ReadonlyArray<Cell>) =>
    row
      .map(({ format, text }, column) => {
        const fitted = fit(text, column)
        return format === undefined ? fitted : paint(format, fitted)
      })
      .join("  ")
      .trimEnd()
  return [
    paint("dim", heading.map(fit).join("  ").trimEnd()),
    paint("dim", widths.map((width) => "-".repeat(width)).join("  ")),
    ...cells.map(lineOf)
  ]
}
