// What a charm gets from whoever runs it, in the shape that a simulator's in-process agent hands over. The models need
// nothing else, so they run against a fake in a unit test as well as in a simulated Juju. Types only.

/** What a process left behind. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** One hook: Juju's environment variables, and the hook tools as calls. */
export interface CharmHook {
  readonly env: Readonly<Record<string, string>>
  readonly run: (argv: ReadonlyArray<string>, stdin?: string) => Promise<Outcome>
}

/** A charm as a function; it resolves to the exit code. */
export type CharmProgram = (hook: CharmHook) => Promise<number>
