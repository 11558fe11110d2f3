// `ClusterCli` over LXD and Incus.
// What these products do otherwise than their answers suggest, and what is done about it here:
// - founding twice "succeeds", even under another name: `bootstrap` asks first;
// - a token is minted for a member too (LXD), and joining with it leaves a certificate behind that bars the host from
//   the cluster: `add` asks first. Between the question and the answer another issuer may come; one issuer is the rule;
// - a member takes its name from the token: `join` refuses one that is for another host, unspent;
// - `remove` fails for a member that is down although it removed it: the list decides.
// Not mended: a second token for a host silently ends the first, and tokens end with the daemon that minted them; both
// show as `token-rejected`. Tokens go through stdin and are in no command line.
import { hostname, networkInterfaces } from "node:os"
import { ClusterCli, ClusterCliError, type ClusterCliShape } from "@rollcall/core"
import { Effect, Layer, Redacted } from "effect"
import { classifyLxd } from "./ClassifyLxd.ts"
import { type InvocationOptions, makeInvoke, readOutput, tokenFrom } from "./Invocation.ts"
import { bootstrapPreseed, hostOfToken, joinPreseed, type MemberConfig } from "./LxdPreseed.ts"
import { membersFromLxd } from "./MemberList.ts"
import { removeThenLook } from "./Removal.ts"

/** Which product, and how this host takes part. */
export interface LxdOptions extends InvocationOptions {
  readonly product: "lxd" | "incus"
  /** Where the other members reach this one, `host:port`; the host's first global IPv4 address where none is given. */
  readonly address?: string
  /** This host's name in the cluster; the machine's host name where none is given. */
  readonly name?: string
  /** Settings this member has to bring when it joins. */
  readonly memberConfig?: ReadonlyArray<MemberConfig>
  /** The words of the client; `["lxc"]` or `["incus"]` where none are given. */
  readonly client?: ReadonlyArray<string>
  /** The words of the command that reads a preseed; `["lxd", "init"]` or `["incus", "admin", "init"]` by default. */
  readonly init?: ReadonlyArray<string>
}

const make = (options: LxdOptions): ClusterCliShape => {
  const invoke = makeInvoke(options, classifyLxd)
  const { client, init, name, address } = withDefaults(options)
  const cluster = [...client, "cluster"]
  const listFor = (operation: "list" | "add" | "bootstrap") =>
    invoke({ operation, argv: [...cluster, "list", "--format", "json"] }).pipe(
      Effect.flatMap((output) => readOutput(operation, output, membersFromLxd))
    )
  const refuse = (operation: "add" | "bootstrap" | "join", reason: ClusterCliError["reason"]) =>
    Effect.fail(new ClusterCliError({ operation, reason, detail: REFUSED[operation] }))

  return {
    bootstrap: (args) =>
      listFor("bootstrap").pipe(
        Effect.matchEffect({
          onSuccess: () => refuse("bootstrap", "already-initialised"),
          onFailure: (failure) =>
            failure.reason === "not-initialised" ? Effect.void : Effect.fail(failure)
        }),
        Effect.andThen(
          invoke({
            operation: "bootstrap",
            argv: [...init, "--preseed", ...args],
            stdin: bootstrapPreseed(name(), address())
          })
        ),
        Effect.asVoid
      ),
    add: (host) =>
      listFor("add").pipe(
        Effect.flatMap((members) =>
          members.some((member) => member.name === host)
            ? refuse("add", "already-a-member")
            : invoke({ operation: "add", argv: [...cluster, "add", "-q", host] })
        ),
        Effect.flatMap((output) => readOutput("add", output, tokenFrom))
      ),
    join: Effect.fnUntraced(function* (token, args) {
      const bound = hostOfToken(Redacted.value(token))
      if (bound !== undefined && bound !== name()) return yield* refuse("join", "token-rejected")
      yield* invoke({
        operation: "join",
        argv: [...init, "--preseed", ...args],
        stdin: joinPreseed(Redacted.value(token), address(), options.memberConfig ?? []),
        secret: token
      })
    }),
    list: listFor("list"),
    remove: (host, { force }) =>
      removeThenLook({
        host,
        list: listFor("list"),
        remove: invoke({
          operation: "remove",
          argv: [...cluster, "remove", host, ...(force ? ["--force", "--yes"] : [])]
        })
      })
  }
}

/** `ClusterCli` over LXD or Incus: `make` for the bare service, `layer` to provide it. */
export const LxdCli = {
  make,
  layer: (options: LxdOptions): Layer.Layer<ClusterCli> =>
    Layer.succeed(ClusterCli, ClusterCli.of(make(options)))
}

const REFUSED = {
  bootstrap: "the host is a member of a cluster; founding another would have been ignored",
  add: "the name is in the member list; a token for it would bar the host from the cluster",
  join: "the token was minted for another host; it was not used"
}

const PORT = 8443

const withDefaults = (options: LxdOptions) => {
  const client = options.client ?? [options.product === "lxd" ? "lxc" : "incus"]
  return {
    client,
    init:
      options.init ?? (options.product === "lxd" ? ["lxd", "init"] : [...client, "admin", "init"]),
    name: () => options.name ?? hostname(),
    address: () => options.address ?? `${globalAddress()}:${PORT}`
  }
}

/** The first address of this host that others can reach; without one the product's own error tells. */
const globalAddress = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? ""
