// The guarantees of the token issuer, T1 to T7, over any world and any product.
import type { ClusterCliReason } from "@rollcall/core"
import { Effect } from "effect"
import type { Lacks } from "./Capability.ts"
import { type Check, unmet } from "./Check.ts"
import { forgetMembership } from "./Corruption.ts"
import { eventsOnce } from "./checkers/EventsOnce.ts"
import { everyHostJoins } from "./checkers/EveryHostJoins.ts"
import { membersAtEnd } from "./checkers/Members.ts"
import { noTokenAtRest } from "./checkers/NoTokenAtRest.ts"
import { oneCluster } from "./checkers/OneCluster.ts"
import { oneIssuer } from "./checkers/OneIssuer.ts"
import { oneLiveToken } from "./checkers/OneLiveToken.ts"
import { tokenSingleUse } from "./checkers/TokenSingleUse.ts"
import { noFaults, refuseFirst } from "./Faults.ts"
import { done } from "./History.ts"
import { register } from "./Suite.ts"
import { clearTextIn, sealed } from "./TestSealer.ts"
import {
  checksOf,
  dyingEverywhere,
  finish,
  finished,
  gather,
  type ServiceStatement,
  type Trial,
  trialOf,
  unitOf
} from "./Trial.ts"
import { type Layout, sidesOf, type WorldFactory } from "./World.ts"

const LONG = Number.POSITIVE_INFINITY
const details = (violations: ReadonlyArray<{ readonly detail: string }>) =>
  violations.map(({ detail }) => detail)

