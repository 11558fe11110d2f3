// The sending half of a stream: what is put in is sent in order, until it is closed.

/** Messages to be sent. */
export interface Outbox<A> extends AsyncIterable<A> {
  readonly put: (message: A) => void
  readonly close: () => void
}

/** An open outbox with nothing in it. */
export const makeOutbox = <A>(): Outbox<A> => {
  let waiting: Array<A> = []
  let open = true
  let wake = (): void => undefined
  return {
    put: (message) => {
      waiting.push(message)
      wake()
    },
    close: () => {
      open = false
      wake()
    },
    async *[Symbol.asyncIterator]() {
      while (open) {
        const messages = waiting
        waiting = []
        yield* messages
        if (waiting.length === 0 && open) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    }
  }
}
