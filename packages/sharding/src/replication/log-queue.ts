// What waits to be written to a journal, in order, and who waits for it.
import type { JournalLimits, JournalRecord } from '@casty/persistence'

interface Waiting {
  /** Nothing where only those before it are waited for. */
  readonly record: JournalRecord | undefined
  readonly stored: (() => void) | undefined
  /** Told that it does not work at present, rather than to wait. */
  readonly failed?: () => void
}

/** What is taken together. */
export type Taken = readonly Waiting[]

/** Taken together at most, about, in bytes. */
const batchBytes = 4_194_304

/** Mutable. Records stay in it until they were stored, or all are given up: what is taken is still the first of it. */
export class LogQueue {
  #waiting: Waiting[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** How much is in it. */
  get bytes(): number {
    return this.#bytes
  }

  add(record: JournalRecord, stored: (() => void) | undefined): void {
    this.#waiting.push({ record, stored })
    this.#bytes += record.bytes.length
  }

  /** Calls back when all that is in it is stored; or that it does not work at present. */
  wait(stored: () => void, failed: () => void): void {
    this.#waiting.push({ record: undefined, stored, failed })
  }

  /** As many of the first as may be appended at once; one at least, where there is one. */
  take({
    maxBatchEvents,
    maxBatchBytes,
  }: Pick<JournalLimits, 'maxBatchEvents' | 'maxBatchBytes'>): Taken {
    let room = Math.min(batchBytes, maxBatchBytes)
    let count = 0
    for (const { record } of this.#waiting) {
      const size = record?.bytes.length ?? 0
      if (count > 0 && (size > room || count >= maxBatchEvents)) break
      room -= size
      count++
    }
    return this.#waiting.slice(0, count)
  }

  /** They are stored. @returns whether they were still waited for, and so are to be told */
  remove(taken: Taken): boolean {
    if (this.#waiting[0] !== taken[0]) return false
    this.#waiting.splice(0, taken.length)
    for (const { record } of taken) this.#bytes -= record?.bytes.length ?? 0
    return true
  }

  /** Records go on waiting, and nobody else. */
  failed(): void {
    for (const { failed } of this.#waiting) failed?.()
    this.#waiting = this.#waiting.filter(({ failed }) => !failed)
  }

  /** Nothing of it is going to be stored: whoever waits for a record is not answered, and asks again. */
  giveUp(): void {
    for (const { failed } of this.#waiting) failed?.()
    this.#waiting = []
    this.#bytes = 0
  }
}
