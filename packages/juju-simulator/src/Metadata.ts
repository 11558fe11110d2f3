/**
 * What an unpacked charm says about itself: metadata.yaml, config.yaml and actions.yaml, or a charmcraft.yaml
 * that carries all three. Only what the simulator uses is read; the implicit `juju-info` endpoint is not added.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseYaml } from "./Yaml.ts"

/** A value of a charm's config option. */
export type ConfigValue = string | number | boolean

/** The role an endpoint plays in a relation, in Juju's words. */
export type EndpointRole = "provider" | "requirer" | "peer"

/** One relation endpoint that a charm declares. */
export interface EndpointSpec {
  readonly name: string
  readonly role: EndpointRole
  readonly interface: string
  readonly scope: "global" | "container"
  readonly limit?: number
}

/** One declared config option. */
export interface ConfigOption {
  readonly type: "string" | "int" | "float" | "boolean" | "secret"
  readonly default?: ConfigValue
}

/** One declared action: the defaults of its parameters. */
export interface ActionSpec {
  readonly defaults: Readonly<Record<string, unknown>>
}

/** Everything the simulator needs to know of a charm. */
export interface CharmMetadata {
  readonly name: string
  readonly subordinate: boolean
  readonly endpoints: ReadonlyMap<string, EndpointSpec>
  readonly extraBindings: ReadonlyArray<string>
  readonly resources: ReadonlyArray<string>
  readonly storage: ReadonlyArray<string>
  readonly options: ReadonlyMap<string, ConfigOption>
  readonly actions: ReadonlyMap<string, ActionSpec>
}

/** The three documents of a charm as plain parsed YAML. */
export interface CharmDocuments {
  readonly metadata: unknown
  readonly config?: unknown
  readonly actions?: unknown
}

type Tree = Readonly<Record<string, unknown>>

/** Turns the parsed documents of a charm into its metadata. */
export const parseMetadata = (documents: CharmDocuments): CharmMetadata => {
  const metadata = tree(documents.metadata)
  const name = metadata.name
  if (typeof name !== "string" || name === "") {
    throw new Error("the charm has no name: metadata.yaml or charmcraft.yaml needs a `name:` line")
  }
  return {
    name,
    subordinate: metadata.subordinate === true,
    endpoints: endpointsOf(metadata),
    extraBindings: Object.keys(tree(metadata["extra-bindings"])),
    resources: Object.keys(tree(metadata.resources)),
    storage: Object.keys(tree(metadata.storage)),
    options: optionsOf(tree(documents.config).options),
    actions: actionsOf(documents.actions)
  }
}

/** Reads the metadata of the unpacked charm in a folder; the separate files win over charmcraft.yaml. */
export const readMetadata = (charmDir: string): CharmMetadata =>
  parseMetadata(readDocuments(charmDir))

/** The documents of an unpacked charm as parsed YAML, to run the charm's code in this process. */
export const readDocuments = (charmDir: string): CharmDocuments => {
  const craft = tree(readYaml(join(charmDir, "charmcraft.yaml")))
  return {
    metadata: readYaml(join(charmDir, "metadata.yaml")) ?? craft,
    config: readYaml(join(charmDir, "config.yaml")) ?? craft.config,
    actions: readYaml(join(charmDir, "actions.yaml")) ?? craft.actions
  }
}

const readYaml = (path: string): unknown =>
  existsSync(path) ? parseYaml(readFileSync(path, "utf8")) : undefined

const tree = (value: unknown): Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {}

const ROLE_SECTIONS = [
  ["provides", "provider"],
  ["requires", "requirer"],
  ["peers", "peer"]
] as const

const endpointsOf = (metadata: Tree): ReadonlyMap<string, EndpointSpec> => {
  const endpoints = new Map<string, EndpointSpec>()
  for (const [section, role] of ROLE_SECTIONS) {
    for (const [name, spec] of Object.entries(tree(metadata[section]))) {
      endpoints.set(name, endpointOf(name, role, spec))
    }
  }
  return endpoints
}

// The short form `db: mysql` names only the interface.
const endpointOf = (name: string, role: EndpointRole, spec: unknown): EndpointSpec => {
  const fields = tree(spec)
  const limit = fields.limit
  return {
    name,
    role,
    interface: typeof spec === "string" ? spec : String(fields.interface ?? name),
    scope: fields.scope === "container" ? "container" : "global",
    ...(typeof limit === "number" ? { limit } : {})
  }
}

const optionsOf = (options: unknown): ReadonlyMap<string, ConfigOption> =>
  new Map(
    Object.entries(tree(options)).map(([name, spec]) => {
      const fields = tree(spec)
      const value = fields.default
      const type = (fields.type ?? "string") as ConfigOption["type"]
      return [
        name,
        value === undefined || value === null ? { type } : { type, default: value as ConfigValue }
      ]
    })
  )

// Every action of charmcraft.yaml sits under `actions:`, in actions.yaml at the top.
const actionsOf = (actions: unknown): ReadonlyMap<string, ActionSpec> =>
  new Map(
    Object.entries(tree(actions)).map(([name, spec]) => [
      name,
      { defaults: defaultsOf(tree(spec).params) }
    ])
  )

const defaultsOf = (params: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(tree(params))
      .filter(([, spec]) => "default" in tree(spec))
      .map(([name, spec]) => [name, tree(spec).default])
  )
