// One participant's `RollingLock` at a leased server: as much of it as a lock that moves needs of a backend.
import { Cause, Effect, Layer, Stream } from "effect"
import {
  canonicalJson,
  type FencingToken,
  type LockDecision,
  type Operations,
  type ParticipantId,
  parsedJson,
  type Request,
  RollingLock,
  type RollingLockShape,
  RollUnsupported,
  StoreUnavailable
} from "../../src/index.ts"
import type { LeasedServer, ServerRequest, Session } from "./LeasedServer.ts"

/** The machine under a session. */
export interface LeasedMachine {
  readonly id: ParticipantId
  /** Called before and after each call: a process can die there. */
  readonly at: (point: string) => Effect.Effect<void>
  /** The session of its living process. */
  session: Session | undefined
  /** Set where its work was cut because its lease passed. */
  cut: boolean
  /** Set while it runs what this backend granted. */
  tries: boolean
  readonly lost: () => void
  readonly stalled: () => boolean
}

/** The lock of a machine at `server`, closed with its scope. */
export const leasedLock = (
  server: LeasedServer,
  machine: LeasedMachine,
  operations: Operations
): Layer.Layer<RollingLock> =>
  Layer.effect(
    RollingLock,
    Effect.acquireRelease(
      Effect.sync(() => shapeOf(server, machine, operations)),
      () =>
        Effect.sync(() => {
          if (machine.session !== undefined) server.close(machine.session)
          machine.session = undefined
        })
    )
  )

const shapeOf = (
  server: LeasedServer,
  machine: LeasedMachine,
  operations: Operations
): RollingLockShape => {
  const { id } = machine
  const call = <A>(name: string, body: () => A) =>
    Effect.gen(function* () {
      yield* machine.at(`before ${name}`)
      if (!server.answers(id)) return yield* silent(name)
      const result = body()
      yield* machine.at(`after ${name}`)
      return result
    })
  const change = (next: (queue: ReadonlyArray<ServerRequest>) => ReadonlyArray<ServerRequest>) =>
    server.requests.set(id, next(server.queueOf(id)))
  const step = Effect.gen(function* () {
    if (server.queueOf(id).length === 0 && machine.session === undefined) return IDLE
    yield* call("the grant", () => enter(server, machine))
    const { holder } = server
    const [first] = server.queueOf(id)
    if (first === undefined) return IDLE
    if (machine.tries) return WAITING
    if (holder?.session !== machine.session || holder?.ticket !== first.ticket) return WAITING
    return yield* runFirst(server, machine, operations, first, holder)
  })
  return {
    request: (options) =>
      call("a request", () => {
        const ticket = ++server.revision
        const context = canonicalJson(options.context)
        const one: ServerRequest = {
          ticket,
          operation: options.operation,
          arguments: canonicalJson(options.arguments ?? {}) ?? "{}",
          ...(context === undefined ? {} : { context }),
          ...(options.maxRetries === undefined ? {} : { maxRetries: options.maxRetries })
        }
        change((queue) => [...queue, one])
        return { ticket, merged: false }
      }),
    cancel: (ticket) =>
      call("a cancel", () => {
        const gone = server
          .queueOf(id)
          .filter((each) => ticket === undefined || each.ticket === ticket)
        change((queue) => queue.filter((each) => !gone.includes(each)))
        const { holder } = server
        const own = holder?.session.who === id && gone.some((each) => each.ticket === holder.ticket)
        if (own) server.holder = undefined
        return gone.map((each) => each.ticket)
      }),
    step,
    roll: () => Effect.fail(new RollUnsupported({ lock: "leased" })),
    status: call("a look", () => {
      server.settle()
      const { holder } = server
      const token = server.granted as FencingToken
      const grant = holder && {
        token: holder.token as FencingToken,
        participant: holder.session.who,
        ticket: holder.ticket,
        operation: "restart",
        atMillis: 0
      }
      return {
        lock: "leased",
        problem: undefined,
        leader: false,
        token,
        permits: 1,
        grants: grant === undefined ? [] : [grant],
        waiters: [],
        queue: server.queueOf(id) as ReadonlyArray<Request>,
        pause: server.pause,
        blocked: undefined,
        failed: [],
        problems: new Map()
      }
    }),
    explain: () =>
      call("a look", () =>
        server.holder === undefined
          ? [{ _tag: "LeaderToDecide" as const }]
          : [{ _tag: "Held" as const, by: [server.holder.session.who] }]
      ),
    pause: ({ reason }) => call("a pause", () => void (server.pause = { reason, atMillis: 0 })),
    resume: () => call("a resume", () => void (server.pause = undefined)),
    forceRelease: () => call("a release", () => void (server.holder = undefined)),
    history: Effect.succeed([]),
    dryRun: Effect.succeed([]),
    withPermits: () => () => Effect.die("not in this model"),
    serve: Stream.runDrain(Stream.never) as Effect.Effect<never>
  }
}

