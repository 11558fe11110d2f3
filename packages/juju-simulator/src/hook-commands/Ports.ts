/** open-port, close-port and opened-ports. */
import type { PortRange } from "../Model.ts"
import { comparePortRanges, formatPortRange } from "../PortDraft.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import type { Flag } from "./Flags.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import {
  type CommandCall,
  DEPRECATED_FORMAT_FLAG,
  type HookCommand,
  warnOfFormat
} from "./HookCommand.ts"

const ENDPOINTS_FLAG: Flag = { names: ["endpoints"], kind: "value" }

/** `open-port [--endpoints a,b] <port>[-<port>][/<protocol>]|icmp` */
export const openPort: HookCommand = {
  name: "open-port",
  usage: "<port>[-<port>][/<protocol>]",
  purpose: "Stage the opening of a range of ports.",
  flags: [DEPRECATED_FORMAT_FLAG, ENDPOINTS_FLAG],
  run: (call) => changePorts(call, "open")
}

/** `close-port [--endpoints a,b] <port>[-<port>][/<protocol>]|icmp` */
export const closePort: HookCommand = {
  ...openPort,
  name: "close-port",
  purpose: "Stage the closing of a range of ports.",
  run: (call) => changePorts(call, "close")
}

/** `opened-ports [--endpoints]`: this execution's requests included. */
export const openedPorts: HookCommand = {
  name: "opened-ports",
  purpose: "List the ports that this unit has open.",
  flags: [...outputFlags(ALL_FORMATS), { names: ["endpoints"], kind: "switch" }],
  run: (call) => {
    call.expectAtMost(0)
    const endpoints = new Map<string, Array<string>>()
    const ranges = [...call.execution.ports.ranges()].flatMap(([endpoint, opened]) =>
      opened.map((range) => ({ range, endpoint, text: formatPortRange(range) }))
    )
    for (const { text, endpoint } of ranges.sort((a, b) => comparePortRanges(a.range, b.range))) {
      endpoints.set(text, [...(endpoints.get(text) ?? []), endpoint])
    }
    if (!call.flags.isOn("endpoints")) return call.print([...endpoints.keys()])
    return call.print(
      [...endpoints].map(([text, names]) =>
        names.includes("") ? `${text} (*)` : `${text} (${names.sort().join(", ")})`
      )
    )
  }
}

const changePorts = (call: CommandCall, change: "open" | "close"): string => {
  const range = parsePortRange(call.args[0]?.toLowerCase())
  call.expectAtMost(1)
  warnOfFormat(call)
  for (const endpoint of (call.flags.value("endpoints") ?? "").split(",")) {
    const error = call.execution.ports[change](endpoint.trim(), range)
    if (error !== undefined) commandFailure(error)
  }
  return ""
}

const MAX_PORT = 65535

const parsePortRange = (text: string | undefined): PortRange => {
  if (text === undefined) return usageFailure("no port or range specified")
  const [ports = "", protocol = "tcp"] = splitOnce(text)
  if (ports === "icmp") return { from: -1, to: -1, protocol: "icmp" }
  const bounds = ports.split("-")
  if (bounds.length > 2) usageFailure(`invalid port range ${quote(ports)}`)
  const [from = 0, to = from] = bounds.map(parsePort)
  if (protocol === "icmp") usageFailure(`protocol "icmp" doesn't support any ports; got "${from}"`)
  if (protocol !== "tcp" && protocol !== "udp") {
    return usageFailure(`invalid protocol ${quote(protocol)}, expected "tcp", "udp", or "icmp"`)
  }
  if (from > to) usageFailure(`invalid port range ${formatPortRange({ from, to, protocol })}`)
  if (from < 0 || to > MAX_PORT) {
    usageFailure(`port range bounds must be between 0 and ${MAX_PORT}, got ${from}-${to}`)
  }
  return { from, to, protocol }
}

const splitOnce = (text: string): ReadonlyArray<string> => {
  const slash = text.indexOf("/")
  return slash < 0 ? [text] : [text.slice(0, slash), text.slice(slash + 1)]
}

const parsePort = (text: string): number =>
  /^\+?\d+$/.test(text)
    ? Number(text)
    : usageFailure(
        `invalid port ${quote(text)}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`
      )
