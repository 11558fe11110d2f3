// The command tree of `rollcall`. No effects run here: main.ts runs it, tests may.
// A command joins the tree by `Command.withSubcommands`; each one lives in its own file under commands/.
import { Command } from "effect/cli"

/** The root command; alone it shows its help and succeeds. */
export const rollcallCommand = Command.make("rollcall").pipe(
  Command.withDescription("Forms clusters and rolls changes through them, outside of Juju.")
)
