// Entities that failed and are remembered: when they start again.

/** Before one starts again, in milliseconds. */
const pauseMs = 1_000

export class Restarts {
  /** By when, the earliest first. */
  readonly #due = new Map<string, number>()

  add(entityId: string, now: number): void {
    this.#due.delete(entityId) // The last to fail comes last.
    this.#due.set(entityId, now + pauseMs)
  }

  nextDeadline(): number {
    const [at = Infinity] = this.#due.values()
    return at
  }

  /** Those whose time it is to start, once. */
  takeDue(now: number): readonly string[] {
    const due: string[] = []
    for (const [entityId, at] of this.#due) {
      if (at > now) break
      due.push(entityId)
    }
    for (const entityId of due) this.#due.delete(entityId)
    return due
  }
}
