// What Juju tells a hook in its environment: who this unit is and which event it runs for.
// Juju sets exactly this environment for every hook, action and juju-exec (HookVars in
// internal/worker/uniter/runner/context in juju/juju); an empty variable means the same as an absent one.
// A juju-exec command has no dispatch path; when it sets one itself, it dispatches an event of the charm's own.
import { Context, Effect, Layer, Schema } from "effect"
import { RelationId } from "./RelationId.ts"
import { type KeyIssue, keyIssues } from "./SchemaIssues.ts"

/** What this process runs for: `name` is that of the hook (`db-relation-changed`) or action, empty for juju-exec. */
export interface JujuEvent {
  readonly kind: "hook" | "action" | "juju-exec"
  readonly name: string
  readonly relation?: RelationId
  /** Absent in relation-created and -broken, and when the remote application's databag changed. */
  readonly remoteUnit?: string
  readonly remoteApp?: string
  /** Set in relation-departed only; the own unit when it is this one that leaves. */
  readonly departingUnit?: string
  readonly secret?: { readonly id: string; readonly label?: string; readonly revision?: number }
  readonly action?: { readonly name: string; readonly uuid: string }
}

/** The unit and the event of this process. */
export interface JujuContextShape {
  readonly unit: string
  readonly app: string
  readonly model: { readonly name: string; readonly uuid: string }
  /** The machine's number, such as `0` or `0/lxd/1`; absent on Kubernetes. */
  readonly machine?: string
  /** The cloud's availability zone of the machine, where it has any. */
  readonly zone?: string
  readonly charmDir: string
  readonly jujuVersion: string
  readonly event: JujuEvent
}

/** An environment that is not a hook's. */
export class NotInHook extends Schema.TaggedError<NotInHook>()("NotInHook", {
  variable: Schema.String,
  problem: Schema.String
}) {
  /** One line: which variable is wrong, and where this can run. */
  override get message(): string {
    return `${this.variable} ${this.problem}: this process was not started by Juju; run it as a charm's dispatch, or on the machine with \`juju exec --unit <app/0> -- <command>\``
  }
}

/** The abstract layer over a hook's environment. */
export class JujuContext extends Context.Service<JujuContext, JujuContextShape>()(
  "@rollcall/juju-adapter/JujuContext"
) {
  /** The context in `environment`, such as `process.env`. **Fails with** `NotInHook`. */
  static readonly layer = (environment: Environment): Layer.Layer<JujuContext, NotInHook> =>
    Layer.effect(JujuContext, jujuContextOf(environment))
}

/** Variables of a process, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The context in `environment`. **Fails with** `NotInHook`. */
export const jujuContextOf = (
  environment: Environment
): Effect.Effect<JujuContextShape, NotInHook> => {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== "")
  )
  return decodeVariables(set).pipe(
    Effect.mapError(({ issue }) => {
      const { key, expected } = keyIssues(issue)[0] as KeyIssue
      const problem = set[key] === undefined ? "is not set" : `is not ${expected}`
      return new NotInHook({ variable: key, problem })
    }),
    Effect.map(contextOf)
  )
}

// -----------------------------------------------------------------------------------------------------------------

const text = Schema.optionalKey(Schema.String)
const Variables = Schema.Struct({
  JUJU_CONTEXT_ID: Schema.String,
  JUJU_UNIT_NAME: Schema.String.check(
    Schema.isPattern(/^[a-z][a-z0-9-]*\/\d+$/, { expected: "a unit's name such as app/0" })
  ),
  JUJU_MODEL_UUID: Schema.String,
  JUJU_MODEL_NAME: Schema.String,
  JUJU_CHARM_DIR: Schema.String,
  JUJU_VERSION: Schema.String,
  JUJU_MACHINE_ID: text,
  JUJU_AVAILABILITY_ZONE: text,
  JUJU_DISPATCH_PATH: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^(?:.*\/)?(?:hooks|actions)\/[^/]+$/, {
        expected: "a path such as hooks/install or actions/backup"
      })
    )
  ),
  JUJU_RELATION_ID: Schema.optionalKey(RelationId),
  JUJU_REMOTE_UNIT: text,
  JUJU_REMOTE_APP: text,
  JUJU_DEPARTING_UNIT: text,
  JUJU_SECRET_ID: text,
  JUJU_SECRET_LABEL: text,
  JUJU_SECRET_REVISION: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt())),
  JUJU_ACTION_NAME: text,
  JUJU_ACTION_UUID: text
})
type Variables = typeof Variables.Type
const decodeVariables = Schema.decodeUnknownEffect(Variables)

const contextOf = (variables: Variables): JujuContextShape => ({
  unit: variables.JUJU_UNIT_NAME,
  app: variables.JUJU_UNIT_NAME.slice(0, variables.JUJU_UNIT_NAME.indexOf("/")),
  model: { name: variables.JUJU_MODEL_NAME, uuid: variables.JUJU_MODEL_UUID },
  ...given("machine", variables.JUJU_MACHINE_ID),
  ...given("zone", variables.JUJU_AVAILABILITY_ZONE),
  charmDir: variables.JUJU_CHARM_DIR,
  jujuVersion: variables.JUJU_VERSION,
  event: eventOf(variables)
})

const eventOf = (variables: Variables): JujuEvent => {
  const action = variables.JUJU_ACTION_NAME
  return {
    ...dispatched(variables.JUJU_DISPATCH_PATH),
    ...given("relation", variables.JUJU_RELATION_ID),
    ...given("remoteUnit", variables.JUJU_REMOTE_UNIT),
    ...given("remoteApp", variables.JUJU_REMOTE_APP),
    ...given("departingUnit", variables.JUJU_DEPARTING_UNIT),
    ...given("secret", secretOf(variables)),
    ...given(
      "action",
      action === undefined ? undefined : { name: action, uuid: variables.JUJU_ACTION_UUID ?? "" }
    )
  }
}

const dispatched = (path: string | undefined): Pick<JujuEvent, "kind" | "name"> => {
  if (path === undefined) return { kind: "juju-exec", name: "" }
  const [folder, name] = path.split("/").slice(-2) as [string, string]
  return { kind: folder === "actions" ? "action" : "hook", name }
}

const secretOf = (variables: Variables): JujuEvent["secret"] =>
  variables.JUJU_SECRET_ID === undefined
    ? undefined
    : {
        id: variables.JUJU_SECRET_ID,
        ...given("label", variables.JUJU_SECRET_LABEL),
        ...given("revision", variables.JUJU_SECRET_REVISION)
      }

const given = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
