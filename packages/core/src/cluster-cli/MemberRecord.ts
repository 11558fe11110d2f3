// A member of the product's cluster, as its `list` shows it. Pure.
// Roles and states of the products differ; what Rollcall decides by is here, and an unknown word is kept as `unknown`
// rather than guessed at: a substring or prefix is never taken for a role.
import { Schema } from "effect"

/** What a member does in the cluster's consensus; `unknown` is every word the product may add. */
export const MemberRole = Schema.Literals(["voter", "stand-by", "spare", "pending", "unknown"])
/** What a member does in the cluster's consensus. */
export type MemberRole = typeof MemberRole.Type

/** Whether the product reaches the member now. */
export const MemberStatus = Schema.Literals(["online", "offline", "unknown"])
/** Whether the product reaches the member now. */
export type MemberStatus = typeof MemberStatus.Type

/** One row of the product's member list. */
export const Member = Schema.Struct({
  name: Schema.String,
  address: Schema.String,
  role: MemberRole,
  status: MemberStatus
})
/** One row of the product's member list. */
export type Member = typeof Member.Type
