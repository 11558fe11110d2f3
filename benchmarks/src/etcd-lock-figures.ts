// Figures of many measurements, and how a line of them is printed.

/** The value below which that part of all is. */
export const quantile = (all: ReadonlyArray<number>, part: number): number =>
  [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * part))] ??
  Number.NaN

/** The value in the middle. */
export const median = (all: ReadonlyArray<number>): number => quantile(all, 0.5)

/** A label, the median, the 99th percentile and the greatest. */
export const line = (label: string, all: ReadonlyArray<number>): string => {
  const cell = (name: string, value: number) => `${name} ${value.toFixed(2)}`.padStart(14)
  return `${label.padEnd(46)}${cell("p50", median(all))}${cell("p99", quantile(all, 0.99))}${cell("max", Math.max(...all))}`
}
