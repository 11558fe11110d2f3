// The member of the MicroOVN charm: LIBPATCH 3, patched there so that founding and joining can be repeated. Any cluster
// that answers `list` on the host counts as the one to be in (B22).
import type { CharmProgram } from "./CharmHook.ts"
import { consumerCharm } from "./Consumer.ts"
import { V3 } from "./ConsumerV3.ts"
import type { ConsumerOptions } from "./Host.ts"

/** A member charm with MicroOVN's copy of the library. */
export const consumerFork3 = (options: ConsumerOptions): CharmProgram =>
  consumerCharm({ ...V3, probes: true }, options)
