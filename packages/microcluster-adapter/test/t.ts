import { Effect, Redacted } from "effect"
import { execa } from "execa"
import { findLxdPackage, makeLxdHosts, type LxdHost } from "@rollcall/microcluster-adapter/testbed"
const lxd = findLxdPackage(process.argv[2] as "lxd")
const t0 = Date.now()
if (typeof lxd !== "string") await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const [a, b, c, d] = yield* makeLxdHosts(lxd, ["unit-1", "unit-2", "unit-3", "unit-4"])
  if (!a || !b || !c || !d) return
  const raw = (label: string, h: LxdHost, args: string[], input = "") => Effect.promise(async () => {
    const s = Date.now()
    const [f, ...r] = args[0] === "INIT" ? (lxd.product === "lxd" ? [...h.prefix, lxd.daemon, "init", "--preseed"] : [...h.client, "admin", "init", "--preseed"]) : [...h.client, ...args]
    const x = await execa(f!, r, { env: { ...h.env, LC_ALL: "C" }, input, reject: false, timeout: 40000, killSignal: "SIGKILL" })
    console.log(`## ${label} rc=${x.exitCode} ${Date.now() - s}ms out=${x.stdout.length} timedOut=${x.timedOut}\n${x.stderr.replace(/If this is your first[\s\S]*?\n\n/, "")}`)
    return x.stdout as string
  })
  const join = (h: LxdHost, token: string) => JSON.stringify({ cluster: { enabled: true, server_address: `${h.address}:8443`, cluster_token: token } })
  yield* raw("list", a, ["cluster", "list", "--format", "json"])
  yield* raw("add", a, ["cluster", "add", "-q", "unit-2"])
  yield* raw("remove unclustered", a, ["cluster", "remove", "unit-2"])
  yield* a.cli().bootstrap([])
  yield* raw("preseed again other name", a, ["INIT"], JSON.stringify({ config: { "core.https_address": `${a.address}:8443` }, cluster: { enabled: true, server_name: "other" } }))
  yield* raw("garbage", b, ["INIT"], join(b, "not-base64!"))
  yield* raw("braces", b, ["INIT"], join(b, "e30="))
  yield* raw("empty", b, ["INIT"], join(b, ""))
  const t1 = yield* raw("add", a, ["cluster", "add", "-q", "unit-2"])
  const t2 = yield* raw("add again", a, ["cluster", "add", "-q", "unit-2"])
  yield* raw("superseded", b, ["INIT"], join(b, t1.trim()))
  const dec = JSON.parse(Buffer.from(t2.trim(), "base64").toString())
  const enc = (o: object) => Buffer.from(JSON.stringify(o)).toString("base64")
  yield* raw("wrong fp", b, ["INIT"], join(b, enc({ ...dec, fingerprint: "0".repeat(64) })))
  yield* raw("wrong addr", b, ["INIT"], join(b, enc({ ...dec, addresses: ["10.77.0.99:8443"] })))
  yield* raw("refused addr", b, ["INIT"], join(b, enc({ ...dec, addresses: ["10.77.0.13:8444"] })))
  yield* raw("good", b, ["INIT"], join(b, t2.trim()))
  yield* raw("joiner clustered", b, ["INIT"], join(b, t2.trim()))
  yield* raw("reused by c", c, ["INIT"], join(c, t2.trim()))
  const t3 = yield* raw("add existing", a, ["cluster", "add", "-q", "unit-2"])
  if (t3.trim() !== "") {
    yield* raw("join under taken name", c, ["INIT"], join(c, t3.trim()))
    const t4 = yield* raw("add unit-3", a, ["cluster", "add", "-q", "unit-3"])
    yield* raw("then right name", c, ["INIT"], join(c, t4.trim()))
    yield* raw("then right name again", c, ["INIT"], join(c, t4.trim()))
    const tr = yield* raw("trust", a, ["config", "trust", "list", "--format", "json"])
    console.log(JSON.parse(tr).map((x: any) => [x.name, x.type, x.fingerprint.slice(0, 12)]))
  }
  yield* raw("expiry", a, ["config", "set", "cluster.join_token_expiry", "2S"])
  const t5 = yield* raw("add unit-4", a, ["cluster", "add", "-q", "unit-4"])
  yield* Effect.sleep(3000)
  yield* raw("expired", d, ["INIT"], join(d, t5.trim()))
  yield* raw("expired again", d, ["INIT"], join(d, t5.trim()))
  yield* raw("expiry", a, ["config", "set", "cluster.join_token_expiry", "3H"])
  const t6 = yield* raw("add unit-4", b, ["cluster", "add", "-q", "unit-4"])
  yield* b.kill
  yield* raw("list", a, ["cluster", "list", "--format", "csv"])
  yield* b.start
  yield* raw("issuer restarted", d, ["INIT"], join(d, t6.trim()))
  const t7 = yield* raw("add unit-4", a, ["cluster", "add", "-q", "unit-4"])
  yield* raw("good", d, ["INIT"], join(d, t7.trim()))
  yield* raw("remove unknown", a, ["cluster", "remove", "nosuch"])
  yield* d.kill
  yield* raw("force without yes", a, ["cluster", "remove", "--force", "unit-4"])
  yield* raw("remove dead", a, ["cluster", "remove", "unit-4"])
  yield* raw("list", a, ["cluster", "list", "--format", "csv"])
  yield* raw("remove dead", a, ["cluster", "remove", "--force", "--yes", "unit-4"])
  yield* Effect.exit(d.start.pipe(Effect.timeout(4000)))
  yield* raw("list on removed", d, ["cluster", "list", "--format", "csv"])
  yield* raw("remove b", a, ["cluster", "remove", "unit-2"])
  yield* raw("list on b at once", b, ["cluster", "list", "--format", "csv"])
  yield* raw("remove last", a, ["cluster", "remove", "unit-1"])
  yield* a.kill
  yield* raw("no daemon", a, ["cluster", "list", "--format", "csv"])
  yield* raw("no daemon join", a, ["INIT"], join(a, t7.trim()))
})))
console.log(Date.now() - t0)
