// The content of a Juju secret on its way to secret-add and secret-set: one file for each key, never an argument.
// The folder is new, of mode 0700, its files 0600, and it is removed when the command has ended, however it ended.
// Not promised: that nothing is left when this process is killed in between.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { HookCommandError } from "./HookCommandError.ts"

/** The content of a secret; a key is lowercase letters, digits and inner hyphens, three characters or more. */
export type SecretContent = Readonly<Record<string, Redacted.Redacted<string>>>

/** Runs `use` with the arguments `key#file=PATH` that hand `content` to `tool`. */
export const withSecretFiles = <A, E, R>(
  tool: string,
  content: SecretContent,
  use: (args: ReadonlyArray<string>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | HookCommandError, R> => {
  const wrong = Object.keys(content).find((key) => !SECRET_KEY.test(key))
  if (wrong !== undefined) {
    return Effect.fail(
      new HookCommandError({
        tool,
        reason: "invalid-arguments",
        exitCode: undefined,
        detail: `key ${JSON.stringify(wrong)} is not 3 or more lowercase letters, digits and inner hyphens`
      })
    )
  }
  return Effect.acquireUseRelease(
    onDisk(tool, () => mkdtemp(join(tmpdir(), "rollcall-secret-"))),
    (folder) => Effect.flatMap(written(tool, folder, content), use),
    (folder) => Effect.ignore(onDisk(tool, () => rm(folder, { recursive: true, force: true })))
  )
}

// -----------------------------------------------------------------------------------------------------------------

// From core/secrets/createsecret.go in juju/juju.
const SECRET_KEY = /^[a-z](?:-?[a-z0-9]){2,}$/

const written = (
  tool: string,
  folder: string,
  content: SecretContent
): Effect.Effect<ReadonlyArray<string>, HookCommandError> =>
  onDisk(tool, () =>
    Promise.all(
      Object.entries(content).map(async ([key, value], index) => {
        const path = join(folder, String(index))
        await writeFile(path, Redacted.value(value), { mode: 0o600, flag: "wx" })
        return `${key}#file=${path}`
      })
    )
  )

const onDisk = <A>(tool: string, action: () => Promise<A>): Effect.Effect<A, HookCommandError> =>
  Effect.tryPromise({
    try: action,
    catch: (cause) =>
      new HookCommandError({ tool, reason: "failed", exitCode: undefined, detail: String(cause) })
  })
