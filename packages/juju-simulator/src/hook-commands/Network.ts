/** network-get and unit-get: one interface with one address per unit. */
import type { Unit } from "../Model.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import { type CommandCall, type HookCommand, RELATION_FLAG } from "./HookCommand.ts"

/** `network-get <binding> [-r ID] [--bind-address] [--ingress-address] [--egress-subnets]` */
export const networkGet: HookCommand = {
  name: "network-get",
  usage: "<binding>",
  purpose: "Read the network config of a binding.",
  flags: [
    ...outputFlags(ALL_FORMATS),
    { names: ["primary-address"], kind: "switch" },
    { names: ["bind-address"], kind: "switch" },
    { names: ["ingress-address"], kind: "switch" },
    { names: ["egress-subnets"], kind: "switch" },
    RELATION_FLAG
  ],
  run: (call) => {
    const binding = call.args[0] ?? usageFailure("no arguments specified")
    if (binding === "") usageFailure("no binding name specified")
    call.expectAtMost(1)
    call.execution.reachController()
    if (!bindingsOf(call).includes(binding)) {
      commandFailure(`no network config found for binding ${quote(binding)}`)
    }
    return printNetwork(call)
  }
}

/** `unit-get private-address|public-address` */
export const unitGet: HookCommand = {
  name: "unit-get",
  usage: "<setting>",
  purpose: "Read an address of this unit.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    const setting = call.args[0] ?? usageFailure("no setting specified")
    if (setting !== "private-address" && setting !== "public-address") {
      usageFailure(`unknown setting ${quote(setting)}`)
    }
    call.expectAtMost(1)
    call.execution.reachController()
    const { address, publicAddress } = call.execution.unit
    if (setting === "private-address") return call.print(address)
    return call.print(publicAddress ?? commandFailure("public address not found"))
  }
}

const bindingsOf = ({ execution }: CommandCall): ReadonlyArray<string> => {
  const { endpoints, extraBindings } = execution.application.metadata
  return [...endpoints.keys(), ...extraBindings, "juju-info"]
}

const ASKED = ["egress-subnets", "ingress-address", "bind-address"] as const

// No flag is everything, one flag its bare value, several a map of them.
const printNetwork = (call: CommandCall): string => {
  const { unit } = call.execution
  const asked = ASKED.filter((name) => call.flags.isOn(name))
  if (call.flags.isOn("primary-address")) {
    if (asked.length > 0) commandFailure("--primary-address must be the only flag specified")
    return call.print(unit.address)
  }
  const values = {
    "egress-subnets": [`${unit.address}/32`],
    "ingress-address": unit.address,
    "bind-address": unit.address
  }
  const [only] = asked
  if (only === undefined) return call.print(everything(unit, call.flags.value("format") === "json"))
  if (asked.length === 1) return call.print(values[only])
  return call.print(new Map(asked.map((name) => [name, values[name]])))
}

// YAML repeats three fields under the names that old agents knew.
const everything = (unit: Unit, isJson: boolean) => ({
  "bind-addresses": [
    {
      "mac-address": "",
      "interface-name": "eth0",
      addresses: [
        {
          hostname: "",
          value: unit.address,
          cidr: unit.cidr,
          ...(isJson ? {} : { address: unit.address })
        }
      ],
      ...(isJson ? {} : { macaddress: "", interfacename: "eth0" })
    }
  ],
  "egress-subnets": [`${unit.address}/32`],
  "ingress-addresses": [unit.address]
})
