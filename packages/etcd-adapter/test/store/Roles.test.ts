// The roles of docs/protocol/etcd.md, made by the very commands of that page: enough for a host, and no more.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { ParticipantId } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import { makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "../client/EachVersion.ts"
import { GROUP, open, see, seePeer, until, write } from "./Participants.ts"

const page = readFileSync(
  fileURLToPath(new URL("../../../../docs/protocol/etcd.md", import.meta.url)),
  "utf8"
)
const commands = (/```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? "")
  .trim()
  .split("\n")
  .map((line) => line.split(" ").slice(1))

const formation = "web"
const own = { _tag: "own", group: GROUP } as const
const to = { _tag: "to", group: GROUP, participant: ParticipantId.make("hosts/a") } as const

describeOnEach("a host with its role only", (etcd) => {
  it.live("takes part, and can neither write for another host nor read what is meant for it", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const ctl = cluster.etcdctl
      yield* ctl("user", "add", "root:secret")
      yield* ctl("user", "grant-role", "root", "root").pipe(
        Effect.catch(() =>
          Effect.andThen(ctl("role", "add", "root"), ctl("user", "grant-role", "root", "root"))
        )
      )
      yield* ctl("user", "add", "host-a:secret")
      assert.isAtLeast(commands.length, 5)
      const [last, ...later] = [...commands].reverse()
      for (const words of later.reverse()) yield* ctl(...words)
      yield* ctl("auth", "enable")
      const as = (name: string) =>
        connect({
          endpoints: cluster.endpoints,
          prefix: "/rollcall/",
          user: { name, password: Redacted.make("secret") }
        })
      const mirror = yield* open(yield* as("root"), "mirrors/0", { formation })
      const client = yield* as("host-a")
      const host = yield* open(client, "hosts/a", { formation })
      // without its role it says what it lacks, and begins as soon as it has it
      const refused = yield* until(Effect.flip(see(host)), ({ message }) => /grant/.test(message))
      assert.include(refused.message, cluster.endpoints[0] ?? "")
      yield* ctl("--user", "root:secret", ...(last ?? []))
      yield* until(write(host, own, { name: "a" }).pipe(Effect.as(true)), () => true)
      yield* until(seePeer(mirror, "hosts/a"), (seen) => seen?.get("name") === "a")
      yield* write(mirror, to, { letter: "for a" })
      yield* until(seePeer(host, "mirrors/0"), (seen) => seen?.get("letter") === "for a")
      yield* until(see(host), ({ leader }) => leader)
      assert.isTrue((yield* host.store.census).siblings.has(ParticipantId.make("hosts/a")))
      const root = "store/1/web/"
      for (const key of [
        "show/cluster/hosts/of/hosts%2Fb",
        "show/cluster/mirrors/shared",
        "lead/mirrors"
      ]) {
        const put = { op: "put", key: `${root}${key}`, value: "{}" } as const
        const refused = yield* Effect.flip(client.txn({ when: [], then: [put] }))
        assert.strictEqual(refused.reason, "permission-denied", key)
      }
      const read = yield* Effect.flip(
        client.range({ key: `${root}to/hosts%2Fb/`, end: `${root}to/hosts%2Fb0` })
      )
      assert.strictEqual(read.reason, "permission-denied")
    })
  )
})
