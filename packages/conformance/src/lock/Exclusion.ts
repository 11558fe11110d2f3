// L1 and L2: who holds at the same time, and under which tokens.
import { Effect } from "effect"
import { exclusion, fencing } from "./LockCheckers.ts"
import type { LockFleet } from "./LockFleet.ts"
import {
  AUDIT,
  askAll,
  detailsOf,
  dyingEverywhere,
  type LockStatement,
  rounds,
  seatOf,
  startsOf
} from "./LockStage.ts"

const ONE = { permits: 1, perGroup: undefined }

/** Statements about holders and tokens. **Guarantee** L1, L2 */
export const exclusionStatements: ReadonlyArray<LockStatement> = [
  ...([1, 2] as const).map(
    (permits): LockStatement => ({
      guarantee: "L1",
      states: `no more than ${permits} at once, while all step as an operation runs, asked for or ordered`,
      overlaps: true,
      run: (stage) =>
        Effect.gen(function* () {
          const fleet: LockFleet = yield* stage.fleet(4, {
            limits: { permits },
            run: () => Effect.as(meanwhile(fleet), "release" as const)
          })
          yield* askAll(fleet)
          yield* fleet.roll(seatOf(fleet, 0))
          yield* rounds(fleet)
          return detailsOf("L1", exclusion(fleet.history, { permits, perGroup: undefined }))
        })
    })
  ),
  {
    guarantee: "L1",
    states: "no more than one in a group",
    overlaps: true,
    run: (stage) =>
      Effect.gen(function* () {
        const fleet: LockFleet = yield* stage.fleet(4, {
          limits: { permits: 3, perGroup: 1 },
          run: () => Effect.as(meanwhile(fleet), "release" as const)
        })
        yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        yield* rounds(fleet)
        return detailsOf("L1", exclusion(fleet.history, { permits: 3, perGroup: 1 }))
      })
  },
  {
    guarantee: "L1",
    states: "one at a time when others lead while an operation runs, and when the holder does",
    overlaps: true,
    run: (stage) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const chosen of [0, 1, 2]) {
          const fleet: LockFleet = yield* stage.fleet(3, {
            run: () =>
              Effect.gen(function* () {
                yield* fleet.lead(seatOf(fleet, chosen))
                yield* meanwhile(fleet)
                return "release" as const
              })
          })
          yield* askAll(fleet)
          yield* rounds(fleet)
          problems.push(...detailsOf("L1", exclusion(fleet.history, ONE)))
        }
        return problems
      })
  },
  {
    guarantee: "L1",
    states:
      "a leader that is deposed and elected again before it commits does not grant beside another",
    needs: ["fences-terms"],
    run: (stage) =>
      Effect.gen(function* () {
        let turned = false
        const fleet: LockFleet = yield* stage.fleet(3, {
          at: (seat, point) =>
            Effect.gen(function* () {
              if (turned || seat.id !== seatOf(fleet, 0).id || point !== "before the commit") return
              turned = true
              yield* fleet.ask(seatOf(fleet, 2), { priority: 1 })
              yield* fleet.lead(seatOf(fleet, 2))
              yield* fleet.step(seatOf(fleet, 2))
              yield* fleet.step(seatOf(fleet, 2))
              yield* fleet.lead(seatOf(fleet, 0))
            }),
          run: () => Effect.as(meanwhile(fleet), "release" as const)
        })
        yield* fleet.ask(seatOf(fleet, 1))
        yield* fleet.step(seatOf(fleet, 0))
        yield* rounds(fleet)
        return [
          ...(turned ? [] : ["the leader never wrote"]),
          ...detailsOf("L1", exclusion(fleet.history, ONE)),
          // a grant that was overwritten is granted twice, under tokens that say so
          ...doubles(fleet)
        ]
      })
  },
  {
    guarantee: "L1",
    states: "one at a time wherever a process dies",
    run: (stage) =>
      dyingEverywhere(stage, (fleet) =>
        Effect.succeed(detailsOf("L1", exclusion(fleet.history, ONE)))
      )
  },
  {
    guarantee: "L2",
    states: "tokens grow from leader to leader, and when all who quoted them are gone",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(5)
        for (const i of [1, 2, 3]) {
          yield* fleet.ask(seatOf(fleet, i))
          yield* rounds(fleet)
          yield* fleet.depart(seatOf(fleet, i))
          yield* fleet.lead(seatOf(fleet, i % 2 === 0 ? 0 : 4))
          yield* rounds(fleet)
        }
        yield* fleet.roll(seatOf(fleet, 4))
        yield* rounds(fleet)
        return [
          ...(startsOf(fleet).length > 0 ? [] : ["nothing ran"]),
          ...detailsOf("L2", fencing(fleet.history))
        ]
      })
  },
  {
    guarantee: "L2",
    states: "tokens grow over retries, force and a shared register that is written anew",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(3, {
          run: (_, { attempt }) => Effect.succeed(attempt < 1 ? "retry-release" : "release")
        })
        yield* askAll(fleet)
        yield* rounds(fleet)
        yield* fleet.ask(seatOf(fleet, 1))
        yield* fleet.step(seatOf(fleet, 0))
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.forceRelease(seatOf(fleet, 1).id, AUDIT))
        yield* fleet.write(seatOf(fleet, 0), "shared", "{")
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.forceRelease(seatOf(fleet, 1).id, AUDIT))
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
        yield* askAll(fleet)
        yield* rounds(fleet)
        return detailsOf("L2", fencing(fleet.history))
      })
  }
]

/** All others act while an operation runs; nothing is waited for, for in a hook that would be waiting for itself. */
const meanwhile = Effect.fnUntraced(function* (fleet: LockFleet) {
  for (let round = 0; round < 2; round++) {
    for (const seat of fleet.present) if (!seat.busy) yield* fleet.step(seat)
  }
})

/** Two steps that granted under the same token. */
const doubles = ({ history }: LockFleet): ReadonlyArray<string> => {
  const by = new Map<number, string>()
  return history.flatMap((each) => {
    if (each._tag !== "start") return []
    const other = by.get(each.token)
    by.set(each.token, each.who)
    return other === undefined || other === each.who
      ? []
      : [`${each.who} and ${other} both run under token ${each.token}`]
  })
}
