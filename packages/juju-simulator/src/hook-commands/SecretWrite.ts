/** secret-add, secret-set and secret-remove: staged, and applied when the hook succeeds. */
import type { Execution } from "../Execution.ts"
import { isOwnedBy } from "../SecretAccess.ts"
import { newSecretUri, secretIdOf } from "../SecretUri.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"
import { SECRET_FLAGS, secretUpdateOf, secretUriOf } from "./SecretArguments.ts"

/** `secret-add [flags] [key[#base64|#file]=value ...]`: prints the new URI, which works at once. */
export const secretAdd: HookCommand = {
  name: "secret-add",
  usage: "[<key>[#base64|#file]=<value> ...]",
  purpose: "Stage a new secret.",
  flags: SECRET_FLAGS,
  run: (call) => {
    const { execution } = call
    const { model, unit, application } = execution
    if (call.args.length === 0 && !call.flags.value("file")) {
      usageFailure("missing secret value or filename")
    }
    const update = secretUpdateOf(call, call.args)
    const content = update.content ?? commandFailure("empty secret value not valid")
    const ofUnit = call.flags.value("owner") === "unit"
    if (!ofUnit) expectLeader(execution)
    execution.reachController()
    model.counters.secret += 1
    const id = secretIdOf(model.counters.secret)
    const owner = ofUnit
      ? ({ kind: "unit", name: unit.name } as const)
      : ({ kind: "application", name: application.name } as const)
    if (!execution.secrets.create(id, { ...update, owner, content })) {
      commandFailure(`secret with label ${quote(update.label ?? "")} already exists`)
    }
    return `${newSecretUri(model.uuid, id)}\n`
  }
}

/** `secret-set <ID> [flags] [key[#base64|#file]=value ...]`: new content is a new revision. */
export const secretSet: HookCommand = {
  name: "secret-set",
  usage: "<ID> [<key>[#base64|#file]=<value> ...]",
  purpose: "Stage a change of a secret.",
  flags: SECRET_FLAGS,
  run: (call) => {
    const { id } = secretUriOf(call)
    const update = secretUpdateOf(call, call.args.slice(1))
    expectLeaderOf(call.execution, id)
    call.execution.secrets.update(id, update)
    return ""
  }
}

/** `secret-remove <ID> [--revision N]` */
export const secretRemove: HookCommand = {
  name: "secret-remove",
  usage: "<ID>",
  purpose: "Stage the removal of a secret, or of one revision.",
  flags: [
    {
      names: ["revision"],
      kind: "value",
      check: (value) =>
        /^[+-]?\d+$/.test(value)
          ? undefined
          : `strconv.ParseInt: parsing ${quote(value)}: invalid syntax`
    }
  ],
  run: (call) => {
    const { id } = secretUriOf(call)
    call.expectAtMost(1)
    expectLeaderOf(call.execution, id)
    const revision = Number(call.flags.value("revision") ?? 0)
    call.execution.secrets.remove(id, revision > 0 ? revision : undefined)
    return ""
  }
}

/** Fails for an application's secret when the unit is not leader; other units' secrets are refused at commit. */
export const expectLeaderOf = (execution: Execution, id: string): void => {
  const secret = execution.model.secrets.get(id)
  if (secret?.owner.kind === "application" && isOwnedBy(secret, execution.unit.name)) {
    expectLeader(execution)
  }
}

const expectLeader = (execution: Execution): void => {
  if (!execution.isLeader()) commandFailure("this unit is not the leader")
}
