// An application whose units run hooks on one peer relation, as Juju lets them: a hook sees what was committed when it
// began, its writes appear together when it ends, and hooks of different units overlap. Every unit has its own clock. What
// ran under the lock is kept by the beginnings and ends of hooks, never by clocks.

/** A hook of one unit, while it runs; the unit changes `own`, and the leader `app`, in place. */
export interface Hook {
  readonly unit: string
  readonly event: "relation-changed" | "update-status" | "leader-elected" | "worker"
  readonly leader: boolean
  readonly own: Map<string, string>
  readonly app: Map<string, string>
  readonly peers: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** The unit's own clock, in microseconds. */
  readonly now: () => number
  /** Says that an operation was begun under the lock; it lasts as long as the hook. */
  readonly ran: (operation: string, token?: number) => void
}

/** What a unit's charm does. A hook that throws changes nothing and runs again later. */
export interface UnitProgram {
  readonly hook: (hook: Hook) => void | Promise<void>
  /** Asks for an operation, in a hook. */
  readonly request: (hook: Hook, request: AskedFor) => void | Promise<void>
  /** Whether a background worker has asked for a hook of its own since. */
  readonly wakes?: () => boolean
}

/** What a charm asks for. */
export interface AskedFor {
  readonly operation: string
  readonly kwargs?: Readonly<Record<string, unknown>>
  readonly maxRetries?: number
}

/** One run under the lock, by the numbers of events. */
export interface Run {
  readonly unit: string
  readonly operation: string
  readonly token: number | undefined
  readonly from: number
  to: number
}

interface Begun {
  readonly hook: Hook
  readonly failed: string | undefined
  readonly runs: ReadonlyArray<Run>
}

/** A whole application. */
export class Application {
  readonly app = new Map<string, string>()
  readonly bags = new Map<string, Map<string, string>>()
  readonly programs = new Map<string, UnitProgram>()
  readonly runs: Array<Run> = []
  readonly failures: Array<string> = []
  readonly #skews = new Map<string, number>()
  readonly #begun = new Map<string, Begun>()
  #events = 0
  leader = ""

  /** Adds a unit; the first one leads. `skew` is in microseconds. */
  add(unit: string, program: UnitProgram, skew = 0): void {
    this.programs.set(unit, program)
    this.bags.set(unit, new Map())
    this.#skews.set(unit, skew)
    if (this.leader === "") this.leader = unit
  }

  /** The unit's charm is replaced between two hooks; its databag stays. */
  upgrade(unit: string, program: UnitProgram): void {
    this.programs.set(unit, program)
  }

  get units(): ReadonlyArray<string> {
    return [...this.programs.keys()]
  }

  isBusy(unit: string): boolean {
    return this.#begun.has(unit)
  }

  /** Begins a hook: everything it does is done, and nobody sees it yet. */
  async begin(unit: string, event: Hook["event"], asked?: AskedFor): Promise<void> {
    if (this.isBusy(unit)) throw new Error(`${unit} is in a hook`)
    this.#events++
    const runs: Array<Run> = []
    const hook: Hook = {
      unit,
      event,
      leader: this.leader === unit,
      own: new Map(this.bags.get(unit)),
      app: new Map(this.app),
      peers: new Map([...this.bags].filter(([name]) => name !== unit)),
      now: () => 1_800_000_000_000_000 + this.#events * 100_000 + (this.#skews.get(unit) ?? 0),
      ran: (operation, token) => {
        this.#events++
        const run = { unit, operation, token, from: this.#events, to: Number.POSITIVE_INFINITY }
        runs.push(run)
        this.runs.push(run)
      }
    }
    let failed: string | undefined
    try {
      const program = this.programs.get(unit)
      await (asked === undefined ? program?.hook(hook) : program?.request(hook, asked))
    } catch (error) {
      failed = String(error)
    }
    this.#begun.set(unit, { hook, failed, runs })
  }

  /** Ends the unit's hook; with `fails` it is lost, although what it ran has run. */
  end(unit: string, fails = false): void {
    const begun = this.#begun.get(unit)
    if (begun === undefined) return
    this.#begun.delete(unit)
    this.#events++
    for (const run of begun.runs) run.to = this.#events
    const deposed = this.leader !== unit && !isSame(begun.hook.app, this.app) && begun.hook.leader
    if (begun.failed !== undefined || fails || deposed) {
      this.failures.push(`${unit}: ${begun.failed ?? (fails ? "was made to fail" : "deposed")}`)
      return
    }
    replace(this.bags.get(unit), begun.hook.own)
    if (begun.hook.leader) replace(this.app, begun.hook.app)
  }

  /** One whole hook. */
  async hook(unit: string, event: Hook["event"] = "relation-changed", asked?: AskedFor) {
    await this.begin(unit, event, asked)
    this.end(unit)
  }

  /** Rounds of whole hooks, the way Juju wakes everybody after a change, until nothing changes or `most` rounds are over. */
  async settle(most = 60): Promise<void> {
    for (let quiet = 0, round = 0; quiet < 2 && round < most; round++) {
      const before = this.#picture()
      for (const unit of this.units) {
        await this.hook(unit)
        if (this.programs.get(unit)?.wakes?.() === true) await this.hook(unit, "worker")
      }
      for (const unit of this.units) await this.hook(unit, "update-status")
      quiet = this.#picture() === before ? quiet + 1 : 0
    }
  }

  /** Pairs of runs of different units that were under way at the same time. */
  overlaps(): ReadonlyArray<string> {
    return this.runs.flatMap((one, i) =>
      this.runs
        .slice(i + 1)
        .filter((other) => one.unit !== other.unit && one.from < other.to && other.from < one.to)
        .map((other) => `${one.unit} ${one.operation} and ${other.unit} ${other.operation}`)
    )
  }

  #picture(): string {
    return JSON.stringify([[...this.app], [...this.bags].map(([unit, bag]) => [unit, [...bag]])])
  }
}

const isSame = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)

const replace = (bag: Map<string, string> | undefined, next: ReadonlyMap<string, string>): void => {
  bag?.clear()
  for (const [key, value] of next) if (value !== "") bag?.set(key, value)
}
