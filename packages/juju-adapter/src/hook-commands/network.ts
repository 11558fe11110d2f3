// The network hook command: under which addresses this unit binds and is reached for a binding.
import { Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand } from "../HookCommandJson.ts"
import { type RelationId, relationText } from "../RelationId.ts"

/** The addresses of one binding: to listen on, to be reached at, and the networks (CIDR) its traffic comes from. */
export interface Network {
  readonly bindAddresses: ReadonlyArray<{
    readonly interfaceName: string
    readonly addresses: ReadonlyArray<{ readonly value: string; readonly cidr: string }>
  }>
  readonly ingressAddresses: ReadonlyArray<string>
  readonly egressSubnets: ReadonlyArray<string>
}

/** The network of an endpoint or extra binding, seen from `relation` where one is given. */
export const networkGet = (
  binding: string,
  relation?: RelationId
): Effect.Effect<Network, HookCommandError, HookCommand> =>
  Effect.map(
    printed([...(relation === undefined ? [] : ["-r", relationText(relation)]), "--", binding]),
    (network) => ({
      bindAddresses: network["bind-addresses"].map((bound) => ({
        interfaceName: bound["interface-name"],
        addresses: bound.addresses
      })),
      ingressAddresses: network["ingress-addresses"],
      egressSubnets: network["egress-subnets"]
    })
  )

// -----------------------------------------------------------------------------------------------------------------

const text = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
const texts = Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
const Address = Schema.Struct({ value: Schema.String, cidr: text })
const Bound = Schema.Struct({
  "interface-name": text,
  addresses: Schema.Array(Address).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
})
const printed = jsonCommand(
  "network-get",
  Schema.Struct({
    "bind-addresses": Schema.Array(Bound).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
    "ingress-addresses": texts,
    "egress-subnets": texts
  })
)
