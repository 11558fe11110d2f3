// Takes secrets out of text that is kept: errors, logs. Pure.
// Out go the given secrets, and whatever looks like one: a run of 40 or more base64 characters (join tokens are base64
// JSON, their secrets 64 hex digits). Paths and host names are made of the same characters and stay, as they are what an
// operator needs; they differ in having no capitals and no long piece without a separator.
// Not covered: a secret shorter than 40 characters that the caller did not name.

const REDACTED = "<redacted>"
const RUN = /[A-Za-z0-9+/_-]{40,}={0,2}/g
const LONGEST_WORD = 31

/** `text` without `secrets` and without anything that looks like a join token or its secret. */
export const redact = (text: string, secrets: ReadonlyArray<string> = []): string => {
  let rest = text
  for (const secret of secrets) {
    if (secret.trim() !== "") rest = rest.replaceAll(secret.trim(), REDACTED)
  }
  return rest.replace(RUN, (run) => (isPathOrName(run) ? run : REDACTED))
}

const isPathOrName = (run: string): boolean =>
  !/[A-Z+=]/.test(run) && run.split(/[/_-]/).every((word) => word.length <= LONGEST_WORD)
