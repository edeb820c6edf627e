/** Promises of what is to come about; whoever may have brought it about has them looked at. */
export class Waiters {
  readonly #waiting = new Set<() => boolean>()

  /** Resolves once `holds`: at once, where it does already. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      this.#waiting.add(() => {
        if (!holds()) return false
        resolve()
        return true
      })
    })
  }

  look(): void {
    for (const isOver of new Set(this.#waiting)) if (isOver()) this.#waiting.delete(isOver)
  }
}
