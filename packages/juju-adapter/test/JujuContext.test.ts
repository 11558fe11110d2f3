import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { JujuContext, type JujuEvent, jujuContextOf } from "../src/JujuContext.ts"

/** What Juju sets for every execution, for a unit of a machine model. */
const ALWAYS = {
  JUJU_CONTEXT_ID: "app/0-install-0123456789abcdef",
  JUJU_UNIT_NAME: "my-app/12",
  JUJU_MODEL_NAME: "prod",
  JUJU_MODEL_UUID: "11111111-2222-4333-8444-555555555555",
  JUJU_CHARM_DIR: "/var/lib/juju/agents/unit-my-app-12/charm",
  JUJU_VERSION: "3.6.8",
  JUJU_MACHINE_ID: "0/lxd/1",
  JUJU_PRINCIPAL_UNIT: "",
  PATH: "/usr/bin"
}

const relation = { endpoint: "db", id: 7 }
const relationVariables = {
  JUJU_RELATION: "db",
  JUJU_RELATION_ID: "db:7",
  JUJU_REMOTE_APP: "mysql"
}

// From the names of the variables of one event to the event.
const EVENTS: ReadonlyArray<readonly [string, Record<string, string>, JujuEvent]> = [
  [
    "a hook",
    { JUJU_DISPATCH_PATH: "hooks/config-changed" },
    { kind: "hook", name: "config-changed" }
  ],
  [
    "relation-changed of a unit",
    {
      JUJU_DISPATCH_PATH: "hooks/db-relation-changed",
      ...relationVariables,
      JUJU_REMOTE_UNIT: "mysql/0"
    },
    {
      kind: "hook",
      name: "db-relation-changed",
      relation,
      remoteApp: "mysql",
      remoteUnit: "mysql/0"
    }
  ],
  [
    "relation-changed of an application",
    { JUJU_DISPATCH_PATH: "hooks/db-relation-changed", ...relationVariables, JUJU_REMOTE_UNIT: "" },
    { kind: "hook", name: "db-relation-changed", relation, remoteApp: "mysql" }
  ],
  [
    "relation-departed",
    {
      JUJU_DISPATCH_PATH: "hooks/db-relation-departed",
      ...relationVariables,
      JUJU_REMOTE_UNIT: "mysql/1",
      JUJU_DEPARTING_UNIT: "mysql/1"
    },
    {
      kind: "hook",
      name: "db-relation-departed",
      relation,
      remoteApp: "mysql",
      remoteUnit: "mysql/1",
      departingUnit: "mysql/1"
    }
  ],
  [
    "secret-changed",
    {
      JUJU_DISPATCH_PATH: "hooks/secret-changed",
      JUJU_SECRET_ID: "secret:9m4e",
      JUJU_SECRET_LABEL: ""
    },
    { kind: "hook", name: "secret-changed", secret: { id: "secret:9m4e" } }
  ],
  [
    "secret-expired",
    {
      JUJU_DISPATCH_PATH: "hooks/secret-expired",
      JUJU_SECRET_ID: "secret:9m4e",
      JUJU_SECRET_LABEL: "join",
      JUJU_SECRET_REVISION: "2"
    },
    {
      kind: "hook",
      name: "secret-expired",
      secret: { id: "secret:9m4e", label: "join", revision: 2 }
    }
  ],
  [
    "an action",
    { JUJU_DISPATCH_PATH: "actions/backup", JUJU_ACTION_NAME: "backup", JUJU_ACTION_UUID: "3" },
    { kind: "action", name: "backup", action: { name: "backup", uuid: "3" } }
  ],
  ["juju-exec", { JUJU_HOOK_NAME: "" }, { kind: "juju-exec", name: "" }],
  [
    "an event of the charm's own, dispatched by juju-exec",
    { JUJU_HOOK_NAME: "", JUJU_DISPATCH_PATH: "hooks/lock_granted" },
    { kind: "hook", name: "lock_granted" }
  ]
]

describe("jujuContextOf", () => {
  it.effect.each(EVENTS)("reads %s", ([, variables, event]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* jujuContextOf({ ...ALWAYS, ...variables }), {
        unit: "my-app/12",
        app: "my-app",
        model: { name: "prod", uuid: "11111111-2222-4333-8444-555555555555" },
        machine: "0/lxd/1",
        charmDir: "/var/lib/juju/agents/unit-my-app-12/charm",
        jujuVersion: "3.6.8",
        event
      })
    })
  )

  it.effect("says which variable is missing and where this can run", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(jujuContextOf({ HOME: "/root" }))
      assert.deepInclude(error, { variable: "JUJU_CONTEXT_ID", problem: "is not set" })
      assert.match(error.message, /^JUJU_CONTEXT_ID is not set: .*juju exec --unit/)
    })
  )

  it.effect("says which variable is not as Juju sets it, and does not repeat its value", () =>
    Effect.gen(function* () {
      for (const [variable, value, expected] of [
        ["JUJU_UNIT_NAME", "app", "is not a unit's name such as app/0"],
        ["JUJU_DISPATCH_PATH", "install", "is not a path such as hooks/install or actions/backup"],
        ["JUJU_RELATION_ID", "db", "is not an endpoint and a number, such as db:7"],
        ["JUJU_SECRET_REVISION", "two", "is not"]
      ] as const) {
        const error = yield* Effect.flip(jujuContextOf({ ...ALWAYS, [variable]: value }))
        assert.strictEqual(error.variable, variable)
        assert.include(error.problem, expected)
      }
    })
  )

  it.effect("is a layer", () =>
    Effect.gen(function* () {
      const { unit } = yield* JujuContext
      assert.strictEqual(unit, "my-app/12")
    }).pipe(Effect.provide(JujuContext.layer(ALWAYS)))
  )
})
