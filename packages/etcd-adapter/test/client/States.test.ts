// The pure rules of the client: for how long a lease is trusted, what a watch makes of an answer, what a failure means.
import { assert, describe, it } from "@effect/vitest"
import {
  acknowledged,
  granted,
  marginMillis,
  remainingAt,
  seenAt
} from "../../src/client/LeaseState.ts"
import { verdictOf } from "../../src/client/RpcFailure.ts"
import { newWatch, stepWatch, type WatchAnswer } from "../../src/client/WatchState.ts"
import type { WatchEvent } from "../../src/index.ts"

describe("a lease", () => {
  it("keeps a margin of a tenth, a second where that is more, a quarter where a second is too much", () => {
    assert.deepStrictEqual(
      [2, 4, 10, 30].map((seconds) => marginMillis(seconds)),
      [500, 1_000, 1_000, 3_000]
    )
  })

  it("is trusted from when the keep-alive was sent, however late the answer", () => {
    const state = acknowledged(granted(10, 0), 10, 3_000, 8_000)
    assert.strictEqual(remainingAt(state, 8_000), 4_000)
    assert.strictEqual(remainingAt(state, 12_000), 0)
  })

  it("does not come back by an answer that came too late", () => {
    const state = acknowledged(granted(10, 0), 10, 8_000, 9_001)
    assert.isTrue(state.lost)
    assert.isTrue(acknowledged(state, 10, 9_100, 9_200).lost)
    assert.isFalse(seenAt(granted(10, 0), 8_999).lost)
  })

  it("is not shortened by the answer to an earlier keep-alive", () => {
    const state = acknowledged(granted(10, 5_000), 10, 2_000, 6_000)
    assert.strictEqual(remainingAt(state, 6_000), 8_000)
  })

  it("is lost when etcd has none", () => {
    assert.isTrue(acknowledged(granted(10, 0), 0, 1, 2).lost)
  })
})

describe("a watch", () => {
  const put = (modRevision: number): WatchEvent => ({
    type: "put",
    kv: { key: "k", value: "", createRevision: 1, modRevision, version: 1, lease: undefined }
  })
  const answer = (revision: number, more: Partial<WatchAnswer> = {}): WatchAnswer => ({
    revision,
    created: false,
    compacted: false,
    events: [],
    ...more
  })

  it("from now on begins with an empty batch, and goes on after it", () => {
    const { state, batch } = stepWatch(newWatch(undefined), answer(7, { created: true }))
    assert.deepStrictEqual(batch, { _tag: "Events", revision: 7, events: [] })
    assert.strictEqual(state.next, 8)
  })

  it("is told again where it was, and says nothing of it", () => {
    const resumed = stepWatch({ next: 8, announces: undefined }, answer(20, { created: true }))
    assert.deepStrictEqual(resumed, {
      state: { next: 8, announces: undefined },
      batch: undefined,
      again: false
    })
  })

  it("drops what it has delivered", () => {
    const { batch, state } = stepWatch(newWatch(4), answer(9, { events: [put(4), put(5), put(6)] }))
    assert.deepStrictEqual(batch, { _tag: "Events", revision: 6, events: [put(5), put(6)] })
    assert.strictEqual(state.next, 7)
    const again = stepWatch(state, answer(9, { events: [put(6)] }))
    assert.deepStrictEqual([again.batch, again.state.next], [undefined, 7])
  })

  it("goes on after the last change, not after the store's revision, which may be ahead of it", () => {
    assert.strictEqual(stepWatch(newWatch(4), answer(99, { events: [put(5)] })).state.next, 6)
  })

  it("takes etcd's word that there was nothing", () => {
    assert.strictEqual(stepWatch(newWatch(4), answer(50)).state.next, 51)
  })

  it("says that there is a gap only when it watches again", () => {
    const ended = stepWatch(newWatch(4), answer(90, { compacted: true, events: [] }))
    assert.deepStrictEqual([ended.batch, ended.again], [undefined, true])
    const begun = stepWatch(ended.state, answer(95, { created: true }))
    assert.deepStrictEqual(begun.batch, { _tag: "Resync", revision: 95 })
    assert.strictEqual(begun.state.next, 96)
  })
})

describe("a failure", () => {
  const failure = (code: number, text: string, systemCode?: string) =>
    verdictOf({ code, text, systemCode })

  it("that may have been applied is never called refused", () => {
    for (const text of ["etcdserver: leader changed", "etcdserver: request timed out"]) {
      assert.isFalse(failure(14, text).refused)
    }
    assert.isFalse(failure(1, "stream closed").refused)
    assert.isFalse(failure(10, "socket hang up", "ECONNRESET").refused)
    assert.isFalse(failure(13, "broken").refused)
    assert.isFalse(failure(4, "no answer").refused)
    assert.isFalse(failure(2, "who knows").refused)
  })

  it("that was not even sent, or was looked at, is", () => {
    assert.isTrue(failure(14, "connect ECONNREFUSED", "ECONNREFUSED").refused)
    assert.isTrue(failure(14, "etcdserver: no leader").refused)
    assert.isTrue(failure(8, "etcdserver: mvcc: database space exceeded").refused)
    assert.isTrue(failure(7, "etcdserver: permission denied").refused)
  })

  it("of a token that etcd has forgotten is mended by another one", () => {
    const { reason, stale } = failure(16, "etcdserver: invalid auth token")
    assert.deepStrictEqual([reason, stale], ["unauthenticated", true])
    assert.isFalse(
      failure(3, "etcdserver: authentication failed, invalid user ID or password").stale
    )
  })
})
