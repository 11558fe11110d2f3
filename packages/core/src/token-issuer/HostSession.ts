// One step's working memory of a host: its journal, kept durable at every change, and the user's events.
import { Effect, Random } from "effect"
import { Sealer } from "../sealer/Sealer.ts"
import { Journal } from "../store/Journal.ts"
import { type HostMemory, newHostMemory, readHostMemory, writeHostMemory } from "./HostJournal.ts"
import { eventName, Lifecycle, type LifecycleEvent } from "./Lifecycle.ts"

/** The journal of this host, loaded; `change` is durable when it returns. */
export const openSession = Effect.gen(function* () {
  const journal = yield* Journal
  const sealer = yield* Sealer
  const lifecycle = yield* Lifecycle
  let entries = yield* journal.load
  let memory = readHostMemory(entries)
  const change = (next: Partial<HostMemory>, without: ReadonlyArray<keyof HostMemory> = []) =>
    Effect.suspend(() => {
      const merged: Record<string, unknown> = { ...memory, ...next }
      for (const key of without) delete merged[key]
      memory = merged as HostMemory
      entries = writeHostMemory(entries, memory)
      return journal.save(entries)
    })
  const fresh = memory === undefined
  memory ??= newHostMemory(yield* randomName)
  const keyless = memory.membership === undefined && memory.privateKey === undefined
  if (sealer !== undefined && keyless) yield* change(yield* sealer.generate)
  else if (fresh) yield* change({})
  const current = () => memory as HostMemory
  const deliver = Effect.fnUntraced(function* (event: LifecycleEvent) {
    const name = eventName(event)
    if (current().delivered.includes(name)) return
    yield* lifecycle.on(event)
    yield* change({ delivered: [...current().delivered, name].slice(-MAX_EVENTS) })
  })
  return { memory: current, change, deliver, lifecycle, sealer }
})

/** Makes due what was to be tried later. */
export const forgetPauses = Effect.gen(function* () {
  const session = yield* openSession
  const { failures, mintFailures } = session.memory()
  if (failures + mintFailures === 0) return
  yield* session.change({ failures: 0, retryAtMillis: 0, mintFailures: 0, mintAtMillis: 0 })
})

/** A host's journal and events within one step. */
export type HostSession = Effect.Success<typeof openSession>

// an issuer for thousands of hosts remembers the last deliveries; older ones are of generations long out of use
const MAX_EVENTS = 4096

const randomName = Effect.map(
  Effect.all(Array.from({ length: 16 }, () => Random.nextIntBetween(0, 15))),
  (digits) => digits.map((digit) => digit.toString(16)).join("")
)
