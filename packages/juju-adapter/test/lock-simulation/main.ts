// Lives as many random lives of a lock as it is told, on all processors, and says what came of them:
//   node --conditions=@rollcall/source packages/juju-adapter/test/lock-simulation/main.ts 100000
//   node --conditions=@rollcall/source packages/juju-adapter/test/lock-simulation/main.ts seed 4711
import { fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { isOverJuju, liveMany, liveOne, type Tally } from "./Lives.ts"

const COMMAND =
  "node --conditions=@rollcall/source packages/juju-adapter/test/lock-simulation/main.ts"

const [what = "1000", of, stride, count] = process.argv.slice(2)

// nobody reads the stack traces of spans here, and they cost a tenth of the time
Error.stackTraceLimit = 0

if (what === "seed") {
  const { told, violations } = await liveOne(Number(of))
  console.log(told())
  process.exitCode = violations.length === 0 ? 0 : 1
} else if (what === "part") {
  process.send?.(await liveMany(Number(of), Number(stride), Number(count)))
} else {
  await all(Number(what))
}

async function all(lives: number): Promise<void> {
  const started = performance.now()
  const parts = availableParallelism()
  const tallies = await Promise.all(
    Array.from({ length: parts }, (_, part) => run([`${part}`, `${parts}`, `${lives}`]))
  )
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, each) => all + of(each), 0)
  const failed = tallies.flatMap((tally) => tally.failed).sort((a, b) => a.seed - b.seed)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(
    `${sum(({ lives }) => lives)} lives, ${sum(({ overJuju }) => overJuju)} of them over simulated Juju, ` +
      `${sum(({ starts }) => starts)} operations, ${failed.length} broken promises, ${seconds} s on ${parts} processors ` +
      `(${sum(({ seconds }) => seconds).toFixed(0)} s of processor time)`
  )
  for (const { seed, violations } of failed.slice(0, 10)) {
    const place = isOverJuju(seed) ? "over Juju" : "over memory"
    console.log(
      `seed ${seed} ${place}: ${violations.join("; ")}\n  replay: ${COMMAND} seed ${seed}`
    )
  }
  if (failed.length > 0 || sum(({ lives }) => lives) !== lives) process.exitCode = 1
}

function run(part: ReadonlyArray<string>): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ["part", ...part], {
      // young objects die young here: a larger nursery saves a sixth of the time
      execArgv: ["--conditions=@rollcall/source", "--max-semi-space-size=64"]
    })
    child.once("message", (tally) => resolve(tally as Tally))
    child.once("error", reject)
    child.once("exit", (code) => {
      if (code !== 0) reject(new Error(`a part of the lives ended with ${code}`))
    })
  })
}
