// The end of a process at a chosen point. It is a defect and not a failure: no code can catch and survive its own death.

/** What a killed step dies of. */
export class Crash extends Error {
  /** A death at the point that `where` names. */
  constructor(where: string) {
    super(`killed ${where}`)
    this.name = "Crash"
  }
}
