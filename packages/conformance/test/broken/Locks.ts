// Rolling locks that break one promise each: by their policy, by their wire format, or by what their calls do.
import {
  FencingToken,
  fairPolicy,
  type GrantPolicy,
  nativeLockDialect,
  RollingLock,
  type RollingLockOptions,
  type RollingLockShape
} from "@rollcall/core"
import { Effect, Layer } from "effect"

/** L1: forgets who holds. */
export const greedyPolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) => fairPolicy.chosen({ ...situation, holders: [] })
}

/** L4 in the end, and L8: never serves one participant. */
export const unjustPolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) =>
    fairPolicy.chosen({
      ...situation,
      waiters: situation.waiters.filter(({ participant }) => participant !== "app/2")
    })
}

/** L8: last come, first served. */
export const hastyPolicy: GrantPolicy = {
  ordered: (situation) => [...fairPolicy.ordered(situation)].reverse(),
  chosen: (situation) =>
    fairPolicy.chosen({
      ...situation,
      waiters: [...fairPolicy.ordered(situation)].reverse().slice(0, 1)
    })
}

/** L3: grants a request that nobody made. */
export const inventivePolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) =>
    fairPolicy.chosen(situation).map((waiter) => ({ ...waiter, ticket: waiter.ticket + 1 }))
}

type LockLayer = (options: RollingLockOptions) => ReturnType<(typeof RollingLock)["layer"]>

/** L2: forgets the last token when nothing is held. */
export const forgetfulLock: LockLayer = (options) => {
  const honest = nativeLockDialect(options.lock)
  return RollingLock.layer({
    ...options,
    dialect: {
      ...honest,
      decodeGrants: (...args) => {
        const read = honest.decodeGrants(...args)
        if (read._tag === "Unreadable" || read.record.grants.length > 0) return read
        return { ...read, record: { ...read.record, token: FencingToken.make(0) } }
      }
    }
  })
}

/** L3: says that it cancelled, and did not. */
export const stubbornLock = altered((lock) => ({
  ...lock,
  cancel: () => Effect.map(lock.status, ({ queue }) => queue.map(({ ticket }) => ticket))
}))

/** L4: has room for one request of each participant. */
export const crampedLock: LockLayer = (options) => {
  const honest = nativeLockDialect(options.lock)
  return RollingLock.layer({
    ...options,
    dialect: {
      ...honest,
      encodeRequests: (record, scene) =>
        honest.encodeRequests({ ...record, queue: record.queue.slice(0, 1) }, scene)
    }
  })
}

let idle = 0

/** L6: writes something every fourth time it has nothing to do. */
export const restlessLock = altered((lock) => {
  const audit = { by: "nobody", reason: "nothing" }
  const fidget = Effect.andThen(lock.pause(audit), lock.resume(audit))
  return {
    ...lock,
    step: Effect.tap(lock.step, ({ activity }) =>
      activity._tag === "Idle" && idle++ % 4 === 0 ? Effect.ignore(fidget) : Effect.void
    )
  }
})

/** S3: makes nothing of a store that fails. */
export const deafLock = altered((lock) => ({
  ...lock,
  step: Effect.catch(lock.step, () =>
    Effect.succeed({
      activity: { _tag: "Idle" } as const,
      wakeAtMillis: undefined,
      quarantined: new Map()
    })
  )
}))

function altered(alter: (lock: RollingLockShape) => RollingLockShape): LockLayer {
  return (options) =>
    Layer.effect(
      RollingLock,
      Effect.map(RollingLock, (lock) => RollingLock.of(alter(lock)))
    ).pipe(Layer.provide(RollingLock.layer(options)))
}
