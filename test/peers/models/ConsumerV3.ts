// The member of LIBPATCH 3. It announces itself and founds in relation-joined, and steps down so that the token minted
// last is not lost, at the price of an exception for every host it has no token of (B12).
import type { CharmProgram } from "./CharmHook.ts"
import { consumerCharm } from "./Consumer.ts"
import type { ConsumerOptions, Dialect } from "./Host.ts"
import { stepDownSafely } from "./StepDown.ts"

/** A member charm whose library has LIBPATCH 3. */
export const consumerV3 = (options: ConsumerOptions): CharmProgram => consumerCharm(V3, options)

/** What LIBPATCH 3 does; the dialects after it start from here. */
export const V3: Dialect = {
  announcesIn: "relation-joined",
  founding: async () => ({ allowed: true, verdict: "done" }),
  stepDown: stepDownSafely,
  probes: false
}
