// Watches over tokens: collects every one that the product mints, and looks after each hook, and at each call of a hook
// tool, where one stands in clear. A look is cheap: what did not change since the last one is not read again.
import type { InProcessCharm, Simulation } from "@rollcall/juju-simulator"
import type { StandIn, StandInOutcome } from "@rollcall/microcluster-adapter/stand-in"

/** A place where a token was readable: `app/0 relation 1 mirror-app-3`, `log of app/0`, and the like. */
export interface Sighting {
  readonly token: string
  readonly place: string
}

/** All tokens, and all sightings of them. */
export class Secrecy {
  readonly tokens: Array<string> = []
  /** By token the host that it was minted for, and the one that minted it. */
  readonly minted = new Map<string, { readonly host: string; readonly by: string }>()
  readonly #sightings = new Map<string, Sighting>()
  readonly #seen = new Set<unknown>()
  #logs = 0
  #hooks = 0

  /** Where tokens were seen at any time, each place once for each token. */
  get sightings(): ReadonlyArray<Sighting> {
    return [...this.#sightings.values()]
  }

  /** Calls the product, and notes the token that it prints. */
  call(
    product: StandIn,
    words: ReadonlyArray<string>,
    host: string,
    nowMillis: number
  ): StandInOutcome {
    const outcome = product(words, host, nowMillis)
    const minted = words.includes("add") && outcome.code === 0 ? outcome.stdout.trim() : ""
    if (minted.length >= 16 && !minted.includes(" ")) {
      this.tokens.push(minted)
      this.minted.set(minted, { host: words.at(-1) ?? "", by: host })
    }
    return outcome
  }

  /** `charm`, whose arguments to hook tools are looked at: logs and statuses are among them. */
  charm(charm: InProcessCharm): InProcessCharm {
    return (hook) =>
      charm({
        ...hook,
        run: (argv, stdin) => {
          this.#read(`arguments of ${argv[0]} on ${hook.env.JUJU_UNIT_NAME}`, argv.join(" "))
          return hook.run(argv, stdin)
        }
      })
  }

  /** Looks at what changed; never a complaint, what was seen is for the test to judge. */
  look(sim: Simulation): undefined {
    for (const { key, value } of this.#fresh(databagsOf(sim))) this.#read(key, value)
    for (const { key, value } of this.#fresh(secretsOf(sim))) this.#read(key, value)
    const { logs } = sim.model
    for (; this.#logs < logs.length; this.#logs++) {
      const line = logs[this.#logs]
      if (line !== undefined) this.#read(`log of ${line.unit}`, line.message)
    }
    const { hooks } = sim.trace
    for (; this.#hooks < hooks.length; this.#hooks++) {
      const { unit = "", error = "" } = hooks[this.#hooks] ?? {}
      this.#read(`error of ${unit}`, error)
    }
    return undefined
  }

  /** Where tokens stand in clear now: databags, and secrets by who may read them. */
  standing(sim: Simulation): ReadonlyArray<string> {
    return [...databagsOf(sim), ...secretsOf(sim)].flatMap(({ content, place, read }) =>
      [...read(content)]
        .filter(([, value]) => this.tokens.some((token) => value.includes(token)))
        .map(([key]) => `${place} ${key}`)
    )
  }

  *#fresh(registers: Iterable<Register>) {
    for (const { content, place, read } of registers) {
      if (this.#seen.has(content)) continue
      this.#seen.add(content)
      for (const [key, value] of read(content)) yield { key: `${place} ${key}`, value }
    }
  }

  #read(place: string, text: string): void {
    if (text.length < 16) return
    for (const token of this.tokens) {
      if (text.includes(token)) this.#sightings.set(`${place} ${token}`, { token, place })
    }
  }
}

type Entries = ReadonlyMap<string, string>

interface Register {
  readonly place: string
  /** Another object when anything in it changed. */
  readonly content: Entries
  readonly read: (content: Entries) => Entries
}

const plain = (content: Entries): Entries => content
const base64 = (content: Entries): Entries =>
  new Map([...content].map(([key, value]) => [key, Buffer.from(value, "base64").toString()]))

function* databagsOf({ model }: Simulation): Iterable<Register> {
  for (const { applications, id, scopes } of model.relations.values()) {
    for (const [unit, { settings }] of scopes) {
      yield { place: `${unit} relation ${id}`, content: settings.content, read: plain }
    }
    for (const [application, { content }] of applications) {
      yield { place: `${application} relation ${id}`, content, read: plain }
    }
  }
  for (const { name, state } of model.units.values()) {
    yield { place: `state of ${name}`, content: state, read: plain }
  }
}

function* secretsOf({ model }: Simulation): Iterable<Register> {
  for (const { id, owner, revisions } of model.secrets.values()) {
    for (const { content, revision } of revisions) {
      yield { place: `secret ${id} of ${owner.name} revision ${revision}`, content, read: base64 }
    }
  }
}
