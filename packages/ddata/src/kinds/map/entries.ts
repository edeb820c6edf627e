// What is in one part of a map. Entries are in the order in which their keys came, which scans follow; those that end are in
// the order of their ends; and where there may be no more than so many, in the order in which they were used.
import { Heap } from '../../state/heap.ts'
import { Recency } from './recency.ts'
import { Scans } from './scans.ts'

/** Keys and values are bytes, one letter each: a text takes the least memory. Mutable, and of its {@link Entries} alone. */
export interface Entry {
  readonly key: string
  value: string
  version: number
  /** By the clock of the part; 0: never. Infinity would take more memory. */
  expiresAt: number
  /** Of the time at which its key came to be here. */
  readonly birth: number
}

/** All entries of one time. */
export interface Snapshot {
  /** To be gone through once. */
  readonly entries: Iterable<Readonly<Entry>>
  /** Places in the order of their last uses, from 1 on; none where nobody counts. */
  readonly ranks: ReadonlyMap<string, number>
}

export type Change = Partial<Pick<Entry, 'value' | 'version' | 'expiresAt'>>

const fewExpiries = 1_000

/** What an entry takes when it is saved, besides its key and value, at least. */
const entryBytes = 8

function bytesOf({ key, value }: Readonly<Entry>): number {
  return key.length + value.length + entryBytes
}

export class Entries {
  readonly #entries = new Map<string, Entry>()
  readonly #expiring = new Heap<Entry>(({ birth }) => birth)
  readonly #scans = new Scans(this.#entries)
  /** Where none is let go, nobody has to know. */
  #recency: Recency | undefined
  /** Of entries that were restored, until uses are counted again. */
  readonly #ranks = new Map<string, number>()
  /** Who writes down what was here, and has not ended yet. */
  #readers = 0
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  /** What they take when they are saved, at least. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Readonly<Entry> | undefined {
    return this.#entries.get(key)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  add(entry: Entry): void {
    this.#entries.set(entry.key, entry)
    this.#bytes += bytesOf(entry)
    this.#recency?.used(entry.key)
    this.#expires(entry)
  }

  /** @param rank - see {@link Snapshot} */
  restore(entry: Entry, rank: number): void {
    this.add(entry)
    if (rank > 0) this.#ranks.set(entry.key, rank)
  }

  /** It is used by that. */
  change(entry: Readonly<Entry>, change: Change): void {
    this.#bytes += (change.value?.length ?? entry.value.length) - entry.value.length
    const changed = Object.assign(this.#own(entry), change)
    this.#recency?.used(entry.key)
    if (change.expiresAt !== undefined) this.#expires(changed)
  }

  /** Whoever writes it down goes on with the one that was there. */
  #own(entry: Readonly<Entry>): Entry {
    if (this.#readers === 0) return entry
    const copy = { ...entry }
    this.#entries.set(entry.key, copy)
    return copy
  }

  remove(entry: Readonly<Entry>): void {
    this.#entries.delete(entry.key)
    this.#bytes -= bytesOf(entry)
    this.#recency?.forget(entry.key)
    if (this.#readers > 0 || entry.expiresAt === 0) return
    const gone: Entry = entry
    gone.value = '' // It may still be among those that end.
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
    this.#recency?.clear()
    this.#expiring.clear()
    this.#scans.clear()
  }

  #expires(entry: Entry): void {
    if (entry.expiresAt === 0) return
    this.#expiring.add(entry.expiresAt, entry)
    // Most of it may be about entries that were put again, or are gone: what is kept grows with the entries alone.
    if (this.#expiring.size <= 2 * this.#entries.size + fewExpiries) return
    this.#expiring.clear()
    for (const each of this.#entries.values()) {
      if (each.expiresAt !== 0) this.#expiring.add(each.expiresAt, each)
    }
  }

  /** How many ends of entries it keeps, for tests that this is bounded. */
  get endsKept(): number {
    return this.#expiring.size
  }

  /** The one that ends next: that of entries as they are, so that it is the same wherever the part goes on. */
  get nextToEnd(): Readonly<Entry> | undefined {
    for (;;) {
      const { first, firstRank } = this.#expiring
      const known = first && this.#entries.get(first.key)
      // It may have been put or touched since, or be another one of the same key.
      const isSo = known?.birth === first?.birth && known?.expiresAt === firstRank
      if (!first || isSo) return known
      this.#expiring.take()
    }
  }

  /** From now on it is known which entries were used last. */
  countUses(): void {
    if (this.#recency) return
    this.#recency = new Recency()
    const rankOf = (key: string): number => this.#ranks.get(key) ?? 0
    const keys = [...this.#entries.keys()].toSorted((left, right) => rankOf(left) - rankOf(right))
    for (const key of keys) this.#recency.used(key)
    this.#ranks.clear()
  }

  saw(key: string): void {
    this.#recency?.saw(key)
  }

  get leastUsed(): Readonly<Entry> | undefined {
    return this.#find(this.#recency?.oldest)
  }

  /** The same, where it was read since, which is no use that everybody knows of. */
  get seenLeastUsed(): Readonly<Entry> | undefined {
    return this.#find(this.#recency?.seenOldest)
  }

  #find(key: string | undefined): Readonly<Entry> | undefined {
    return key === undefined ? undefined : this.#entries.get(key)
  }

  scan(cursor: number, limit: number, tell: (entry: Readonly<Entry>) => boolean): number {
    return this.#scans.page(cursor, limit, tell)
  }

  /** All that are there now, also when they are changed while somebody goes through them. */
  snapshot(): Snapshot {
    this.#readers += 1
    const entries = this.#through([...this.#entries.values()])
    return { entries, ranks: this.#recency?.ranks() ?? new Map<string, number>() }
  }

  *#through(entries: readonly Entry[]): Iterable<Readonly<Entry>> {
    try {
      yield* entries
    } finally {
      this.#readers -= 1
    }
  }
}
