/** A small model for tests of hook commands: `app` with peers and a requirer endpoint, related to one `mysql` unit. */

import {
  type CommandResult,
  type HookContext,
  type HookInvocation,
  openContext,
  UnitCache
} from "../src/HookContext.ts"
import { parseMetadata } from "../src/Metadata.ts"
import {
  applicationNameOf,
  counterpartsOf,
  type Model,
  type ModelOptions,
  makeModel
} from "../src/Model.ts"
import { addApplication, addUnit, electLeader, enterScope, relate } from "../src/ModelChange.ts"

/** The id of the relation `app:peers`. */
export const PEERS = 0

/** The id of the relation `app:db mysql:server`. */
export const DB = 1

const APP = parseMetadata({
  metadata: {
    name: "app",
    peers: { peers: { interface: "app-peers" } },
    requires: { db: { interface: "mysql" } },
    storage: { data: { type: "filesystem" } },
    "extra-bindings": { internal: null }
  },
  config: {
    options: {
      name: { type: "string", default: "x" },
      size: { type: "int", default: 5 },
      ratio: { type: "float", default: 0.5 },
      debug: { type: "boolean", default: false },
      note: { type: "string" }
    }
  },
  actions: { backup: { params: { target: { type: "string", default: "disk" } } } }
})

const MYSQL = parseMetadata({
  metadata: { name: "mysql", provides: { server: { interface: "mysql" } } }
})

/** `app` with this many units, all joined to each other and to `mysql/0`; `app/0` and `mysql/0` lead. */
export const makeCluster = (units = 3, options: ModelOptions = {}): Model => {
  const model = makeModel(options)
  addApplication(model, "app", APP)
  addApplication(model, "mysql", MYSQL)
  for (let number = 0; number < units; number += 1) addUnit(model, "app")
  addUnit(model, "mysql")
  relate(model, "app:db", "mysql:server")
  joinEverything(model)
  electLeader(model, "app/0", 60_000)
  electLeader(model, "mysql/0", 60_000)
  return model
}

/** Puts every unit in scope of all its relations and lets it know its counterparts. */
export const joinEverything = (model: Model): void => {
  for (const relation of model.relations.values()) {
    const names = relation.endpoints.map((side) => side.application)
    const units = [...model.units.keys()].filter((unit) => names.includes(applicationNameOf(unit)))
    for (const unit of units) {
      if (!relation.scopes.has(unit)) enterScope(model, relation.id, unit)
    }
    for (const unit of units) {
      const members = counterpartsOf(relation, unit).map(
        (scope) => [scope.unit, scope.settings.version] as const
      )
      model.units.get(unit)?.progress.set(relation.id, {
        created: true,
        broken: false,
        members: new Map(members),
        applications: new Map(),
        changedPending: undefined
      })
    }
  }
}

/** One execution that a test scripts. */
export interface Script extends HookContext {
  /** Runs a command that must ask for nothing more, and returns how it ended. */
  readonly call: (command: string, ...args: ReadonlyArray<string>) => CommandResult
  /** Runs a command with stdin. */
  readonly feed: (stdin: string, command: string, ...args: ReadonlyArray<string>) => CommandResult
  /** Runs a command that must succeed without a word on stderr, and returns its stdout. */
  readonly out: (command: string, ...args: ReadonlyArray<string>) => string
}

/** Opens an execution of a unit: by default an update-status of an agent that has just started. */
export const open = (
  model: Model,
  unit: string,
  invocation: Partial<HookInvocation> = {},
  cache = new UnitCache()
): Script => {
  const context = openContext(
    model,
    unit,
    { kind: "hook", name: "update-status", contextId: `${unit}-test`, ...invocation },
    cache
  )
  const run = (command: string, args: ReadonlyArray<string>, stdin?: string) => {
    const request = { command, args, cwd: "/tmp", ...(stdin === undefined ? {} : { stdin }) }
    const answer = context.run(request)
    if ("needStdin" in answer) throw new Error(`${command} asked for stdin`)
    return answer
  }
  return {
    ...context,
    call: (command, ...args) => run(command, args),
    feed: (stdin, command, ...args) => run(command, args, stdin),
    out: (command, ...args) => {
      const result = run(command, args)
      if (result.code !== 0 || result.stderr !== "") throw new Error(JSON.stringify(result))
      return result.stdout
    }
  }
}

/** The relation hook of `db` about `mysql/0`. */
export const dbHook = (kind: "joined" | "changed" | "departed"): Partial<HookInvocation> => ({
  name: `db-relation-${kind}`,
  relationId: DB,
  endpoint: "db",
  remoteUnit: "mysql/0",
  remoteApp: "mysql"
})

/** The relation hook of `peers` about another unit. */
export const peerHook = (
  kind: "joined" | "changed" | "departed",
  remoteUnit: string
): Partial<HookInvocation> => ({
  name: `peers-relation-${kind}`,
  relationId: PEERS,
  endpoint: "peers",
  remoteUnit,
  remoteApp: "app"
})

/** Runs one execution and commits it; throws when the commit is refused. */
export const commit = (model: Model, unit: string, body: (script: Script) => void): void => {
  const script = open(model, unit)
  body(script)
  const outcome = script.commit()
  if (!outcome.ok) throw new Error(outcome.error)
}

/** How a command failed: its exit code and stderr. */
export const failure = (result: CommandResult): readonly [number, string] => [
  result.code,
  result.stderr
]