/** A living session, and a grant where it is its turn; the grant of this machine's former process goes on under it. */
const enter = (server: LeasedServer, machine: LeasedMachine): void => {
  const { session } = machine
  if (session === undefined || !session.alive || server.isLapsed(session)) {
    const fresh = server.open(machine.id)
    fresh.lost = machine.lost
    machine.session = fresh
    machine.cut = false
  }
  const own = machine.session as Session
  server.settle()
  const { holder } = server
  if (holder !== undefined && holder.session !== own && holder.session.who === own.who) {
    holder.session = own
  }
  server.grant(own)
}

const runFirst = Effect.fnUntraced(function* (
  server: LeasedServer,
  machine: LeasedMachine,
  operations: Operations,
  first: ServerRequest,
  holder: NonNullable<LeasedServer["holder"]>
) {
  const { token } = holder
  const { attempt = 0, maxRetries } = first
  const call = {
    operation: first.operation,
    arguments: parsedJson(first.arguments),
    token: token as FencingToken,
    lock: "leased",
    attempt,
    requestContext: parsedJson(first.context),
    interrupted: false
  }
  const code = operations[first.operation]
  if (code === undefined) return yield* Effect.die("no code")
  machine.tries = true
  const exit = yield* Effect.exit(code.run(call))
  machine.tries = false
  if (exit._tag === "Failure" && Cause.hasInterrupts(exit.cause)) {
    return yield* machine.cut ? silent("hold the lease") : Effect.interrupt
  }
  const result = exit._tag === "Success" ? exit.value : ("retry-release" as const)
  yield* machine.at("before the end")
  if (!server.answers(machine.id)) return yield* silent("tell the end")
  server.settle()
  const lost = server.holder?.token !== token
  if (!lost) {
    const spent = maxRetries !== undefined && attempt + 1 > maxRetries
    const again = (result === "retry-release" || result === "retry-hold") && !spent
    const [, ...rest] = server.queueOf(machine.id)
    const retry = result === "retry-hold" ? ("hold" as const) : ("release" as const)
    const next = { ...first, attempt: attempt + 1, retry }
    server.requests.set(machine.id, again ? [next, ...rest] : rest)
    if (!(again && result === "retry-hold")) server.holder = undefined
  }
  yield* machine.at("after the end")
  const activity = {
    _tag: "Ran" as const,
    operation: first.operation,
    token,
    result,
    reason: undefined
  }
  return { ...IDLE, activity } satisfies LockDecision as LockDecision
})

const silent = (operation: string) =>
  new StoreUnavailable({ operation, detail: "the leased lock does not answer" })

const IDLE: LockDecision = {
  activity: { _tag: "Idle" },
  wakeAtMillis: undefined,
  quarantined: new Map()
}
const WAITING: LockDecision = {
  ...IDLE,
  activity: { _tag: "Waiting", reasons: [{ _tag: "LeaderToDecide" }] }
}
