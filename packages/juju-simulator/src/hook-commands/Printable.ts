/**
 * The values that commands print. Go's types are told apart by their JavaScript twins: a `Map` is a Go map, printed with
 * sorted keys; an object is a Go struct, printed in its own order; an array is a `[]string`; {@link AnyList} is a list of
 * anything; null and undefined are nil.
 */

/** A value that a command prints. */
export type Printable =
  | string
  | number
  | boolean
  | null
  | undefined
  | ReadonlyArray<string>
  | AnyList
  | ReadonlyMap<string, unknown>
  | Readonly<Record<string, unknown>>

/** A list whose elements are not all known to be strings: `smart` prints it as YAML. */
export class AnyList {
  readonly items: ReadonlyArray<unknown>

  constructor(items: ReadonlyArray<unknown>) {
    this.items = items
  }
}
