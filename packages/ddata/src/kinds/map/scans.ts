import type { Entry } from './entries.ts'

/** Where a page ended, and with what the next one begins. */
interface Place {
  readonly next: Readonly<Entry>
  readonly rest: Iterator<Entry>
}

/** So many scans go on where they were; more than that look for their place, from the first entry on. */
const maxPlaces = 8

/** Pages of entries in the order of their births. A cursor is the birth of the last one that was told. */
export class Scans {
  readonly #entries: ReadonlyMap<string, Entry>
  /** By their cursors: anybody's next page begins there. */
  readonly #places = new Map<number, Place>()

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries
  }

  clear(): void {
    this.#places.clear()
  }

  /** @param tell - whether there is room for more. @returns the cursor behind the page; 0 at the end */
  page(cursor: number, limit: number, tell: (entry: Readonly<Entry>) => boolean): number {
    const { next, rest } = this.#placeOf(cursor)
    let last = cursor
    let hasRoom = true
    let count = 0
    for (let entry = next; entry; entry = rest.next().value) {
      if (count >= limit || !hasRoom) {
        this.#keep(last, { next: entry, rest })
        return last
      }
      // While it waited for its turn, it may have gone, or become another one.
      const known = this.#entries.get(entry.key)
      if (known?.birth !== entry.birth) continue
      hasRoom = tell(known)
      count += 1
      last = entry.birth
    }
    return 0
  }

  #placeOf(cursor: number): {
    next: Readonly<Entry> | undefined
    rest: Iterator<Entry, undefined>
  } {
    const known = this.#places.get(cursor)
    this.#places.delete(cursor)
    if (known) return known
    const rest = this.#entries.values()
    let next = rest.next().value
    while (next && next.birth <= cursor) next = rest.next().value
    return { next, rest }
  }

  #keep(cursor: number, place: Place): void {
    this.#places.set(cursor, place)
    if (this.#places.size <= maxPlaces) return
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest)
      return
    }
  }
}
