// `ClusterCli` over the command of a product built on canonical/microcluster: `microovn cluster`, `microceph cluster`,
// and every command with that shape.
// `join TOKEN` is the only form these products have, so the token stands in the command line of a process of this
// machine while it joins, readable by its other users in /proc unless it is mounted with hidepid. It is in no error.
// `add` does not look whether the host is a member: these products list by asking every member in turn, which costs
// more than an issue; a token minted for a member is refused when it is used, unspent.
import { ClusterCli, type ClusterCliShape } from "@rollcall/core"
import { Effect, Layer, Redacted } from "effect"
import { classifyMicrocluster } from "./ClassifyMicrocluster.ts"
import { type InvocationOptions, makeInvoke, readOutput, tokenFrom } from "./Invocation.ts"
import { membersFromMicrocluster } from "./MemberList.ts"
import { removeThenLook } from "./Removal.ts"

/** Which command, and how it is run. */
export interface MicroclusterOptions extends InvocationOptions {
  /** The words before `add`, `join` and the others, as in `["microovn", "cluster"]`. */
  readonly command: ReadonlyArray<string>
}

const make = ({ command: words, ...options }: MicroclusterOptions): ClusterCliShape => {
  // Without words the operation itself would be taken for the command.
  const command = words.length === 0 ? [""] : words
  const invoke = makeInvoke(options, classifyMicrocluster)
  const list: ClusterCliShape["list"] = invoke({
    operation: "list",
    argv: [...command, "list", "-f", "json"]
  }).pipe(Effect.flatMap((output) => readOutput("list", output, membersFromMicrocluster)))
  return {
    bootstrap: (args) =>
      Effect.asVoid(invoke({ operation: "bootstrap", argv: [...command, "bootstrap", ...args] })),
    add: (host) =>
      invoke({ operation: "add", argv: [...command, "add", host] }).pipe(
        Effect.flatMap((output) => readOutput("add", output, tokenFrom))
      ),
    join: (token, args) =>
      Effect.asVoid(
        invoke({
          operation: "join",
          argv: [...command, "join", Redacted.value(token), ...args],
          secret: token
        })
      ),
    list,
    remove: (host, { force }) =>
      removeThenLook({
        host,
        list,
        remove: invoke({
          operation: "remove",
          argv: [...command, "remove", host, ...(force ? ["--force"] : [])]
        })
      })
  }
}

/** `ClusterCli` over the microcluster family: `make` for the bare service, `layer` to provide it. */
export const MicroclusterCli = {
  make,
  layer: (options: MicroclusterOptions): Layer.Layer<ClusterCli> =>
    Layer.succeed(ClusterCli, ClusterCli.of(make(options)))
}
