/**
 * When timers run out here. Renewing one leaves no trace anywhere else: so holding a lease costs no writes. Gray and
 * Cheriton, "Leases", SOSP 1989, §2.
 */
export class Deadlines {
  readonly #until = new Map<number, number>()
  #first = Infinity

  /** Not after the first deadline; Infinity where there is none. */
  get first(): number {
    return this.#first
  }

  has(id: number): boolean {
    return this.#until.has(id)
  }

  set(id: number, until: number): void {
    this.#until.set(id, until)
    this.#first = Math.min(this.#first, until)
  }

  delete(id: number): void {
    this.#until.delete(id)
  }

  /** Those that have run out; they stay until they are deleted. */
  due(now: number): readonly number[] {
    if (now < this.#first) return []
    const due: number[] = []
    let first = Infinity
    for (const [id, until] of this.#until) {
      if (until <= now) due.push(id)
      else first = Math.min(first, until)
    }
    this.#first = due.length > 0 ? now : first
    return due
  }
}
