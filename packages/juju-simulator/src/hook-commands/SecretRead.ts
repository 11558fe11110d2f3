/** secret-get, secret-info-get and secret-ids. */
import type { Execution } from "../Execution.ts"
import type { SecretContent } from "../Secret.ts"
import { readSecret } from "../SecretAccess.ts"
import { parseSecretUri, type SecretUri } from "../SecretUri.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import type { Flag } from "./Flags.ts"
import { ALL_FORMATS, outputFlags, STRUCTURED_FORMATS } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { CommandCall, HookCommand } from "./HookCommand.ts"
import { AnyList } from "./Printable.ts"
import { secretValue, secretValues } from "./SecretArguments.ts"
import { type ManagedSecret, managedSecrets } from "./SecretView.ts"

const LABEL_FLAG: Flag = { names: ["label"], kind: "value" }

/** `secret-get [<ID>] [--label L] [--refresh|--peek] [<key>[#base64]]` */
export const secretGet: HookCommand = {
  name: "secret-get",
  usage: "[<ID>] [<key>[#base64]]",
  purpose: "Read a secret.",
  flags: [
    ...outputFlags(STRUCTURED_FORMATS),
    LABEL_FLAG,
    { names: ["peek"], kind: "switch" },
    { names: ["refresh"], kind: "switch" }
  ],
  run: (call) => {
    const uri = uriOf(call)
    const label = call.flags.value("label") ?? ""
    if (uri === undefined && label === "") usageFailure("require either a secret URI or label")
    const [refresh, peek] = [call.flags.isOn("refresh"), call.flags.isOn("peek")]
    if (refresh && peek) usageFailure("specify one of --peek or --refresh but not both")
    call.expectAtMost(2)
    const content = secretContent(call.execution, { uri, label, refresh, peek })
    const key = call.args[1] ?? ""
    return call.print(key === "" ? secretValues(content) : secretValue(content, key), "yaml")
  }
}

/** `secret-info-get <ID>|--label L`: only of secrets that the unit manages. */
export const secretInfoGet: HookCommand = {
  name: "secret-info-get",
  usage: "[<ID>]",
  purpose: "Describe a secret that this unit manages.",
  flags: [...outputFlags(STRUCTURED_FORMATS), LABEL_FLAG],
  run: (call) => {
    const uri = uriOf(call)
    const label = call.flags.value("label") ?? ""
    if (uri === undefined && label === "") usageFailure("require either a secret URI or label")
    if (uri !== undefined && label !== "") {
      usageFailure("specify either a secret URI or label but not both")
    }
    call.expectAtMost(1)
    const secret = managedSecrets(call.execution).find((one) =>
      uri === undefined ? one.label === label : one.id === uri.id
    )
    if (secret === undefined) return commandFailure(`secret ${quote(uri?.id ?? label)} not found`)
    return call.print(new Map([[secret.id, describe(call.execution, secret)]]), "yaml")
  }
}

/** `secret-ids`: the secrets that the unit manages, in no particular order. */
export const secretIds: HookCommand = {
  name: "secret-ids",
  purpose: "List the secrets that this unit manages.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    call.expectAtMost(0)
    const ids = managedSecrets(call.execution).map((secret) => secret.id)
    const isNilList = ids.length === 0 && call.flags.value("format") === "json"
    return call.print(isNilList ? null : ids)
  }
}

interface Query {
  readonly uri: SecretUri | undefined
  readonly label: string
  readonly refresh: boolean
  readonly peek: boolean
}

const uriOf = ({ args: [text] }: CommandCall): SecretUri | undefined => {
  if (text === undefined) return undefined
  return parseSecretUri(text) ?? usageFailure(`secret URI ${quote(text)} not valid`)
}

// What the execution has staged comes first: a new secret always, an update only when the latest is asked for.
const secretContent = (execution: Execution, query: Query): SecretContent => {
  const pending = pendingContent(execution, query)
  if (pending !== undefined) return pending
  execution.reachController()
  const { uri, label, refresh, peek } = query
  const own = uri ?? ownLabel(execution, label)
  const answer = readSecret(execution.model, execution.unit.name, {
    ...(own === undefined ? {} : { uri: own }),
    ...(label === "" || (uri === undefined && own !== undefined) ? {} : { label }),
    refresh,
    peek
  })
  return answer.ok ? answer.content : commandFailure(answer.error)
}

const pendingContent = (execution: Execution, query: Query): SecretContent | undefined => {
  const { uri, label, refresh, peek } = query
  const { secrets } = execution
  const matches = ([id, staged]: readonly [string, { readonly label?: string }]) =>
    id === uri?.id || (label !== "" && staged.label === label)
  const relabel = label !== "" && uri !== undefined ? { label } : {}
  const created = [...secrets.creations].find(matches)
  if (created !== undefined) {
    secrets.creations.set(created[0], { ...created[1], ...(created[0] === uri?.id ? relabel : {}) })
    return created[1].content
  }
  const updated = refresh || peek ? [...secrets.updates].find(matches) : undefined
  if (updated === undefined) return undefined
  secrets.updates.set(updated[0], { ...updated[1], ...(updated[0] === uri?.id ? relabel : {}) })
  if (refresh) secrets.tracked.add(updated[0])
  return updated[1].content
}

// A label of the unit's own secrets stands for the secret, also while the label is only staged.
const ownLabel = (execution: Execution, label: string): SecretUri | undefined => {
  const { secrets, unit } = execution
  const owned = managedSecrets(execution).find(
    (secret) => secret.label === label && secret.owner.name === unit.name
  )
  const id = owned?.id ?? [...secrets.updates].find(([, update]) => update.label === label)?.[0]
  return id === undefined ? undefined : parseSecretUri(id)
}

const describe = ({ model }: Execution, secret: ManagedSecret) => ({
  revision: secret.revision,
  label: secret.label,
  owner: secret.owner.kind,
  description: secret.description || undefined,
  rotation: secret.rotate,
  expiry: rfc3339(secret.expires),
  rotates: rfc3339(secret.nextRotate),
  access:
    secret.grants.size === 0
      ? undefined
      : new AnyList(
          [...secret.grants].map(([subject, relationId]) => ({
            target: tagOf(subject),
            scope: `relation-${(model.relations.get(relationId)?.key ?? "").replaceAll(":", ".").replaceAll(" ", "#")}`,
            role: "view"
          }))
        )
})

const rfc3339 = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().replace(/\.000Z$/, "Z")

const tagOf = (subject: string): string =>
  subject.includes("/") ? `unit-${subject.replace("/", "-")}` : `application-${subject}`
