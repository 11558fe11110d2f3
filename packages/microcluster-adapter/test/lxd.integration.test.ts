// The adapter against real daemons of LXD and Incus, each on a host of its own on this machine. Every test is a trap:
// something these products do otherwise than their answers suggest.
import { assert, describe, it } from "@effect/vitest"
import { type ClusterCliError, type HostName, hostName } from "@rollcall/core"
import { Effect, Redacted, Schedule } from "effect"
import { executeChild, runCommand } from "../src/Execution.ts"
import {
  findLxdPackage,
  type LxdHost,
  type LxdPackage,
  makeLxdHosts
} from "../src/testbed/index.ts"
import { reportOmission } from "./Omission.ts"

const UNIT_1 = hostName("unit-1") as HostName
const UNIT_2 = hostName("unit-2") as HostName
const UNIT_3 = hostName("unit-3") as HostName
const LIMIT = 90_000

const reasonOf = (call: Effect.Effect<unknown, ClusterCliError>) =>
  Effect.map(Effect.flip(call), ({ reason }) => reason)

const names = (host: LxdHost) =>
  Effect.map(host.cli().list, (members) => members.map(({ name }) => name).toSorted())

/** Three hosts; the first has founded a cluster, and the others joined it as far as `members` tells. */
const threeHosts = Effect.fnUntraced(function* (lxd: LxdPackage, members: 0 | 1 | 2 | 3) {
  const hosts = yield* makeLxdHosts(lxd, [UNIT_1, UNIT_2, UNIT_3])
  const [one, two, three] = hosts as [LxdHost, LxdHost, LxdHost]
  if (members > 0) yield* one.cli().bootstrap([])
  if (members > 1) yield* two.cli().join(yield* one.cli().add(UNIT_2), [])
  if (members > 2) yield* three.cli().join(yield* one.cli().add(UNIT_3), [])
  return { one, two, three }
})

/** The product's own client, for what the adapter would not do. */
const client = (on: LxdHost, ...words: ReadonlyArray<string>) =>
  runCommand(executeChild, { argv: [...on.client, ...words], env: on.env, timeoutMillis: 20_000 })

const founding = Effect.fnUntraced(function* (lxd: LxdPackage) {
  const { one, two, three } = yield* threeHosts(lxd, 0)
  assert.strictEqual(yield* reasonOf(one.cli().list), "not-initialised")
  assert.strictEqual(yield* reasonOf(one.cli().add(UNIT_2)), "not-initialised")
  yield* one.cli().bootstrap([])
  assert.strictEqual(yield* reasonOf(one.cli().bootstrap([])), "already-initialised")
  assert.strictEqual(
    yield* reasonOf(one.cli({ name: "another" }).bootstrap([])),
    "already-initialised"
  )
  yield* two.cli().join(yield* one.cli().add(UNIT_2), [])
  yield* three.cli().join(yield* two.cli().add(UNIT_3), [])
  // A new member has no role for a moment.
  const settled = yield* three.cli().list.pipe(
    Effect.repeat({
      until: (members) => members.every(({ role }) => role === "voter"),
      schedule: Schedule.spaced("200 millis"),
      times: 50
    })
  )
  assert.deepStrictEqual(
    settled.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    [1, 2, 3].map((index) => ({
      name: `unit-${index}`,
      address: `10.77.0.${index + 10}:8443`,
      role: "voter",
      status: "online"
    }))
  )
})

const tokens = Effect.fnUntraced(function* (lxd: LxdPackage) {
  const { one, two, three } = yield* threeHosts(lxd, 2)
  const add = one.cli().add(UNIT_3)
  const joining = (token: Redacted.Redacted<string>) => reasonOf(three.cli().join(token, []))

  const superseded = yield* add
  const live = yield* add
  assert.notStrictEqual(Redacted.value(superseded), Redacted.value(live))
  assert.strictEqual(yield* joining(superseded), "token-rejected")
  for (const garbage of ["garbage!", "e30=", ""]) {
    assert.strictEqual(yield* joining(Redacted.make(garbage)), "token-rejected", garbage)
  }

  yield* client(one, "config", "set", "cluster.join_token_expiry=1S")
  const short = yield* add
  yield* Effect.sleep("1500 millis")
  assert.strictEqual(yield* joining(short), "token-expired")
  assert.strictEqual(yield* joining(short), "token-rejected")
  yield* client(one, "config", "set", "cluster.join_token_expiry=3H")

  const orphaned = yield* two.cli().add(UNIT_3)
  yield* two.kill
  yield* two.start
  assert.strictEqual(yield* joining(orphaned), "token-rejected")

  const good = yield* add
  yield* three.cli().join(good, [])
  assert.strictEqual(yield* joining(good), "already-initialised")
  assert.deepStrictEqual(yield* names(one), ["unit-1", "unit-2", "unit-3"])
})

