// What a step of the token issuer can fail with. A cluster command that fails is no failure of the step: it is reported
// in the decision, remembered, and tried again.
import type { SealerError } from "../sealer/Sealer.ts"
import type { StoreError } from "../store/StoreError.ts"

/** Every way a step can fail; nothing was written then, and what had happened to the cluster is in the journal. */
export type TokenIssuerError = StoreError | SealerError
