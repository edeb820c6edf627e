import type { Save } from './part-log.ts'

/** So many are remembered. */
const maxParts = 10_000

/**
 * Parts of one node that had no room to write: where they begin again, they let go of what they can. Mutable. One does so at a time:
 * together they would take what room there is for that, and none would come to its end.
 */
export class ShortOfRoom {
  readonly #parts = new Set<string>()
  #isBusy = false

  add(part: string): void {
    if (this.#parts.size < maxParts) this.#parts.add(part)
  }

  /**
   * @param compact - see `PartLog.compact`
   * Rejects with what saving does: then it is tried when there is no room again
   */
  async letGo(part: string, compact: () => Save | undefined, isOver: () => boolean): Promise<void> {
    if (this.#isBusy || !this.#parts.delete(part)) return
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
