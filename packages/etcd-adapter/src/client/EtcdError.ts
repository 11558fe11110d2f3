// What can go wrong with etcd, by what can be done about it.
import { Schema } from "effect"

/** Why a call to etcd failed; each word stands for one remedy. */
export const EtcdReason = Schema.Literals([
  "unreachable",
  "deadline",
  "no-leader",
  "tls",
  "unauthenticated",
  "permission-denied",
  "compacted",
  "no-space",
  "lease-not-found",
  "too-large",
  "invalid",
  "unknown"
])
/** Why a call to etcd failed. */
export type EtcdReason = typeof EtcdReason.Type

/** A call to etcd failed; for `deadline` and `unreachable` it is not known whether it was applied. */
export class EtcdError extends Schema.TaggedError<EtcdError>()("EtcdError", {
  operation: Schema.String,
  endpoint: Schema.String,
  reason: EtcdReason,
  detail: Schema.String
}) {
  /** One line: what failed, where, and what to do. */
  override get message(): string {
    return `etcd at ${this.endpoint} failed to ${this.operation}: ${this.detail}; ${REMEDY[this.reason]}`
  }
}

/** A lease ended or cannot be counted on any more; whoever works under it must stop. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  lease: Schema.String,
  detail: Schema.String
}) {
  /** One line: what was lost and why. */
  override get message(): string {
    return `the lease ${this.lease} is lost: ${this.detail}; what it protected may now be another's`
  }
}

const REMEDY: Readonly<Record<EtcdReason, string>> = {
  unreachable: "check that it runs and that the endpoint is right; it is tried again",
  deadline: "it may be overloaded or cut off; it is tried again",
  "no-leader": "the cluster has no leader, bring a majority of its members back; it is tried again",
  tls: "check the certificates, their dates and names",
  unauthenticated: "check the user and the password",
  "permission-denied": "grant this user read and write on the prefix",
  compacted: "the history asked for is gone, read again",
  "no-space": "compact, defragment and disarm the alarm: etcdctl alarm disarm",
  "lease-not-found": "it expired, begin anew",
  "too-large": "the value is beyond etcd's limit of 1.5 MiB",
  invalid: "correct the options; if they are right this is a defect, please report it",
  unknown: "see etcd's log"
}
