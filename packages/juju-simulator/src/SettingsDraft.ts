/**
 * One databag as an execution sees it: what was loaded at the first use, overlaid with what the execution wrote. Deleted
 * keys are hidden. Nobody else sees a draft before it is committed.
 */
import type { Settings } from "./RelationCache.ts"

/** The staged writes of one execution to one databag. */
export class SettingsDraft {
  readonly #loaded: Settings
  readonly #changes = new Map<string, string>()

  constructor(loaded: Settings) {
    this.#loaded = loaded
  }

  /** Whether anything was written, even if it makes no difference. */
  get isDirty(): boolean {
    return this.#changes.size > 0
  }

  /** The settings, own writes included. */
  get settings(): Settings {
    if (!this.isDirty) return this.#loaded
    const merged = new Map([...this.#loaded, ...this.#changes])
    for (const [key, value] of this.#changes) {
      if (value === "") merged.delete(key)
    }
    return merged
  }

  /** Stages a value; an empty one deletes the key. */
  set(key: string, value: string): void {
    this.#changes.set(key, value)
  }

  /** What the execution wrote. */
  get changes(): Settings {
    return this.#changes
  }

  /** Every key that was loaded or written: what a leader's flush sends of an application's databag. */
  get everything(): Settings {
    return new Map([...this.#loaded, ...this.#changes])
  }
}
