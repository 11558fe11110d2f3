// `Journal` in one file of the unit's machine, readable by root alone. A write is a new file, synced and renamed over
// the old one: a machine that dies at any point has the old journal or the new one, never half of one.
import { randomUUID } from "node:crypto"
import { mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { type Entries, Journal, StoreUnavailable } from "@rollcall/core"
import { Effect, Layer, Schema } from "effect"

const JournalJson = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

/** The journal in the file `path`, which need not exist. **Fails with** `StoreUnavailable` when it cannot be read or written. */
export const fileJournal = (path: string): Layer.Layer<Journal> =>
  Layer.succeed(Journal, Journal.of({ load: load(path), save: (entries) => save(path, entries) }))

const load = (path: string) =>
  attempt(`read the journal ${path}`, async () => {
    try {
      return await readFile(path, "utf8")
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "{}"
      throw cause
    }
  }).pipe(
    Effect.flatMap((text) =>
      Schema.decodeEffect(JournalJson)(text).pipe(
        Effect.mapError(
          () =>
            new StoreUnavailable({
              operation: `read the journal ${path}`,
              detail:
                "it is not JSON; move it away, this host then finds out anew whether it is a member"
            })
        )
      )
    ),
    Effect.map((record): Entries => new Map(Object.entries(record)))
  )

const save = (path: string, entries: Entries) =>
  attempt(`write the journal ${path}`, async () => {
    const fresh = `${path}.${randomUUID()}`
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      await synced(fresh, "wx", (file) =>
        file.writeFile(JSON.stringify(Object.fromEntries(entries)))
      )
      await rename(fresh, path)
      await synced(dirname(path), "r", async () => {})
    } catch (cause) {
      await rm(fresh, { force: true })
      throw cause
    }
  })

const synced = async (
  path: string,
  flags: string,
  write: (file: Awaited<ReturnType<typeof open>>) => Promise<void>
): Promise<void> => {
  const file = await open(path, flags, 0o600)
  try {
    await write(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

const attempt = <A>(operation: string, body: () => Promise<A>) =>
  Effect.tryPromise({
    try: body,
    catch: (cause) => new StoreUnavailable({ operation, detail: String(cause) })
  })
