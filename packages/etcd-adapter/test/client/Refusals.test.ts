// What goes wrong says what, where and what to do about it, and when it is mended work goes on with the same client.
import { createServer } from "node:http"
import { type AddressInfo, createServer as createListener, type Server } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Stream } from "effect"
import type { EtcdError, EtcdOptions, EtcdReason, EtcdShape } from "../../src/index.ts"
import { makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const put = (client: EtcdShape, key: string, value: string) =>
  client.txn({ when: [], then: [{ op: "put", key, value }] })

/** The error of a read with these options, which names the endpoint. */
const refusal = (options: EtcdOptions): Effect.Effect<EtcdError> =>
  connect({ deadlineMillis: 2_000, ...options }).pipe(
    Effect.flatMap((client) => client.range({ key: "k" })),
    Effect.flip,
    Effect.tap((error) =>
      Effect.sync(() => assert.include(error.message, options.endpoints[0] ?? ""))
    ),
    Effect.scoped,
    Effect.orDie
  )

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed((server.address() as AddressInfo).port))
      )
    }),
    () => Effect.sync(() => server.close())
  )

describe("a wrong endpoint", () => {
  it.live("is an error, whatever listens there", () =>
    Effect.gen(function* () {
      const web = yield* listening(createServer((_, response) => response.end("hello")))
      const silent = yield* listening(createListener(() => undefined))
      const cases: ReadonlyArray<readonly [endpoint: string, reason: EtcdReason]> = [
        ["127.0.0.1:1", "unreachable"],
        ["nosuch.invalid:2379", "unreachable"],
        [`127.0.0.1:${web}`, "unreachable"],
        [`https://127.0.0.1:${web}`, "tls"],
        [`127.0.0.1:${silent}`, "deadline"]
      ]
      for (const [endpoint, reason] of cases) {
        assert.strictEqual((yield* refusal({ endpoints: [endpoint] })).reason, reason, endpoint)
      }
    })
  )

  it.live("or a key that is none, is refused before anything is sent", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<EtcdOptions> = [
        { endpoints: ["ftp://host:1"] },
        { endpoints: ["http://a b"] },
        { endpoints: ["host:2379/path"] },
        { endpoints: [] },
        { endpoints: ["host:1"], tls: { key: Redacted.make("secret"), cert: "nonsense" } },
        { endpoints: ["host:1"], tls: { ca: "nonsense" } }
      ]
      for (const options of wrong) {
        const error = yield* Effect.flip(connect(options))
        assert.include(["invalid", "tls"], error.reason)
        assert.notInclude(error.message, "secret")
      }
    })
  )
})

