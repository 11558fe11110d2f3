// Runs a hook command with `--format=json` and decodes what it prints by a Schema.
// Output that is not as expected fails without showing any of it: a databag or a secret may hold a token.
import { Effect, Schema, SchemaTransformation } from "effect"
import { HookCommand } from "./HookCommand.ts"
import { HookCommandError } from "./HookCommandError.ts"

/** A hook command whose JSON output decodes by `output`; `args` follow `--format=json`. */
export const jsonCommand = <A, I>(
  tool: string,
  output: Schema.Codec<A, I>
): ((args: ReadonlyArray<string>) => Effect.Effect<A, HookCommandError, HookCommand>) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(output))
  return (args) =>
    HookCommand.use((commands) => commands.run(tool, ["--format=json", ...args])).pipe(
      Effect.flatMap((printed) =>
        Effect.mapError(
          decode(printed),
          (error) =>
            new HookCommandError({
              tool,
              reason: "failed",
              exitCode: 0,
              detail: `printed something else than was asked for: ${error.message}`
            })
        )
      )
    )
}

/** A hook command whose output does not matter. */
export const silentCommand = (
  tool: string,
  args: ReadonlyArray<string>,
  stdin?: string
): Effect.Effect<void, HookCommandError, HookCommand> =>
  HookCommand.use((commands) =>
    Effect.asVoid(commands.run(tool, args, stdin === undefined ? {} : { stdin }))
  )

const Entries = Schema.Record(Schema.String, Schema.String)
const Names = Schema.Array(Schema.String)

/** String entries as Juju prints them; Go prints `null` for a map that was never made. */
export const PrintedEntries: Schema.Codec<
  Readonly<Record<string, string>>,
  Readonly<Record<string, string>> | null
> = Schema.NullOr(Entries).pipe(
  Schema.decodeTo(
    Entries,
    SchemaTransformation.transform({
      decode: (entries) => entries ?? {},
      encode: (entries) => entries
    })
  )
)

/** Names as Juju prints them; Go prints `null` for a list that was never made. */
export const PrintedNames: Schema.Codec<
  ReadonlyArray<string>,
  ReadonlyArray<string> | null
> = Schema.NullOr(Names).pipe(
  Schema.decodeTo(
    Names,
    SchemaTransformation.transform({ decode: (names) => names ?? [], encode: (names) => names })
  )
)
