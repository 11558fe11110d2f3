// The secret hook commands. Content is `Redacted` and goes to Juju by file; ids and labels are no secrets.
// An app-owned secret is readable by every unit of the app. For one reader only: a secret that the unit owns, granted to
// one unit. A grantee sees it when the granting hook has ended well; removing a unit removes what it owns.
import { Effect, Schema } from "effect"
import { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand, PrintedNames, silentCommand } from "../HookCommandJson.ts"
import { type RelationId, relationText } from "../RelationId.ts"
import { type SecretContent, withSecretFiles } from "../SecretFiles.ts"

/** What is said of a secret besides its content; `expire` is an RFC 3339 time or a duration such as `1h`. */
export interface SecretOptions {
  readonly label?: string
  readonly description?: string
  readonly expire?: string
  readonly rotate?: "never" | "hourly" | "daily" | "weekly" | "monthly" | "quarterly" | "yearly"
}

/** Names a secret: by its id, by this unit's label for it, or by both, which attaches the label. */
export type SecretName =
  | { readonly id: string; readonly label?: string }
  | { readonly label: string }

/** What the owner is told of a secret; `access` lists who may see it and through which relation. */
export interface SecretMetadata {
  readonly id: string
  readonly revision: number
  readonly label: string
  readonly owner: string
  readonly access: ReadonlyArray<{
    readonly target: string
    readonly scope: string
    readonly role: string
  }>
}

/** Adds a secret owned by the unit or by the application (leader only), and returns its id, which is valid at once. */
export const secretAdd = (
  owner: "unit" | "application",
  content: SecretContent,
  options: SecretOptions = {}
): Effect.Effect<string, HookCommandError, HookCommand> =>
  withSecretFiles("secret-add", content, (files) =>
    HookCommand.use((commands) =>
      Effect.map(
        commands.run("secret-add", ["--owner", owner, ...flags(options), "--", ...files]),
        (printed) => printed.trim()
      )
    )
  )

/** Replaces a secret's content, or what is said of it; the same content makes no new revision (Juju 3.6). */
export const secretSet = (
  id: string,
  content: SecretContent,
  options: SecretOptions = {}
): Effect.Effect<void, HookCommandError, HookCommand> =>
  withSecretFiles("secret-set", content, (files) =>
    silentCommand("secret-set", [...flags(options), "--", id, ...files])
  )

/**
 * A secret's content: the revision this unit has read first, unless `refresh` moves it to the latest or `peek` only
 * looks at that. **Fails with** `permission-denied` without a grant, `secret-not-found` when it is gone.
 */
export const secretGet = (
  name: SecretName,
  revision: "tracked" | "refresh" | "peek" = "tracked"
): Effect.Effect<SecretContent, HookCommandError, HookCommand> =>
  content([...(revision === "tracked" ? [] : [`--${revision}`]), ...named(name)])

/** What is known of a secret that this unit manages. */
export const secretInfoGet = (
  name: { readonly id: string } | { readonly label: string }
): Effect.Effect<SecretMetadata, HookCommandError, HookCommand> => metadata(named(name))

/** Stages a grant through `relation`: to its other side's units (in a peer relation the own ones), or to one unit. */
export const secretGrant = (
  id: string,
  relation: RelationId,
  options: { readonly unit?: string } = {}
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("secret-grant", [...scope(relation, options), "--", id])

/** Stages the end of a grant that was made through `relation`. */
export const secretRevoke = (
  id: string,
  relation: RelationId,
  options: { readonly unit?: string } = {}
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("secret-revoke", [...scope(relation, options), "--", id])

/** Stages the removal of a secret, or of one of its revisions. */
export const secretRemove = (
  id: string,
  options: { readonly revision?: number } = {}
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("secret-remove", [
    ...(options.revision === undefined ? [] : ["--revision", String(options.revision)]),
    "--",
    id
  ])

/** The bare ids (without `secret:`) of all secrets this unit manages, in no order. */
export const secretIds: Effect.Effect<
  ReadonlyArray<string>,
  HookCommandError,
  HookCommand
> = jsonCommand("secret-ids", PrintedNames)([])

// -----------------------------------------------------------------------------------------------------------------

const content = jsonCommand(
  "secret-get",
  Schema.Record(Schema.String, Schema.RedactedFromValue(Schema.String))
)

const Access = Schema.Struct({ target: Schema.String, scope: Schema.String, role: Schema.String })
const Metadata = Schema.Struct({
  revision: Schema.Int,
  label: Schema.String,
  owner: Schema.String,
  access: Schema.Array(Access).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))
})
const OneMetadata = Schema.Record(Schema.String, Metadata).check(
  Schema.makeFilter((printed) =>
    Object.keys(printed).length === 1 ? undefined : "the metadata of one secret"
  )
)
const printedMetadata = jsonCommand("secret-info-get", OneMetadata)
const metadata = (args: ReadonlyArray<string>) =>
  Effect.map(printedMetadata(args), (printed): SecretMetadata => {
    const [id, known] = Object.entries(printed)[0] as [string, typeof Metadata.Type]
    return { id, ...known }
  })

const flags = (options: SecretOptions): ReadonlyArray<string> =>
  (["label", "description", "expire", "rotate"] as const).flatMap((flag) => {
    const value = options[flag]
    return value === undefined ? [] : [`--${flag}`, value]
  })

const named = (name: SecretName): ReadonlyArray<string> => [
  ...(name.label === undefined ? [] : ["--label", name.label]),
  ...("id" in name ? ["--", name.id] : [])
]

const scope = (
  relation: RelationId,
  { unit }: { readonly unit?: string }
): ReadonlyArray<string> => [
  "-r",
  relationText(relation),
  ...(unit === undefined ? [] : ["--unit", unit])
]
