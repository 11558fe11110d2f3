/**
 * The end of a successful execution: Juju's Flush. Secret changes go first, each for itself; everything else is one
 * transaction. An application's databag is fenced by the leadership lease, so a leader that lost it loses the whole
 * transaction, its unit's databags included; what was applied before stays
 * (juju/juju apiserver/facades/agent/uniter/uniter.go, commitHookChangesForOneUnit).
 */
import type { Execution } from "./Execution.ts"
import type { CommitOutcome } from "./HookContext.ts"
import { holdsLease } from "./Model.ts"
import { refreshNetwork, writeApplicationDatabag, writeUnitDatabag } from "./ModelChange.ts"
import { applySecretDraft } from "./SecretChange.ts"

/** Applies what an execution staged. */
export const commitExecution = (execution: Execution): CommitOutcome => {
  const { model, unit, secrets } = execution
  if (!hasChanges(execution)) return { ok: true }
  if (unit.partitioned) return { ok: false, error: "connection is shut down" }
  const error = applySecretDraft(model, unit.name, secrets) ?? refusal(execution)
  if (error !== undefined) return { ok: false, error }
  applyTransaction(execution)
  return { ok: true }
}

const MAX_STATE_BYTES = 2 * 1024 * 1024
const MAX_SETTINGS_BYTES = 16 * 1024 * 1024

const isConfigChanged = ({ invocation }: Execution): boolean =>
  invocation.kind === "hook" && invocation.name === "config-changed"

const hasChanges = (execution: Execution): boolean =>
  isConfigChanged(execution) ||
  !execution.secrets.isEmpty ||
  !execution.ports.isEmpty ||
  execution.writtenState !== undefined ||
  execution.storageAdded.size > 0 ||
  written(execution).length > 0

const written = (execution: Execution) =>
  [...execution.usedRelations].filter(
    (relation) =>
      relation.writtenUnitDraft !== undefined || relation.writtenApplicationDraft !== undefined
  )

// Why the controller refuses the transaction.
const refusal = (execution: Execution): string | undefined => {
  const { model, unit, writtenState } = execution
  for (const relation of written(execution)) {
    if (!model.relations.has(relation.id)) return "permission denied"
    if (relation.writtenApplicationDraft !== undefined && !holdsLease(model, unit.name)) {
      return `prerequisites failed: "${unit.name}" is not leader of "${unit.application}"`
    }
    for (const draft of [relation.writtenUnitDraft, relation.writtenApplicationDraft]) {
      if (draft !== undefined && sizeOf(draft.settings) > MAX_SETTINGS_BYTES) {
        return `max allowed size (${MAX_SETTINGS_BYTES}) exceeded`
      }
    }
  }
  if (writtenState !== undefined && sizeOf(writtenState) > MAX_STATE_BYTES) {
    return `max allowed size (${MAX_STATE_BYTES}) exceeded`
  }
  return undefined
}

const applyTransaction = (execution: Execution): void => {
  const { model, unit, writtenState, ports } = execution
  if (isConfigChanged(execution)) refreshNetwork(model, unit.name)
  for (const { id, writtenUnitDraft, writtenApplicationDraft } of written(execution)) {
    if (writtenUnitDraft !== undefined) {
      writeUnitDatabag(model, id, unit.name, writtenUnitDraft.changes)
    }
    if (writtenApplicationDraft !== undefined) {
      writeApplicationDatabag(model, id, unit.application, writtenApplicationDraft.everything)
    }
  }
  if (writtenState !== undefined) unit.state = writtenState
  if (!ports.isEmpty) {
    const ranges = [...ports.ranges()]
    unit.openedPorts.clear()
    for (const [endpoint, opened] of ranges) unit.openedPorts.set(endpoint, opened)
  }
  addStorage(execution)
  model.revision += 1
}

const addStorage = ({ unit, storageAdded }: Execution): void => {
  for (const [name, count] of storageAdded) {
    for (let added = 0; added < count; added += 1) {
      const id = `${name}/${unit.storage.size}`
      unit.storage.set(id, { kind: "filesystem", location: `/var/lib/juju/storage/${id}` })
    }
  }
}

// As BSON counts it: a type byte, the key with its zero, a length, the value with its zero.
const sizeOf = (settings: ReadonlyMap<string, string>): number => {
  let size = 5
  for (const [key, value] of settings) size += Buffer.byteLength(key) + Buffer.byteLength(value) + 7
  return size
}
