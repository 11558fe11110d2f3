// Rules that break a promise on purpose: a suite that stays green on one of them proves nothing.
import { fairPolicy, type GrantPolicy } from "../../src/index.ts"

/** Forgets who holds: breaks L1. */
export const greedyPolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) => fairPolicy.chosen({ ...situation, holders: [] })
}

/** Last come, first served: breaks L8. */
export const hastyPolicy: GrantPolicy = {
  ordered: (situation) => [...fairPolicy.ordered(situation)].reverse(),
  chosen: (situation) =>
    fairPolicy.chosen({
      ...situation,
      waiters: [...fairPolicy.ordered(situation)].reverse().slice(0, 1)
    })
}

/** Never serves one participant: breaks L4 and L5. */
export const unjustPolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) =>
    fairPolicy.chosen({
      ...situation,
      waiters: situation.waiters.filter(({ participant }) => participant !== "app/1")
    })
}

/** Grants a request that nobody made: breaks L3. */
export const inventivePolicy: GrantPolicy = {
  ...fairPolicy,
  chosen: (situation) =>
    fairPolicy.chosen(situation).map((waiter) => ({ ...waiter, ticket: waiter.ticket + 1 }))
}
