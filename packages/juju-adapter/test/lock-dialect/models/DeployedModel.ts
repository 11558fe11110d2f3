// The two deployed Python libraries in peer mode, as models with their defects in: one state machine on two encodings.
// The model of rolling_ops v1 runs a leader's own operation in the hook that grants it; that of charmlibs-rollingops
// leaves it to a worker's hook. Both compare every unit's `executed_at` with the grant (D1), by `>` (D2), and throw where
// they cannot decode a queue (D6). Their text is checked against the libraries themselves elsewhere; here only what it says.
import { epochTime, isoTime } from "../../../src/lock-dialect/LockTime.ts"
import type { AskedFor, Hook, UnitProgram } from "./Application.ts"

/** What an operation comes to in a model. */
export type ModelResult = "release" | "retry-release" | "retry-hold"

/** How a model is made. */
export interface ModelOptions {
  readonly form: "v1" | "charmlibs"
  /** What the callbacks come to; an operation without one is unknown to the charm. */
  readonly callbacks: Readonly<Record<string, (hook: Hook) => ModelResult>>
}

/** A unit of the deployed library. */
export const deployedUnit = (options: ModelOptions): UnitProgram => {
  let wakes = false
  const unit = new Model(options, () => {
    wakes = true
  })
  return {
    hook: (hook) => {
      wakes = false
      unit.hook(hook)
    },
    request: (hook, asked) => unit.request(hook, asked),
    wakes: () => wakes
  }
}

interface Operation {
  readonly callback_id: string
  readonly kwargs: unknown
  readonly requested_at: number
  readonly max_retry: number | undefined
  attempt: number
}

type Bag = ReadonlyMap<string, string>

class Model {
  readonly #options: ModelOptions
  readonly #startWorker: () => void

  constructor(options: ModelOptions, startWorker: () => void) {
    this.#options = options
    this.#startWorker = startWorker
  }

  hook(hook: Hook): void {
    const alone = hook.event === "update-status" || hook.event === "worker"
    if ((alone || !hook.leader) && this.#shouldRun(hook, hook.own)) this.#run(hook)
    if (hook.leader) this.#processLocks(hook)
  }

  request(hook: Hook, { kwargs = {}, maxRetries, operation }: AskedFor): void {
    const queue = this.#queue(hook.own)
    const last = queue.at(-1)
    const wish = { callback_id: operation, kwargs, requested_at: hook.now(), attempt: 0 }
    const same = JSON.stringify(last?.kwargs) === JSON.stringify(kwargs)
    if (last?.callback_id !== operation || !same) queue.push({ ...wish, max_retry: maxRetries })
    if (queue.length === 1) hook.own.set("state", "request")
    this.#save(hook, queue)
    if (hook.leader) this.#processLocks(hook)
  }

  #processLocks(hook: Hook): void {
    const units = new Map<string, Bag>([[hook.unit, hook.own], ...hook.peers])
    for (const [unit, bag] of units) {
      if (!this.#shouldRelease(hook, unit, bag)) continue
      hook.app.delete("granted_unit")
      hook.app.delete("granted_at")
      break
    }
    const holder = hook.app.get("granted_unit")
    if (holder !== undefined && !units.has(holder)) hook.app.delete("granted_unit")
    if (hook.app.has("granted_unit")) return
    const chosen = this.#chosen(units)
    if (chosen === undefined) return
    hook.app.set("granted_unit", chosen)
    hook.app.set("granted_at", this.#time(hook.now()))
    if (chosen !== hook.unit) return
    const retries = hook.own.get("state")?.startsWith("retry") === true
    if (this.#options.form === "charmlibs" || retries) {
      this.#startWorker()
    } else {
      this.#run(hook)
      this.#processLocks(hook)
    }
  }

  #chosen(units: ReadonlyMap<string, Bag>): string | undefined {
    const waiting = (state: string) => [...units].filter(([, bag]) => bag.get("state") === state)
    const [held] = waiting("retry-hold")
    if (held !== undefined) return held[0]
    const oldest = (found: ReadonlyArray<[string, Bag]>, time: (bag: Bag) => number | undefined) =>
      found
        .flatMap(([unit, bag]) => [{ unit, at: time(bag) }])
        .filter(({ at }) => at !== undefined)
        .sort((a, b) => (a.at ?? 0) - (b.at ?? 0))[0]?.unit
    const requests = waiting("request")
    if (requests.length > 0) return oldest(requests, (bag) => this.#queue(bag)[0]?.requested_at)
    return oldest(waiting("retry-release"), (bag) => this.#parse(bag.get("executed_at")))
  }

  #shouldRun({ app, unit }: Hook, own: Bag): boolean {
    return app.get("granted_unit") === unit && !this.#executedAfter(app, own)
  }

  #shouldRelease({ app }: Hook, unit: string, bag: Bag): boolean {
    const idle = bag.get("state") === "idle" && app.get("granted_unit") === unit
    return idle || this.#executedAfter(app, bag)
  }

  #executedAfter(app: Bag, bag: Bag): boolean {
    const granted = this.#parse(app.get("granted_at"))
    const executed = this.#parse(bag.get("executed_at"))
    return granted !== undefined && executed !== undefined && executed > granted
  }

