/** config-get: the application's config, typed; an option that neither the operator nor the charm gave a value is nil. */
import { usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"

/** `config-get [-a|--all] [<key>]` */
export const configGet: HookCommand = {
  name: "config-get",
  usage: "[<key>]",
  purpose: "Read the application's config.",
  flags: [...outputFlags(ALL_FORMATS), { names: ["a", "all"], kind: "switch" }],
  run: (call) => {
    const [key = ""] = call.args
    const all = call.flags.isOn("a")
    if (key !== "" && all) usageFailure(`cannot use argument --all together with key ${quote(key)}`)
    call.expectAtMost(1)
    const { config } = call.execution
    if (key !== "") return call.print(config.get(key))
    const shown = [...config].filter(([, value]) => all || value !== undefined)
    return call.print(new Map(shown))
  }
}
