import type { Save } from './part-log.ts'

/** So many are remembered. */
const maxParts = 10_000

/** Saves what a part holds, where that lets go of much. Never rejects. */
export type LetGo = () => Promise<void>

/**
 * Parts of one node, where some had no room to write: these let go of what they can where they begin again, and so do others of which
 * something was taken away. Mutable. One does so at a time: together they would take what room there is for that, and none would
 * come to its end.
 */
export class ShortOfRoom {
  readonly #refused = new Set<string>()
  readonly #others = new Set<LetGo>()
  #isBusy = false

  refused(part: string): void {
    // Those that have been there for longest may run elsewhere by now.
    for (const oldest of this.#refused) {
      if (this.#refused.size < maxParts) break
      this.#refused.delete(oldest)
    }
    this.#refused.add(part)
    void this.#askOthers()
  }

  /** It is called once, when there is no room. */
  mayLetGo(letGo: LetGo): void {
    this.#others.add(letGo)
  }

  /** There is nothing to let go of any more. */
  forget(letGo: LetGo): void {
    this.#others.delete(letGo)
  }

  async #askOthers(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    const others = [...this.#others] // Those that come back meanwhile are asked the next time.
    for (const letGo of others) {
      // eslint-disable-next-line no-await-in-loop -- One at a time.
      if (this.#others.delete(letGo)) await letGo()
    }
    this.#isBusy = false
  }

  /**
   * Where a part begins.
   *
   * @param compact - see `PartLog.compact`
   * Rejects with what saving does: then it is tried when there is no room again
   */
  async begins(
    part: string,
    compact: () => Save | undefined,
    isOver: () => boolean,
  ): Promise<void> {
    if (this.#isBusy || !this.#refused.delete(part)) return
    const save = compact()
    if (!save) return
    this.#isBusy = true
    try {
      await save(isOver)
    } finally {
      this.#isBusy = false
    }
  }
}
