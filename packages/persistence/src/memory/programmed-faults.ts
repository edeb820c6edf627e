/** What a fault is for. `event` is the giving out of one event, `events` the beginning of a reading. */
export type JournalOperation =
  | 'append'
  | 'claim'
  | 'highest'
  | 'events'
  | 'event'
  | 'deleteEvents'
  | 'saveSnapshot'
  | 'latestSnapshot'
  | 'deleteSnapshots'
  | 'ids'

/** What one request to the in-memory journal comes to, instead of what it would come to by itself. */
export type JournalFault =
  /** It is not carried out, and says so: `CASTY_JOURNAL_UNAVAILABLE`, with nothing written. */
  | { readonly type: 'refused' }
  /** There is no room. */
  | { readonly type: 'full' }
  /** `CASTY_JOURNAL_UNAVAILABLE`, and nobody knows whether it was carried out. */
  | { readonly type: 'lost'; readonly carriedOut: boolean }
  /** No answer ever comes. */
  | { readonly type: 'silent'; readonly carriedOut: boolean }
  /** Held up on its way: carried out `byMs` later, and answered then. */
  | { readonly type: 'delayed'; readonly byMs: number }

/** Which requests a fault is for. */
export interface FaultFilter {
  readonly operation: JournalOperation
  /** @defaultValue any id */
  readonly id?: string
  /** So many requests like that go well before. @defaultValue 0 */
  readonly after?: number
}

interface Programmed {
  readonly filter: FaultFilter
  readonly fault: JournalFault
  left: number
}

/** Faults that wait for the request they are meant for: each for one, the first that fits first. */
export class ProgrammedFaults {
  readonly #waiting: Programmed[] = []

  add(fault: JournalFault, filter: FaultFilter): void {
    this.#waiting.push({ filter, fault, left: filter.after ?? 0 })
  }

  take(operation: JournalOperation, id: string): JournalFault | undefined {
    for (const [at, one] of this.#waiting.entries()) {
      const { filter } = one
      if (filter.operation !== operation || (filter.id ?? id) !== id) continue
      if (one.left-- > 0) continue
      this.#waiting.splice(at, 1)
      return one.fault
    }
    return undefined
  }

  clear(): void {
    this.#waiting.length = 0
  }

  /** How many still wait: at the end of a test, a check that none was in vain. */
  get size(): number {
    return this.#waiting.length
  }
}
