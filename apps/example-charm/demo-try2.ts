import { Simulation } from "@rollcall/juju-simulator"
import { createStandIn, readCalls, readStandIn, standInCommand } from "@rollcall/microcluster-adapter/stand-in"
import { mkdtempSync } from "node:fs"
const dir = mkdtempSync("/tmp/demo-work/si-")
createStandIn(dir, { heartbeatMillis: 0 })
const t0 = performance.now()
const conc = Number(process.argv[2] ?? 4)
const sim = await Simulation.make({ seed: 1, concurrency: conc })
await sim.deploy("td", { charm: new URL("./dist/token-distributor", import.meta.url).pathname })
const names = [1,2,3,4,5].map(i=>`host-${i}`)
await sim.deploy("app", { charm: new URL("./dist/member", import.meta.url).pathname, units: 5, hostnames: names, config: {"cluster-command": standInCommand.join(" ")},
 env: (unit) => ({ STAND_IN_DIR: dir, STAND_IN_HOST: `host-${Number(unit.split("/")[1])+1}` }) , wrapHook: (unit) => ["bash","-c",`"$@"; c=$?; echo "${unit.replace("/","-")} $(times | tail -1)" >> /tmp/demo-work/times; exit $c`,"x"]})
sim.relate("td:microcluster-cluster", "app:cluster")
console.log("deployed", performance.now()-t0)
await sim.settle()
console.log("settled", performance.now()-t0)
for (const h of sim.hooks()) console.log(h.seq, h.unit, h.hook, h.remote, h.code, h.outcome, h.calls, Math.round(h.millis))
console.log(sim.failed(), JSON.stringify(sim.status(),null,1).slice(0,3000))
console.log(readCalls(dir).map(c=>`${c.host} ${c.argv.join(" ")} ${c.code}`))
for (const l of sim.logs()) console.log(l.unit, l.level, l.message)
await sim.close()
