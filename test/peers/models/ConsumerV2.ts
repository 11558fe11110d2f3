// The member of LIBPATCH 2. It announces itself and founds in relation-created, where no remote unit is visible yet:
// whoever is leader then founds a cluster whether or not there is one, and a leader elected later never does (B18).
import type { CharmProgram } from "./CharmHook.ts"
import { consumerCharm } from "./Consumer.ts"
import type { ConsumerOptions, Dialect } from "./Host.ts"
import { stepDownAtOnce } from "./StepDown.ts"

/** A member charm whose library has LIBPATCH 2. */
export const consumerV2 = (options: ConsumerOptions): CharmProgram => consumerCharm(V2, options)

const V2: Dialect = {
  announcesIn: "relation-created",
  founding: async () => ({ allowed: true, verdict: "done" }),
  stepDown: stepDownAtOnce,
  probes: false
}
