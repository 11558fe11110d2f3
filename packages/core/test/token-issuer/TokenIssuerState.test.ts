import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { blankRoll, HostName, ParticipantId, type Roll } from "../../src/index.ts"
import type { TokenIssue } from "../../src/token-issuer/TokenIssuerRecord.ts"
import {
  type HostAction,
  type HostState,
  nextAction,
  pauseMillis
} from "../../src/token-issuer/TokenIssuerState.ts"

const self = ParticipantId.make("app/0")
const host = HostName.make("host-0")
const token = Redacted.make("token-1")
const issued: TokenIssue = { host, generation: 1, token }
const roll: Roll = { ...blankRoll, native: true, up: true, epoch: 1 }

const calm: HostState = {
  self,
  side: "app",
  host,
  membership: undefined,
  attempt: undefined,
  connected: true,
  roll,
  named: false,
  refused: new Set(),
  digest: (text) => `digest of ${text}`,
  retryAtMillis: 0,
  nowMillis: 100
}

const given = (issue: TokenIssue): Roll => ({ ...roll, issues: new Map([[self, issue]]) })

/** Every combination of what a host's action depends on. */
const states = [undefined, "bootstrapped", "joined"].flatMap((membership) =>
  [undefined, { _tag: "Bootstrap" }, { _tag: "Join", generation: 1 }, { _tag: "Unknown" }].flatMap(
    (attempt) =>
      [0, 1000].flatMap((retryAtMillis) =>
        [true, false].flatMap((connected) =>
          [true, false].flatMap((up) =>
            [true, false].flatMap((formed) =>
              [undefined, self, ParticipantId.make("app/1")].flatMap((bootstrap) =>
                [
                  undefined,
                  issued,
                  { ...issued, generation: 2 },
                  { host, generation: 1, sealed: "sealed" },
                  { host, generation: 1, refused: "name-taken" as const }
                ].flatMap((issue) =>
                  [[], ["1"], ["digest of token-1", "1"]].map((refused) => ({
                    ...calm,
                    membership,
                    attempt,
                    retryAtMillis,
                    connected,
                    roll: {
                      ...roll,
                      up,
                      formed,
                      bootstrap,
                      issues: new Map(issue === undefined ? [] : [[self, issue]])
                    },
                    refused: new Set(refused)
                  }))
                )
              )
            )
          )
        )
      )
  )
) as ReadonlyArray<HostState>

const each = (
  tag: HostAction["_tag"],
  holds: (state: HostState, action: HostAction) => boolean
) => {
  const found = states.filter((state) => nextAction(state)._tag === tag)
  assert.isAbove(found.length, 0)
  for (const state of found) assert.isTrue(holds(state, nextAction(state)), JSON.stringify(state))
}

describe("nextAction, in every state", () => {
  it("founds only where the roll names this host, no cluster is there, and nothing is open", () =>
    each(
      "Bootstrap",
      ({ attempt, connected, membership, roll: { bootstrap, formed, up } }) =>
        bootstrap === self &&
        !formed &&
        up &&
        connected &&
        attempt === undefined &&
        membership === undefined
    ))

  it("joins only with a token that was not refused, and only when nothing is open", () =>
    each("Join", ({ attempt, membership, refused }, action) => {
      if (action._tag !== "Join") return false
      const { generation, refused: refusal, token: secret } = action.issue
      const known = secret !== undefined && refused.has(`digest of ${Redacted.value(secret)}`)
      const open = attempt !== undefined || membership !== undefined
      return !open && refusal === undefined && !known && !refused.has(`${generation}`)
    }))

  it("looks into an attempt before anything else", () =>
    each(
      "LookInto",
      ({ attempt, membership }) => attempt !== undefined && membership === undefined
    ))

  it("is a member for good", () => {
    each("Member", ({ membership }) => membership !== undefined)
    for (const state of states.filter(({ membership }) => membership !== undefined)) {
      assert.strictEqual(nextAction(state)._tag, "Member")
    }
  })

  it("waits with a reason", () =>
    each("Wait", (_, action) => action._tag === "Wait" && action.reason !== ""))

  it("says why it is refused, also where a token of that generation was tried before", () => {
    each("Refused", ({ roll: { issues } }) => issues.get(self)?.refused !== undefined)
    const refused = given({ host, generation: 1, refused: "name-taken" })
    const action = nextAction({ ...calm, roll: refused, refused: new Set(["1"]) })
    assert.strictEqual(action._tag, "Refused")
  })
})

describe("nextAction over a deployed mirror", () => {
  const shown = (facts: Readonly<Record<string, string>>): HostState => ({
    ...calm,
    roll: {
      ...blankRoll,
      up: true,
      facts: new Map(Object.entries(facts).map(([key, value]) => [key, Redacted.make(value)]))
    }
  })

  it("joins with the token of the highest generation", () => {
    const action = nextAction(shown({ "host-0": "old", "host-0~3": "new", "host-1~9": "other" }))
    assert.isTrue(action._tag === "Join" && action.issue.generation === 3)
    assert.strictEqual(
      action._tag === "Join" && action.issue.token && Redacted.value(action.issue.token),
      "new"
    )
  })

  it("takes neither the placeholder nor Rollcall's markers for a token", () => {
    for (const value of ["empty", ".cluster", ".x"]) {
      assert.notStrictEqual(nextAction(shown({ "host-0": value }))._tag, "Join", value)
    }
  })

  it("founds where its side's leader named it and no other side was chosen", () => {
    const named = { ...shown({}), named: true }
    assert.strictEqual(nextAction(named)._tag, "Bootstrap")
    const chosen = (bootstrapSide: string) => ({ ...named, roll: { ...named.roll, bootstrapSide } })
    assert.strictEqual(nextAction(chosen("app"))._tag, "Bootstrap")
    assert.strictEqual(nextAction(chosen("edge"))._tag, "Wait")
    assert.strictEqual(nextAction({ ...named, named: false })._tag, "Wait")
  })
})

describe("pauseMillis", () => {
  it("doubles from five seconds to five minutes", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 6, 7, 8, 1000].map(pauseMillis),
      [5_000, 10_000, 20_000, 160_000, 300_000, 300_000, 300_000]
    )
  })
})
