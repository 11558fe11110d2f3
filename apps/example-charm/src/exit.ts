// Ends the process with a hook's exit code; what nobody expected is shown on stderr, which Juju logs, and fails the hook.

/** Sets the exit code from `code`; a rejection fails the hook, so that Juju drops what was staged and runs it again. */
export const exitWith = (code: Promise<number>): void => {
  code.then(
    (value) => {
      process.exitCode = value
    },
    (cause: unknown) => {
      process.stderr.write(
        `${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`
      )
      process.exitCode = 1
    }
  )
}
