// Which of the writes that were confirmed may be gone in the end, where copies may be lost: not all that were ever
// written, because of one loss, but those that were there when it came.

/** Whether so many nodes were lost within that time, in the world's, that what was confirmed before may be gone. */
export type MayLose = (from: number, to: number) => boolean

/** A write that was confirmed: from when it was asked for to when that was answered. */
export interface Confirmed {
  readonly askedAt: number
  readonly answeredAt: number
}

/** Whatever was there before anything was confirmed. */
const beginning: Confirmed = { askedAt: 0, answeredAt: 0 }

/**
 * Each confirmed write was on enough nodes with all that came before it. So one that is gone was lost between two confirmed
 * writes, of which it came no later than the first, while the second is the latest that may have been made without it.
 */
export class LostWrites<W extends Confirmed> {
  readonly #writes: readonly W[]
  readonly #isThere: (write: W) => boolean
  /** Whether all up to the write of that index may have been lost before the next one. */
  readonly #mayBeLostAfter: readonly boolean[]
  /** What is read from then on is of what is there in the end, in the world's time. */
  readonly keptFrom: number

  /** @param isThere - whether it is there in the end */
  constructor(confirmed: readonly W[], isThere: (write: W) => boolean, mayLose: MayLose) {
    const writes = confirmed.toSorted((left, right) => left.answeredAt - right.answeredAt)
    const endOf = (index: number): number => writes[index + 1]?.answeredAt ?? Infinity
    this.#writes = writes
    this.#isThere = isThere
    this.#mayBeLostAfter = writes.map(({ askedAt }, index) => mayLose(askedAt, endOf(index)))
    const last = this.#mayBeLostAfter.lastIndexOf(true)
    if (last >= 0) this.keptFrom = endOf(last)
    else this.keptFrom = mayLose(beginning.askedAt, endOf(-1)) ? endOf(-1) : beginning.answeredAt
  }

  /** Whether anything may be lost. */
  get mayLose(): boolean {
    return this.keptFrom > beginning.answeredAt
  }

  /** Whether a confirmed write that is not there may be lost. */
  mayBeLost(write: W): boolean {
    const index = this.#writes.indexOf(write)
    // Made after it was confirmed, and there: it was made without the one that is gone.
    const without = this.#writes.findIndex(
      (later, at) => at > index && later.askedAt > write.answeredAt && this.#isThere(later),
    )
    const until = without < 0 ? this.#writes.length : without
    return this.#mayBeLostAfter.slice(index, until).includes(true)
  }
}
