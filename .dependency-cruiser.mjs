// Who may import whom. The table is the whole rule for src folders; what a package's tests import is its own affair,
// except for the simulator: it is the oracle, so not even its tests know the code that is measured against it.
const builtins = "a module of Node"

const mayImport = {
  core: ["effect"],
  conformance: ["@rollcall/core", "effect", "vitest", "@effect/vitest"],
  "juju-simulator": ["effect", "yaml", builtins],
  "juju-adapter": ["@rollcall/core", "effect", "execa", builtins],
  "hpke-adapter": ["@rollcall/core", "effect", "@hpke/core", builtins],
  "microcluster-adapter": ["@rollcall/core", "effect", "execa", "yaml", builtins],
  "etcd-adapter": [
    "@rollcall/core",
    "effect",
    "@connectrpc/connect",
    "@connectrpc/connect-node",
    "@bufbuild/protobuf",
    builtins
  ],
  cli: [
    "@rollcall/core",
    "@rollcall/juju-adapter",
    "@rollcall/hpke-adapter",
    "@rollcall/microcluster-adapter",
    "effect",
    "@effect/platform-node",
    builtins
  ],
  "example-charm": [
    "@rollcall/core",
    "@rollcall/juju-adapter",
    "@rollcall/etcd-adapter",
    "@rollcall/hpke-adapter",
    "@rollcall/microcluster-adapter",
    "effect",
    builtins
  ]
}

/** Where an import of `name` ends: a workspace package in its sources, a foreign one below node_modules. */
const placeOf = (name) =>
  name.startsWith("@rollcall/")
    ? `^packages/${name.slice("@rollcall/".length)}/src/index[.]ts$`
    : `node_modules/${name}/`

const directions = Object.entries(mayImport).flatMap(([name, allowed]) => {
  const from = { path: `^(packages|apps)/${name}/src/` }
  const places = allowed.filter((to) => to !== builtins).map(placeOf)
  const own = `^(packages|apps)/${name}/src/`
  const ban = { name: `${name}-imports`, severity: "error", from }
  const foreign = { pathNot: [own, ...places], dependencyTypesNot: ["core"] }
  const node = { dependencyTypes: ["core"] }
  return [
    { ...ban, to: foreign },
    ...(allowed.includes(builtins) ? [] : [{ ...ban, name: `${name}-without-node`, to: node }])
  ]
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...directions,
    {
      name: "every-package-is-in-the-table",
      severity: "error",
      from: {
        path: "^(packages|apps)/[^/]+/src/",
        pathNot: `^[^/]+/(${Object.keys(mayImport).join("|")})/`
      },
      to: {}
    },
    {
      name: "simulator-is-the-oracle",
      severity: "error",
      from: { path: "^packages/juju-simulator/" },
      to: { path: "^(packages/(?!juju-simulator/)|apps/|benchmarks/)" }
    },
    {
      name: "services-meet-in-records",
      comment:
        "mirror/ and token-issuer/ know each other's wire records; the issuer alone also reads the mirror",
      severity: "error",
      from: {
        path: "^packages/core/src/(mirror|token-issuer)/",
        pathNot: "/token-issuer/TokenIssuer[.]ts$"
      },
      to: {
        path: "^packages/core/src/(mirror|token-issuer)/",
        pathNot: ["^packages/core/src/$1/", "Record[.]ts$"]
      }
    },
    {
      name: "nothing-imports-the-benchmarks",
      severity: "error",
      from: { pathNot: "^benchmarks/" },
      to: { path: "^benchmarks/" }
    },
    {
      name: "sources-without-tests",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/" },
      to: { path: "^(packages|apps)/[^/]+/(test|demo)/" }
    },
    {
      name: "sources-import-what-they-declare",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] }
    },
    {
      name: "sources-without-dev-dependencies",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm", "npm-peer"] }
    },
    // types are gone when the program runs: two files may name each other's
    {
      name: "no-circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }
    },
    { name: "leads-nowhere", severity: "error", from: {}, to: { couldNotResolve: true } }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Only our own build output: an excluded path is an import that no rule sees, and most packages keep a dist.
    exclude: { path: "^(packages|apps)/[^/]+/(dist|bundle)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@rollcall/source", "types", "import", "default"],
      extensions: [".ts", ".js", ".mjs", ".json"]
    }
  }
}
