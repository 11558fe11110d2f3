// The checks, checked: each one passes on a small sound workspace, and fails once what it guards is broken in it.
// A check that stays green when it should be red is the worst kind of failure, so every one has its breakages here.
import { rm } from "node:fs/promises"
import { breakages } from "./Breakage.ts"
import { type Check, failures } from "./Check.ts"
import { change, makeFixture } from "./Fixture.ts"

/** Breaks what each check guards and sees it go red, for the reason it is meant for. */
export const selfTest: Check = {
  name: "self-test",
  guards: "a check passes a broken workspace, or fails a sound one",
  run: async (root) => {
    const fixture = await makeFixture(root)
    const problems = []
    try {
      for (const check of new Set(breakages.map(({ check }) => check))) {
        const found = failures(await check.run(fixture))
        problems.push(...found.map((text) => `${check.name} fails a sound workspace: ${text}`))
      }
      for (const { check, what, files, says } of breakages) {
        const restore = await change(fixture, files)
        const found = failures(await check.run(fixture)).join("\n")
        await restore()
        if (!says.test(found))
          problems.push(`${check.name} and ${what}: it says ${found || "nothing"}`)
      }
    } finally {
      await rm(fixture, { recursive: true, force: true })
    }
    return { looked: breakages.length, things: "breakages", problems }
  }
}