const statements: ReadonlyArray<ServiceStatement> = [
  {
    guarantee: "T1",
    states: "no token is redeemed twice, whichever process dies and wherever",
    run: (trial, layout) =>
      dyingEverywhere(trial, layout, ({ formation }) => tokenSingleUse(formation.history))
  },
  {
    guarantee: "T2",
    states: "each host but the founder gets one token",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const { history } = yield* finished(trial, { layout, hosts: 5 })
        const minted = done(history, "add").map(({ about }) => about)
        const founder = done(history, "bootstrap").map(({ machine }) => machine.host)[0]
        return unmet({
          [`four are minted: ${minted.join(" ")}`]: minted.length === 4,
          "they are for four hosts": new Set(minted).size === 4,
          "none is for the founder": founder !== undefined && !minted.includes(founder)
        })
      })
  },
  {
    guarantee: "T2",
    states: "no second token is minted for a request, whichever process dies and wherever",
    run: (trial, layout) =>
      // between the product's answer and the journal nobody knows of the token: there only the product can refuse
      dyingEverywhere(trial, layout, ({ formation, where }) =>
        where.endsWith("died after add") ? [] : oneLiveToken(formation.history, LONG)
      )
  },
  {
    guarantee: "T2",
    states: "no token is minted for a member, though its register forgets that it is one",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* finished(trial, { layout, hosts: 3 })
        const founder = done(formation.history, "bootstrap")[0]?.machine.host
        const other = [0, 1, 2].find((i) => `host-${i}` !== founder) ?? 0
        yield* formation.as(unitOf(layout, other), forgetMembership)
        // its own next step would mend that; the mirror and the issuer come first
        for (const id of formation.present) {
          if (id !== unitOf(layout, other)) yield* formation.execute(id)
        }
        yield* finish(formation)
        return details(oneLiveToken(formation.history, LONG))
      })
  },
  {
    guarantee: "T3",
    states: "one cluster is founded, whichever process dies and wherever",
    run: (trial, layout) =>
      dyingEverywhere(trial, layout, ({ formation }) => [
        ...oneCluster(formation.history),
        ...(done(formation.history, "bootstrap").length === 1
          ? []
          : [{ guarantee: "T3", detail: "not exactly one cluster was founded" } as const])
      ])
  },
  {
    guarantee: "T3",
    states: "one cluster is founded and one host mints, however leaders change",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (let seed = 1; seed <= 20; seed++) {
          const formation = yield* gather(trial, { layout, hosts: 4, seed })
          const { chance } = formation.parts
          for (let i = 0; i < 40; i++) {
            if (chance.happens(0.2)) {
              yield* formation.elect(`${chance.pick(sidesOf(layout))}/${chance.below(2)}`)
            }
            yield* formation.next
          }
          yield* finish(formation)
          const { history } = formation
          problems.push(
            ...details([...oneCluster(history), ...oneIssuer(history)]),
            ...unmet({
              [`a cluster is founded with seed ${seed}`]: done(history, "bootstrap").length > 0
            })
          )
        }
        return problems
      })
  },
  {
    guarantee: "T4",
    states: "everybody joins, whichever process dies and wherever",
    run: (trial, layout) =>
      dyingEverywhere(trial, layout, ({ formation }) => everyHostJoins(formation.hosts))
  },
  {
    guarantee: "T4",
    states: "a host whose token cannot be minted waits with a reason, and gets one later",
    run: (trial, layout) =>
      refused(trial, layout, "add", ["busy", "unknown", "timed-out", "name-taken"])
  },
  {
    guarantee: "T4",
    states: "a host that cannot join waits with a reason, and joins later",
    run: (trial, layout) =>
      refused(trial, layout, "join", ["token-rejected", "token-expired", "busy", "unknown"])
  },
  {
    guarantee: "T4",
    states: "of two machines with one name one joins, and the other is told why it does not",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* gather(trial, { layout, hosts: 3 })
        yield* formation.host(`${layout.hostSides[0]}/7`, "host-1")
        yield* finish(formation)
        const refusals = [...formation.decisions.values()].filter(({ _tag }) => _tag === "Refused")
        const members = [...formation.decisions.values()].filter(({ _tag }) => _tag === "Member")
        return unmet({
          "one is refused": refusals.length === 1,
          "nobody else is disturbed": members.length === 3
        })
      })
  },
  {
    guarantee: "T4",
    states: "a machine that takes the place of a lost one of its name joins",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* finished(trial, { layout, hosts: 3 })
        const founder = done(formation.history, "bootstrap")[0]?.machine.host
        const lost = [0, 1, 2].find((i) => `host-${i}` !== founder) ?? 0
        yield* formation.depart(unitOf(layout, lost))
        yield* formation.host(`${layout.hostSides[0]}/7`, `host-${lost}`)
        yield* finish(formation)
        return details(everyHostJoins(formation.hosts))
      })
  },
  {
    guarantee: "T4",
    states: "a host that was refused for the sake of another joins when that one is gone",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* gather(trial, { layout, hosts: 3 })
        const namesake = `${layout.hostSides[0]}/7`
        yield* formation.host(namesake, "host-1")
        yield* finish(formation)
        const owner = formation.hosts.find(
          ({ decision, machine }) => machine.host === "host-1" && decision?._tag === "Member"
        )
        yield* formation.depart(owner?.id ?? "")
        yield* finish(formation)
        return details(everyHostJoins(formation.hosts))
      })
  },
  {
    guarantee: "T4",
    states: "the cluster is founded though another machine has its founder's name",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* gather(trial, { layout, hosts: 2 })
        const founder = `${layout.hostSides[0]}/7`
        yield* formation.host(founder, "host-0")
        yield* formation.elect(founder)
        yield* finish(formation)
        return details(everyHostJoins(formation.hosts))
      })
  },
  {
    guarantee: "T4",
    states: "when all members are gone, those who are left found a cluster and join it",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* gather(trial, { layout, hosts: 4 })
        while (done(formation.history, "join").length === 0) {
          if ((yield* formation.next) === undefined) yield* formation.sweep()
        }
        const members = membersAtEnd(formation.history).map(({ name }) => name)
        const lost = formation.hosts.filter(({ machine }) => members.includes(machine.name))
        yield* formation.depart(...lost.map(({ id }) => id))
        yield* finish(formation)
        return [
          ...details(everyHostJoins(formation.hosts)),
          ...unmet({ "somebody was left": formation.hosts.length > 0 })
        ]
      })
  },
  {
    guarantee: "T4",
    states: "a product that rejects every token is not asked for one after the other",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const faults = {
          ...noFaults,
          refuses: (_: unknown, operation: string) =>
            operation === "join" ? ("token-rejected" as const) : undefined
        }
        const formation = yield* gather(trial, { layout, hosts: 2, faults })
        yield* formation.run()
        const tries = formation.history.filter(
          (each) => each._tag === "Called" && each.operation === "join"
        ).length
        return unmet({ [`it rests after few tries, not ${tries}`]: tries < 5 })
      })
  },
  {
    guarantee: "T5",
    states: "where both ends can seal, no token is ever in clear in a register or a decision",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const formation = yield* gather(
          { ...trial, subject: sealed(trial.subject) },
          { layout, hosts: 4 }
        )
        const seen: Array<string> = []
        while ((yield* formation.next) !== undefined) {
          seen.push(...clearTextIn(formation.history, yield* formation.views))
        }
        yield* finish(formation)
        return [...new Set(seen), ...details(everyHostJoins(formation.hosts))]
      })
  },
  {
    guarantee: "T6",
    states: "no token is at rest after it was redeemed, its host departed, or it expired",
    run: (trial, layout) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (let steps = 0; steps < 30; steps += 3) {
          const formation = yield* gather(trial, { layout, hosts: 4 })
          for (let i = 0; i < steps; i++) yield* formation.next
          if (steps % 2 === 0) yield* formation.depart(unitOf(layout, 3))
          else yield* formation.parts.product.outliveTokens
          yield* finish(formation)
          const { history, journals } = formation
          problems.push(...details(noTokenAtRest(history, yield* formation.views, journals)))
        }
        return problems
      })
  },
  {
    guarantee: "T7",
    states: "user code hears each event once, whichever process dies and wherever",
    run: (trial, layout) =>
      dyingEverywhere(trial, layout, ({ formation }) => eventsOnce(formation.history))
  }
]

/** All checks of the token issuer. **Guarantee** T1 to T7 */
export const tokenIssuerChecks: ReadonlyArray<Check<Trial>> = checksOf(statements)

/** Runs the guarantees of the token issuer under vitest. */
export const tokenIssuerSuite = (
  name: string,
  world: WorldFactory,
  lacks: Lacks = {},
  parts: Partial<Trial> = {}
): void => register(`${name}: the token issuer`, tokenIssuerChecks, trialOf(world, parts), lacks)

/** The first calls of `operation` fail, for each reason once: somebody says so, and in the end everybody is in. */
const refused = Effect.fnUntraced(function* (
  trial: Trial,
  layout: Layout,
  operation: "add" | "join",
  reasons: ReadonlyArray<ClusterCliReason>
) {
  const problems: Array<string> = []
  for (const reason of reasons) {
    const faults = refuseFirst(operation, [reason, ...(operation === "add" ? [reason] : [])])
    const formation = yield* gather(trial, { layout, hosts: 2, faults })
    yield* formation.run()
    const told = formation.history.some(
      (each) => each._tag === "Decided" && JSON.stringify(each.decision).includes(reason)
    )
    yield* finish(formation)
    problems.push(
      ...unmet({ [`a decision shows ${reason}`]: told }),
      ...details(everyHostJoins(formation.hosts)).map((each) => `after ${reason}: ${each}`)
    )
  }
  return problems
})