  #run(hook: Hook): void {
    const queue = this.#queue(hook.own)
    const [head] = queue
    const callback = head && this.#options.callbacks[head.callback_id]
    if (head !== undefined && callback === undefined && this.#options.form === "v1") return
    if (head !== undefined && callback !== undefined) hook.ran(head.callback_id)
    const result = callback?.(hook) ?? "release"
    if (head !== undefined && result !== "release") head.attempt++
    const spent = head?.max_retry !== undefined && head.attempt > head.max_retry
    const over = result === "release" || spent
    if (over) queue.shift()
    hook.own.set("state", over ? (queue.length > 0 ? "request" : "idle") : result)
    hook.own.set("executed_at", this.#time(hook.now()))
    this.#save(hook, queue)
  }

  #queue(bag: Bag): Array<Operation> {
    const items = JSON.parse(bag.get("operations") || "[]") as ReadonlyArray<unknown>
    return items.map((item) => (this.#options.form === "v1" ? v1Element(item) : element(item)))
  }

  #save(hook: Hook, queue: ReadonlyArray<Operation>): void {
    const items = queue.map((each) => {
      const at = this.#time(each.requested_at)
      if (this.#options.form === "charmlibs") {
        return { ...each, requested_at: at, max_retry: each.max_retry ?? null, result: null }
      }
      const kwargs = JSON.stringify(each.kwargs)
      const texts = { max_retry: `${each.max_retry ?? ""}`, attempt: `${each.attempt}` }
      return JSON.stringify({ ...each, kwargs, requested_at: at, ...texts })
    })
    hook.own.set("operations", JSON.stringify(items))
  }

  #time(micros: number): string {
    return this.#options.form === "v1" ? isoTime(micros) : epochTime(micros)
  }

  #parse(text: string | undefined): number | undefined {
    if (text === undefined || text === "") return undefined
    return this.#options.form === "v1" ? isoMicros(text) : epochMicros(text)
  }
}

const isoMicros = (text: string): number | undefined => {
  const [matched, whole, fraction = ""] = /^(.{19})(?:\.(\d{6}))?\+00:00$/.exec(text) ?? []
  return matched === undefined ? undefined : Date.parse(`${whole}Z`) * 1000 + Number(fraction)
}

const epochMicros = (text: string): number | undefined =>
  Number.isNaN(Number(text)) ? undefined : Math.round(Number(text) * 1e6)

const v1Element = (item: unknown): Operation => {
  if (typeof item !== "string") throw new Error("RollingOpsDecodingError: the element is no string")
  const { attempt, callback_id, kwargs, max_retry, requested_at } = JSON.parse(item)
  const at = isoMicros(requested_at)
  if (at === undefined) throw new Error("RollingOpsDecodingError: requested_at")
  const most = max_retry ? Number(max_retry) : undefined
  const said = { callback_id, requested_at: at, max_retry: most, attempt: Number(attempt) }
  return { ...said, kwargs: JSON.parse(kwargs) }
}

const element = (item: unknown): Operation => {
  if (typeof item !== "object" || item === null) throw new Error("RollingOpsDecodingError: element")
  const { max_retry, requested_at, ...said } = item as Omit<Operation, "requested_at"> & {
    readonly requested_at: string
  }
  const at = epochMicros(requested_at)
  if (at === undefined) throw new Error("RollingOpsDecodingError: requested_at")
  return { ...said, requested_at: at, max_retry: max_retry ?? undefined }
}
