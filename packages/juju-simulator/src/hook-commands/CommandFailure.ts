/**
 * How a hook command ends early. These are thrown within a command and caught where it is run; the exit codes are
 * those of juju/cmd: 2 for a call that makes no sense, 1 for one that could not be done.
 */

/** A command's failure: `ERROR <message>` on stderr and the exit code. */
export class CommandFailure extends Error {
  readonly code: 1 | 2

  constructor(code: 1 | 2, message: string) {
    super(message)
    this.code = code
  }
}

/** A command wants stdin and the call came without: the client calls again with it. */
export class StdinNeeded extends Error {}

/** `--help` was asked for. */
export class HelpNeeded extends Error {}

/** Fails a command whose call makes no sense: exit code 2. */
export const usageFailure = (message: string): never => {
  throw new CommandFailure(2, message)
}

/** Fails a command that could not be done: exit code 1. */
export const commandFailure = (message: string): never => {
  throw new CommandFailure(1, message)
}
