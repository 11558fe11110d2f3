// What a broken or malicious unit can put into its databag: wrong types, far too much, control characters, names that are
// options, tokens that are none.
import { keyValueFile } from "../../../packages/juju-adapter/src/KeyValueFile.ts"
import type { Fleet } from "./Fleet.ts"

const LARGE = 16 * 1024 * 1024 - 4096
const CONTROL = "\u0001\u0007\u001b[31m\r\n\t\u007f\u0085\u2028=: '\"{}"

/** Entries of a databag, by what is wrong with them. */
export const RUBBISH: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a host name that is an option": { hostname: "--force", "rollcall-host": "{}" },
  "an announcement of a host name that is an option": {
    hostname: "-rf",
    "rollcall-host": '{"v":1,"host":"--force","id":"x","key":"k","member":true}'
  },
  "wrong types": {
    hostname: "[]",
    "rollcall-host": '{"v":"1","host":7,"id":[],"member":"yes","failure":{"generation":"NaN"}}',
    "rollcall-issued": '[{"host":null,"generation":1e999},7,"x"]',
    "rollcall-roll": '{"v":1,"up":"up","epoch":-1}',
    "rollcall-requests": "null",
    "rollcall-mailboxes": '{"v":1,"ids":{"0":7}}',
    "rollcall-fact.": "x",
    mirror: "sideways"
  },
  "control characters": {
    hostname: CONTROL,
    "rollcall-host": CONTROL,
    "rollcall-issued": CONTROL,
    mirror: CONTROL,
    "mirror-app-0": CONTROL
  },
  "16 MiB": { hostname: "x".repeat(LARGE), "rollcall-host": "{" },
  "tokens that are none": {
    hostname: "..",
    "rollcall-host": "",
    mirror: "up",
    "mirror-app-4": "None",
    "mirror-app-5": "empty",
    "mirror---force": "empty",
    "mirror-": "empty",
    "mirror-app-4~x~y": "None",
    "mirror-.want.app-4~~": "wanted"
  }
}

/** Writes into a unit's databag behind its charm's back, and cuts the unit off, so that it does not mend it. */
export const spoil = async (
  { relation, sim }: Pick<Fleet, "relation" | "sim">,
  unit: string,
  entries: Readonly<Record<string, string>>
): Promise<void> => {
  const endpoint = unit.startsWith("td/") ? "microcluster-cluster" : "cluster"
  const { code, stderr } = await sim.jujuExec(unit, async ({ run }) => {
    const argv = ["relation-set", "-r", `${endpoint}:${relation}`, "--file", "-"]
    const result = await run(argv, keyValueFile(entries))
    if (result.code !== 0) throw new Error(result.stderr)
    return 0
  })
  if (code !== 0) throw new Error(stderr)
  sim.partition(unit)
}
