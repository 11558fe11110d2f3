// What a unit says of a rolling lock, for each thing there is to say.
import { FencingToken, type LockDecision, type LockStatus, ParticipantId } from "@rollcall/core"
import { describe, expect, it } from "vitest"
import { joinedStatus, type LockSight, lockStatus } from "../src/LockStatus.ts"
import { active, blocked, maintenance, waiting } from "../src/UnitStatus.ts"

const [self, other, third] = ["app/0", "app/1", "app/2"].map((name) =>
  ParticipantId.make(name)
) as [ParticipantId, ParticipantId, ParticipantId]
const token = FencingToken.make(4)
const request = { ticket: 1, operation: "restart", arguments: "{}" }
const grant = { token, participant: self, ticket: 1, operation: "restart", atMillis: 0 }

const sight = (
  status: Partial<LockStatus>,
  more: Partial<Omit<LockSight, "status">> & { readonly activity?: LockDecision["activity"] } = {}
): LockSight => {
  const { activity = { _tag: "Idle" }, ...rest } = more
  return {
    self,
    decision: { activity, wakeAtMillis: undefined, quarantined: new Map() },
    status: {
      lock: "restart",
      problem: undefined,
      leader: false,
      token,
      permits: 1,
      grants: [],
      waiters: [],
      queue: [],
      pause: undefined,
      blocked: undefined,
      failed: [],
      problems: new Map(),
      ...status
    },
    reasons: [{ _tag: "NothingWanted" }],
    history: [],
    ...rest
  }
}

describe("a status of the lock", () => {
  it("says nothing while there is nothing to say", () => {
    expect(lockStatus(sight({}))).toBeUndefined()
    expect(lockStatus(sight({ leader: true }))).toBeUndefined()
    expect(lockStatus(sight({ pause: { reason: "friday", by: "x", atMillis: 0 } }))).toBeUndefined()
  })

  it("says why the lock cannot be used", () => {
    expect(lockStatus(sight({ problem: "no group" }))).toEqual(
      waiting("the lock cannot be used: no group")
    )
  })

  it("says who is waited for", () => {
    const held = sight({ queue: [request] }, { reasons: [{ _tag: "Held", by: [other] }] })
    expect(lockStatus(held)).toEqual(waiting("restart: held by app/1"))
    const grants = [{ ...grant, participant: other, token: FencingToken.make(3) }, grant]
    const planned = sight({ queue: [request], grants }, { reasons: [{ _tag: "Planned", token }] })
    expect(lockStatus(planned)?.message).toMatch(/^restart: planned with token 4.*held by app\/1$/)
    const next = sight(
      { queue: [request], grants: [grant] },
      { reasons: [{ _tag: "Granted", token }] }
    )
    expect(lockStatus(next)).toEqual(
      maintenance("restart: granted with token 4, to be run in the next step")
    )
  })

  it("says what failed, until another one went well", () => {
    const activity = {
      _tag: "Ran",
      operation: "restart",
      token: 4,
      result: "failed",
      reason: "it does not come up"
    } as const
    expect(lockStatus(sight({}, { activity }))).toEqual(
      blocked("restart failed: it does not come up")
    )
    const past = { event: "failed", atMillis: 0, participant: self, operation: "restart" } as const
    expect(lockStatus(sight({ failed: [self] }, { history: [past] }))).toEqual(
      blocked("restart failed: it gave no reason")
    )
    const history = [past, { ...past, event: "done" } as const]
    expect(lockStatus(sight({ failed: [self] }, { history }))).toBeUndefined()
  })

  it("says on the leader why the roll is paused, and what to do where it paused itself", () => {
    const pause = { reason: "restart on app/1: broken", atMillis: 0 }
    expect(lockStatus(sight({ leader: true, pause }))).toEqual(
      blocked("the roll is paused: restart on app/1: broken; mend it and run rolling-resume")
    )
    expect(lockStatus(sight({ leader: true, pause: { ...pause, by: "ann" } }))).toEqual(
      waiting("the roll is paused by ann: restart on app/1: broken")
    )
  })

  it("names whose databag cannot be read, to those whom it concerns", () => {
    const decision: LockDecision = {
      activity: { _tag: "Idle" },
      wakeAtMillis: undefined,
      quarantined: new Map([[third, "no JSON"]])
    }
    expect(lockStatus(sight({ leader: true }, { decision }))).toEqual(
      active("the databag of app/2 counts for nothing: no JSON")
    )
    expect(lockStatus(sight({}, { decision }))).toBeUndefined()
    const problems = new Map([
      [self, "restart was ended by force"],
      [other, "something else"]
    ])
    expect(lockStatus(sight({ problems }))).toEqual(active("restart was ended by force"))
  })
})

it("parts of a unit are one status: the worst kind, and every message", () => {
  expect(joinedStatus([active("in the cluster"), waiting("restart: held by app/1")])).toEqual(
    waiting("in the cluster; restart: held by app/1")
  )
  expect(joinedStatus([waiting("a"), blocked("b"), active()])).toEqual(blocked("a; b"))
})
