import { deploy } from "./test/Fleet.ts"
for (let seed = 1; seed <= 60; seed++) {
  const { sim, product } = await deploy({ seed, hosts: 5 })
  await sim.settle()
  if (sim.failed().size) { console.log(seed, sim.failed(), product.calls()); if (process.argv[2]) { for (const l of sim.trace.lines()) console.log(l); console.log(sim.trace.jsonl().split("\n").filter(x=>/write/.test(x)).join("\n")); break } }
  await sim.close()
}
