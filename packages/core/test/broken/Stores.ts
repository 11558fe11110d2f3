// Stores that break a promise on purpose, over an honest one.
import { Effect } from "effect"
import { type Entries, noEntries, type View } from "../../src/index.ts"
import { KEY, type Saboteur } from "../rolling-lock/Fleet.ts"

/** Everybody leads, each with a shared register of its own: breaks S6, and with it L1 and L2. */
export const twoLeaderStore: Saboteur = (fleet, seat, honest) => {
  let shared: Entries = noEntries
  return {
    ...honest,
    step: (body) =>
      Effect.gen(function* () {
        if (fleet.calm) return yield* honest.step(body)
        const view = fleet.world.view(seat.id)
        const [result, writes] = yield* body({ ...showing(view, shared), leader: true })
        const own = writes.filter(({ place }) => place._tag !== "shared")
        yield* honest.step(() => Effect.succeed([undefined, own]))
        const before = shared.get(KEY)
        const mine = writes.find(({ place }) => place._tag === "shared")
        if (mine === undefined) return result
        shared = new Map([[KEY, mine.value ?? ""]])
        const commit = { _tag: "committed", who: seat.id, view, before } as const
        fleet.history.push({ ...commit, shared: mine.value })
        return result
      })
  }
}

/** Keeps only every other write of the own register: breaks S3, and with it L4. */
export const forgetfulStore: Saboteur = (_, __, honest) => {
  let turn = 0
  return {
    ...honest,
    step: (body) =>
      honest.step((view) =>
        Effect.map(body(view), ([result, writes]) => {
          const keeps = turn++ % 2 === 0
          return [result, keeps ? writes : writes.filter(({ place }) => place._tag !== "own")]
        })
      )
  }
}

/** Shows, now and then, the shared register as it was several looks ago: breaks S4, and with it L1. */
export const replayingStore: Saboteur = (fleet, _, honest) => {
  const looks: Array<View> = []
  return {
    ...honest,
    step: (body) =>
      honest.step((view) => {
        looks.push(view)
        const old = looks.at(-5)?.groups[0]?.shared
        if (old === undefined || looks.length % 2 !== 0 || fleet.calm) return body(view)
        return body(showing(view, old))
      })
  }
}

const showing = (view: View, shared: Entries): View => ({
  ...view,
  groups: view.groups.map((each) => ({ ...each, shared })),
  council: view.council && { ...view.council, shared }
})
