/** secret-grant and secret-revoke: who may read a secret, for as long as a relation lasts. */
import { applicationNameOf } from "../Model.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { quote } from "./GoText.ts"
import { type CommandCall, type HookCommand, RELATION_FLAG } from "./HookCommand.ts"
import { secretUriOf } from "./SecretArguments.ts"
import { managedSecrets } from "./SecretView.ts"
import { expectLeaderOf } from "./SecretWrite.ts"

/** `secret-grant <ID> -r REL [--unit U]`: to the related application, or to one of its units. */
export const secretGrant: HookCommand = {
  name: "secret-grant",
  usage: "<ID>",
  purpose: "Stage a permission to read a secret.",
  flags: [{ names: ["unit"], kind: "value" }, RELATION_FLAG],
  run: (call) => {
    const { id } = secretUriOf(call)
    const relation = call.relation()
    const unit = unitOf(call)
    if (unit !== undefined && applicationNameOf(unit) !== relation.remoteApplication) {
      usageFailure(
        `cannot specify unit ${quote(unit)} in relation to application ${quote(relation.remoteApplication)}`
      )
    }
    call.expectAtMost(1)
    stageGrant(call, id, relation.id, unit ?? relation.remoteApplication)
    return ""
  }
}

/** `secret-revoke <ID> [-r REL|--app A|--unit U]` */
export const secretRevoke: HookCommand = {
  name: "secret-revoke",
  usage: "<ID>",
  purpose: "Stage the end of a permission to read a secret.",
  flags: [
    { names: ["app", "application"], kind: "value" },
    { names: ["unit"], kind: "value" },
    RELATION_FLAG
  ],
  run: (call) => {
    const { id } = secretUriOf(call)
    const application = call.flags.value("app") || undefined
    if (application !== undefined && !/^[a-z][a-z0-9-]*$/.test(application)) {
      usageFailure(`application ${quote(application)} not valid`)
    }
    const unit = unitOf(call)
    if (application !== undefined && unit !== undefined) {
      usageFailure("specify only one of application or unit")
    }
    const relation = call.optionalRelation()
    if (relation !== undefined && application !== undefined) {
      usageFailure("do not specify both relation and app")
    }
    const subject = unit ?? application ?? relation?.remoteApplication
    if (subject === undefined) return usageFailure("missing relation or application or unit")
    call.expectAtMost(1)
    expectLeaderOf(call.execution, id)
    call.execution.secrets.revoke(id, subject)
    return ""
  }
}

const unitOf = (call: CommandCall): string | undefined => {
  const unit = call.flags.value("unit") || undefined
  if (unit !== undefined && !/^[a-z][a-z0-9-]*\/\d+$/.test(unit)) {
    usageFailure(`unit ${quote(unit)} not valid`)
  }
  return unit
}

// An application's grant covers its units; units' grants must go before their application gets one.
const stageGrant = (call: CommandCall, id: string, relationId: number, subject: string): void => {
  expectLeaderOf(call.execution, id)
  const secret =
    managedSecrets(call.execution).find((one) => one.id === id) ??
    commandFailure(`secret ${quote(id)} not found`)
  for (const [granted, scope] of secret.grants) {
    if (scope !== relationId) continue
    if (granted === subject || !granted.includes("/")) return
    if (!subject.includes("/")) {
      commandFailure(
        "any unit level grants need to be revoked before granting access to the corresponding application"
      )
    }
  }
  call.execution.secrets.grant(id, relationId, subject)
}
