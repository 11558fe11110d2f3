// The member of LIBPATCH 8. Only the application named by the distributor's application bag founds a cluster, so under
// an older distributor nobody ever does (B20). Without a mirror in sight the event is deferred, and founding goes on all
// the same: with the application named and no mirror visible a second cluster is founded (B19).
import type { CharmProgram } from "./CharmHook.ts"
import { consumerCharm } from "./Consumer.ts"
import { V3 } from "./ConsumerV3.ts"
import type { ConsumerOptions } from "./Host.ts"
import { upMirrors } from "./MirrorReading.ts"
import { BOOTSTRAP_APP } from "./ProviderV8.ts"

/** What a LIBPATCH 8 member can be told besides. */
export interface ConsumerV8Options extends ConsumerOptions {
  /** Whether a mirror that names no application defers the event as well; reports of the library differ. */
  readonly defersWithoutFounder?: boolean
}

/** A member charm whose library has LIBPATCH 8. */
export const consumerV8 = (options: ConsumerV8Options): CharmProgram =>
  consumerCharm(
    {
      ...V3,
      founding: async (relation, app) => {
        const { remoteApp } = relation
        const bag = remoteApp === undefined ? undefined : await relation.read(remoteApp)
        const founder = bag?.get(BOOTSTRAP_APP)
        const mirrored = (await upMirrors(relation)).length > 0
        const again = !mirrored || (founder === undefined && options.defersWithoutFounder === true)
        return { allowed: founder === app, verdict: again ? "deferred" : "done" }
      }
    },
    options
  )