describeOnEach("bad input", (etcd) => {
  it.live("in certificates is an error that says so", () =>
    Effect.gen(function* () {
      const { endpoints, tlsFor } = yield* makeEtcdCluster({ etcd, tls: true })
      const tls = yield* tlsFor("rollcall")
      const { ca = "" } = tls
      const foreign = yield* (yield* makeEtcdCluster({ etcd, tls: true })).tlsFor("rollcall")
      assert.strictEqual((yield* refusal({ endpoints })).reason, "tls")
      assert.strictEqual((yield* refusal({ endpoints, tls: { ca } })).reason, "tls")
      assert.strictEqual((yield* refusal({ endpoints, tls: foreign })).reason, "tls")
      const expired = yield* refusal({ endpoints, tls: yield* tlsFor("late", -1) })
      assert.strictEqual(expired.reason, "tls")
      assert.match(expired.message, /certificate.*; check the certificates, their dates and names$/)
      let current = yield* tlsFor("late", -1)
      const renewing = yield* connect({ endpoints, tls: () => current })
      assert.strictEqual((yield* Effect.flip(renewing.range({ key: "k" }))).reason, "tls")
      current = tls
      assert.strictEqual((yield* renewing.range({ key: "k" })).count, 0)
      const byName = endpoints.map((endpoint) => endpoint.replace("127.0.0.1", "localhost"))
      const client = yield* connect({ endpoints: byName, tls })
      assert.strictEqual((yield* client.range({ key: "k" })).count, 0)
    })
  )

  it.live("in names and passwords is an error that says so, and shows no password", () =>
    Effect.gen(function* () {
      const { endpoints, etcdctl } = yield* makeEtcdCluster({ etcd })
      for (const words of ["user add root:pw", "user grant-role root root", "auth enable"]) {
        yield* etcdctl(...words.split(" "))
      }
      const by = (name: string, password: string) => ({
        endpoints,
        user: { name, password: Redacted.make(password) }
      })
      for (const options of [{ endpoints }, by("nobody", "secret"), by("root", "secret")]) {
        const error = yield* refusal(options)
        assert.strictEqual(error.reason, "unauthenticated")
        assert.notInclude(error.message, "secret")
        const client = yield* connect(options)
        const watch = yield* Effect.flip(Stream.runDrain(client.watch({ key: "k" })))
        assert.strictEqual(watch.reason, "unauthenticated")
      }
    })
  )

  it.live("that is too much, or names a lease that is gone, is refused", () =>
    Effect.gen(function* () {
      const { endpoints } = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints })
      const large = yield* Effect.flip(put(client, "k", "x".repeat(2_000_000)))
      assert.strictEqual(large.reason, "too-large")
      const gone = client.txn({ when: [], then: [{ op: "put", key: "k", value: "", lease: 7n }] })
      assert.strictEqual((yield* Effect.flip(gone)).reason, "lease-not-found")
    })
  )

  it.live("a full disk stops writing and nothing else, until the alarm is disarmed", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({
        etcd,
        flags: ["--quota-backend-bytes", String(2 ** 21)]
      })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const lease = yield* client.lease(3)
      // etcd counts what it has committed, a tenth of a second later
      const fill = put(client, "k/1", "x".repeat(100_000)).pipe(
        Effect.andThen(Effect.sleep(5)),
        Effect.forever
      )
      const full = yield* Effect.flip(fill)
      assert.strictEqual(full.reason, "no-space")
      assert.include(full.message, "etcdctl alarm disarm")
      assert.isAbove((yield* client.range({ key: "k/", end: "k0" })).count, 0)
      assert.strictEqual((yield* Effect.flip(client.grant(5))).reason, "no-space")
      yield* client.txn({ when: [], then: [{ op: "delete", key: "k/", end: "k0" }] })
      yield* Effect.sleep(3_500)
      assert.isAbove(yield* lease.remainingMillis, 0)

      const { revision } = yield* client.range({ key: "k" })
      yield* cluster.etcdctl("compact", String(revision))
      yield* cluster.etcdctl("defrag")
      yield* cluster.etcdctl("alarm", "disarm")
      assert.isTrue((yield* put(client, "k", "again")).succeeded)
    })
  )

  it.live("a blind transaction is not tried twice, a guarded one says that it was", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      yield* put(client, "k", "0")
      yield* Effect.forEach(cluster.members, ({ stop }) => stop)
      const blind = yield* Effect.exit(put(client, "k", "1"))
      assert.isTrue(Exit.isFailure(blind))
      assert.strictEqual((yield* client.counts).get("Txn"), 2)
      const guarded = yield* Effect.forkChild(
        client.txn({
          when: [{ key: "g", target: "create", is: "=", value: 0 }],
          then: [{ op: "put", key: "g", value: "" }]
        })
      )
      yield* Effect.sleep(2_000)
      yield* Effect.forEach(cluster.members, ({ resume }) => resume)
      assert.isTrue((yield* Fiber.join(guarded)).repeated)
      assert.strictEqual((yield* client.range({ key: "g" })).kvs[0]?.version, 1)
      assert.isAbove((yield* client.counts).get("Txn") ?? 0, 3)
    })
  )
})
