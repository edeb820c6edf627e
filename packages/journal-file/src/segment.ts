import type { JournalFile } from './journal-files.ts'

/** What a head takes in a segment, about. */
const headBytes = 96

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

/** The number of a segment by its name; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{8})\.log$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** One file of the log, and how much of it is still wanted. */
export class Segment {
  readonly number: number
  readonly marker: Uint8Array
  readonly file: JournalFile
  /** Up to the end of the last frame; of the whole file until that is found. Zeros may follow. */
  sizeBytes: number
  /** Something in it does not check out: then it is kept as it is. */
  isDamaged = false
  /** Ids whose last head is in here. */
  liveHeads = 0
  /** Events that are not deleted, and of which there is no later copy. */
  liveEvents = 0
  liveSnapshotBytes = 0
  #events = 0
  #eventBytes = 0
  #readers = 0
  #isRetired = false

  constructor(number: number, marker: Uint8Array, file: JournalFile, sizeBytes: number) {
    this.number = number
    this.marker = marker
    this.file = file
    this.sizeBytes = sizeBytes
  }

  get name(): string {
    return segmentName(this.number)
  }

  countEvents(count: number, bytes: number): void {
    this.#events += count
    this.#eventBytes += bytes
  }

  /** Whether it can be removed. */
  get isUnused(): boolean {
    return this.liveHeads === 0 && this.liveEvents === 0 && this.liveSnapshotBytes === 0
  }

  /** An estimate: it takes all events of a segment to be of one size. */
  get liveBytes(): number {
    const events = this.#events === 0 ? 0 : (this.#eventBytes * this.liveEvents) / this.#events
    return Math.min(this.sizeBytes, events + this.liveSnapshotBytes + this.liveHeads * headBytes)
  }

  /** @returns how many bytes were read: fewer than asked for only at the end of the file */
  async read(into: Uint8Array, at: number): Promise<number> {
    let read = 0
    while (read < into.length) {
      const count = await this.file.read(into.subarray(read), at + read)
      if (count === 0) break
      read += count
    }
    return read
  }

  /** Keeps the file open while `reading` runs, also when it is removed meanwhile. */
  async hold<T>(reading: () => Promise<T>): Promise<T> {
    this.#readers++
    try {
      return await reading()
    } finally {
      this.#readers--
      if (this.#isRetired) await this.#closeUnread()
    }
  }

  /** Closes the file when its last reader is through. */
  async retire(): Promise<void> {
    this.#isRetired = true
    await this.#closeUnread()
  }

  async #closeUnread(): Promise<void> {
    if (this.#readers > 0) return
    this.#isRetired = false
    await this.file.close()
  }
}
