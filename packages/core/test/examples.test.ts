// Examples are run, and say what their readers are told they say.
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { form } from "../examples/compose.ts"

it.effect("compose: two hosts become one cluster", () =>
  Effect.gen(function* () {
    const said = yield* form
    assert.deepStrictEqual(
      said.map((decision) => (decision._tag === "Waiting" ? decision.reason : decision._tag)),
      [
        "the first hosts to announce themselves",
        "host/0 to bootstrap the cluster",
        "Member",
        "Member"
      ]
    )
  })
)