const tokenForMember = Effect.fnUntraced(function* (lxd: LxdPackage) {
  const { one, three } = yield* threeHosts(lxd, 2)
  assert.strictEqual(yield* reasonOf(one.cli().add(UNIT_2)), "already-a-member")
  const minted = yield* client(one, "cluster", "add", "-q", "unit-2")
  if (lxd.product === "incus") {
    assert.include(minted.stderr, "The cluster already has a member with name: unit-2")
    return
  }
  const token = Redacted.make(minted.stdout.trim())
  assert.strictEqual(yield* reasonOf(three.cli().join(token, [])), "token-rejected")
  const twin = three.cli({ name: "unit-2" })
  assert.strictEqual(yield* reasonOf(twin.join(token, [])), "name-taken")
  // From then on the machine is barred, under its own name and with a token of its own.
  const own = yield* one.cli().add(UNIT_3)
  const barred = yield* Effect.flip(three.cli().join(own, []))
  assert.strictEqual(barred.reason, "name-taken")
  assert.include(barred.detail, "Existing server certificate with different name")
})

const removing = Effect.fnUntraced(function* (lxd: LxdPackage) {
  const { one, two, three } = yield* threeHosts(lxd, 3)
  yield* three.kill
  const said = yield* client(one, "cluster", "remove", "unit-3")
  assert.strictEqual(said.code, 1)
  assert.include(said.stderr, "Failed to cleanup the member")
  assert.deepStrictEqual(yield* names(one), ["unit-1", "unit-2"])
  yield* one.cli().remove(UNIT_3, { force: false })
  yield* one.cli().remove(UNIT_3, { force: true })

  // A member that was removed while it was down never becomes ready again, and then its list has no end.
  yield* Effect.forkScoped(Effect.ignore(three.start))
  const silent = yield* reasonOf(three.cli({ timeoutMillis: 1_500 }).list).pipe(
    Effect.repeat({ while: (reason) => reason === "busy", schedule: Schedule.spaced("200 millis") })
  )
  assert.strictEqual(silent, "timed-out")

  yield* one.cli().remove(UNIT_2, { force: false })
  assert.deepStrictEqual(yield* names(one), ["unit-1"])
  // The removed daemon starts itself anew and is nobody's member; until then it is busy.
  const after = yield* reasonOf(two.cli().list).pipe(
    Effect.repeat({ while: (reason) => reason === "busy", schedule: Schedule.spaced("200 millis") })
  )
  assert.strictEqual(after, "not-initialised")
  yield* two.cli().join(yield* one.cli().add(UNIT_2), [])
  assert.deepStrictEqual(yield* names(two), ["unit-1", "unit-2"])
})

const deaths = Effect.fnUntraced(function* (lxd: LxdPackage) {
  const { one, two, three } = yield* threeHosts(lxd, 3)
  yield* two.kill
  assert.strictEqual(yield* reasonOf(two.cli().list), "busy")
  yield* one.cli().remove(UNIT_2, { force: false })
  assert.deepStrictEqual(yield* names(one), ["unit-1", "unit-3"])
  yield* three.cut
  const began = Date.now()
  const reason = yield* reasonOf(three.cli({ timeoutMillis: 3_000 }).list)
  assert.oneOf(reason, ["busy", "timed-out"])
  assert.isBelow(Date.now() - began, 9_000)
  yield* three.heal
  yield* names(three).pipe(Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 60 }))
})

for (const product of ["lxd", "incus"] as const) {
  const lxd = findLxdPackage(product)
  describe(`a real ${product}`, () => {
    if (typeof lxd === "string") {
      it("is not on this machine: reported as omitted", () => {
        reportOmission(`microcluster-adapter against a real ${product}`, lxd)
        assert.isAbove(lxd.length, 0)
      })
      return
    }
    const trap = (name: string, body: (lxd: LxdPackage) => ReturnType<typeof founding>) =>
      it.live(name, () => body(lxd).pipe(Effect.scoped), LIMIT)

    trap(
      "founds once, joins, and lists roles and addresses; a second founding is refused",
      founding
    )
    trap("tokens end by use, by a newer one, by time, and with the daemon that minted them", tokens)
    trap("mints no token for a member, and this is what it would do", tokenForMember)
    trap("fails to remove a dead member that it removed; removing again is no error", removing)
    trap("a daemon that is dead or cut off is busy or late, within the deadline", deaths)
  })
}
