// A reader that remembers the last texts it read: registers change far less often than they are looked at. Pure to its
// callers, for what it returns is immutable and depends on the text alone.

/** `read`, asked once for each of the last 1,024 texts. */
export const remembering = <A>(read: (text: string) => A): ((text: string) => A) => {
  const known = new Map<string, A>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found as A
    const fresh = read(text)
    if (known.size >= 1024) known.clear()
    known.set(text, fresh)
    return fresh
  }
}
