/** relation-ids, relation-list and relation-model-get: which relations there are, and who is in them. */
import { usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { type HookCommand, RELATION_FLAG } from "./HookCommand.ts"

/** `relation-ids [<endpoint>]`: sorted as strings; relations that are broken are left out. */
export const relationIds: HookCommand = {
  name: "relation-ids",
  usage: "[<endpoint>]",
  purpose: "List the relations of an endpoint.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    const endpoint =
      call.args[0] ??
      call.execution.hookRelation?.endpoint ??
      usageFailure("no endpoint name specified")
    call.expectAtMost(1)
    const listed = call.execution
      .relations()
      .filter((relation) => relation.endpoint === endpoint && !relation.isBroken)
    return call.print(listed.map((relation) => relation.name).sort())
  }
}

/** `relation-list [-r ID] [--app]`: the remote units that the unit has seen join, or the remote application. */
export const relationList: HookCommand = {
  name: "relation-list",
  purpose: "List the remote units of a relation.",
  flags: [...outputFlags(ALL_FORMATS), RELATION_FLAG, { names: ["app"], kind: "switch" }],
  run: (call) => {
    const relation = call.relation()
    call.expectAtMost(0)
    return call.print(
      call.flags.isOn("app") ? relation.remoteApplication : relation.cache.members()
    )
  }
}

/** `relation-model-get [-r ID]`: the model of the other side, here always this one. */
export const relationModelGet: HookCommand = {
  name: "relation-model-get",
  purpose: "Tell which model is at the other end of a relation.",
  flags: [...outputFlags(ALL_FORMATS), RELATION_FLAG],
  run: (call) => {
    call.relation()
    call.expectAtMost(0)
    return call.print({ uuid: call.execution.model.uuid })
  }
}
