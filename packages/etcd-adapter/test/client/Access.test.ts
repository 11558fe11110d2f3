// Who may do what: TLS with client certificates, users with passwords, and the least role of the README, made by its own
// etcdctl commands.
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import type { EtcdOptions } from "../../src/index.ts"
import { type EtcdCluster, makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const PREFIX = "/rollcall/prod/"

/** Runs the commands of the README's section, those that begin with etcdctl, with our prefix and passwords. */
const followReadme = Effect.fnUntraced(function* (cluster: EtcdCluster, section: string) {
  const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
  const part = page.slice(page.indexOf(`## ${section}`)).split(/\n#{2} /)[0] ?? ""
  const commands = [...part.matchAll(/^ {4}etcdctl (.+)$/gm)].map(([, words = ""]) => words)
  assert.isAbove(commands.length, 3)
  for (const words of commands) yield* cluster.etcdctl(...words.split(" "))
})

const tryAll = Effect.fnUntraced(function* (options: EtcdOptions) {
  const client = yield* connect({ ...options, prefix: PREFIX })
  const lease = yield* client.lease(5)
  yield* client.txn({
    when: [{ key: "a", target: "create", is: "=", value: 0 }],
    then: [{ op: "put", key: "a", value: "1", lease: lease.id }]
  })
  assert.strictEqual((yield* client.range({ key: "", end: "\0" })).count, 1)
  yield* client.watch({ key: "", end: "\0" }).pipe(Stream.take(1), Stream.runDrain)
  yield* client.revoke((yield* client.grant(5)).id)
  return client
})

describeOnEach("access", (etcd) => {
  it.live("by a certificate, whose name is the user, to no more than the role allows", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd, tls: true })
      yield* followReadme(cluster, "A role that can do no more than it must")
      const tls = yield* cluster.tlsFor("rollcall")
      yield* tryAll({ endpoints: cluster.endpoints, tls })

      const outside = yield* connect({ endpoints: cluster.endpoints, tls })
      const error = yield* Effect.flip(outside.range({ key: "/rollcall/other" }))
      assert.strictEqual(error.reason, "permission-denied")
      const watching = outside.watch({ key: "/rollcall/", end: "/rollcall0" })
      const refused = yield* Effect.flip(Stream.runDrain(watching))
      assert.strictEqual(refused.reason, "permission-denied")

      const other = { endpoints: cluster.endpoints, tls: yield* cluster.tlsFor("stranger") }
      const unknown = yield* Effect.flip(
        Effect.flatMap(connect(other), (c) => c.range({ key: "a" }))
      )
      assert.include(["permission-denied", "unauthenticated"], unknown.reason)
    })
  )

  it.live("by name and password, with a new token when etcd has forgotten the old one", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      yield* followReadme(cluster, "A role that can do no more than it must")
      const user = { name: "rollcall", password: Redacted.make("a-long-password") }
      const client = yield* tryAll({ endpoints: cluster.endpoints, user })
      assert.strictEqual((yield* client.counts).get("Authenticate"), 1)

      const idle = yield* connect({ endpoints: cluster.endpoints, user, prefix: PREFIX })
      yield* idle.range({ key: "t" })
      const seen: Array<string> = []
      yield* client.watch({ key: "t" }).pipe(
        Stream.runForEach((batch) => Effect.sync(() => void seen.push(batch._tag))),
        Effect.forkScoped
      )
      const write = client.txn({
        when: [{ key: "t", target: "version", is: ">", value: -1 }],
        then: [{ op: "put", key: "t", value: "" }]
      })
      yield* Effect.repeat(Effect.sleep(10), { until: () => seen.length === 1 })
      // what makes etcd forget tokens, and what breaks the stream, so that it is opened with a new one
      const root = ["--user", "root:another-long-password", "auth"]
      yield* cluster.etcdctl(...root, "disable")
      yield* cluster.etcdctl("auth", "enable")
      for (const { kill, start, healthy } of cluster.members) {
        yield* kill
        yield* start
        yield* healthy
      }
      yield* idle.range({ key: "t" })
      assert.strictEqual((yield* idle.counts).get("Authenticate"), 2)
      yield* write
      assert.isAbove((yield* client.counts).get("Authenticate") ?? 0, 1)
      yield* Effect.repeat(Effect.sleep(10), { until: () => seen.length === 2 })
    })
  )
})
