// A process whose scopes are closed ends, whatever state etcd is in: nothing of the client keeps Node alive or hangs it.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeCable, makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const fixture = fileURLToPath(new URL("fixtures/UseAndEnd.ts", import.meta.url))

/** Runs the program; `meanwhile` happens while it uses etcd. Returns how long it took from closing to its end. */
const run = (endpoint: string, waitMillis: number, meanwhile: Effect.Effect<void>) =>
  Effect.promise(async () => {
    const args = ["--conditions=@rollcall/source", fixture, endpoint, String(waitMillis)]
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 30_000,
      killSignal: "SIGKILL"
    })
    let said = ""
    let closing = 0
    child.stdout.on("data", (text) => {
      if (said === "") void Effect.runPromise(meanwhile)
      said += String(text)
      if (closing === 0 && said.includes("closing")) closing = performance.now()
    })
    const [code] = await once(child, "close")
    return { code: code as number | null, said, millis: performance.now() - closing }
  })

describeOnEach("a process", (etcd) => {
  it.live("ends at once when its scope is closed", () =>
    Effect.gen(function* () {
      const { endpoints } = yield* makeEtcdCluster({ etcd })
      const { code, said, millis } = yield* run(endpoints[0] ?? "", 100, Effect.void)
      assert.deepStrictEqual([code, said], [0, "using\nclosing\nclosed\n"])
      assert.isBelow(millis, 5_000)
    })
  )

  it.live("that goes on keeps no connection of a client that was closed", () =>
    Effect.gen(function* () {
      const { endpoints } = yield* makeEtcdCluster({ etcd })
      const cable = yield* makeCable(Number(new URL(endpoints[0] ?? "").port))
      yield* connect({ endpoints: [`127.0.0.1:${cable.port}`] }).pipe(
        Effect.tap((client) => client.range({ key: "k" })),
        Effect.tap(() => Effect.sync(() => assert.strictEqual(cable.connections(), 1))),
        Effect.scoped
      )
      yield* Effect.sleep(200)
      assert.strictEqual(cable.connections(), 0)
    })
  )

  it.live("ends within two seconds when etcd has been halted or killed", () =>
    Effect.gen(function* () {
      for (const fault of ["stop", "kill"] as const) {
        const { endpoints, members } = yield* makeEtcdCluster({ etcd })
        const hit = Effect.asVoid(Effect.forEach(members, (member) => member[fault]))
        const { code, said, millis } = yield* run(endpoints[0] ?? "", 1_000, hit)
        assert.deepStrictEqual([code, said], [0, "using\nclosing\nclosed\n"], fault)
        console.log(`${etcd.version} ${fault}: ended ${Math.round(millis)} ms after closing`)
        assert.isBelow(millis, 7_500)
      }
    })
  )
})
