// Which record of the hosts of a type goes on, and which copies of its shards count by it.
import type { ShardRow } from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import type { Found } from './found.ts'

/**
 * Mutable, and of one plan. It begins once, and then only ever goes back: what nodes wrote down in a later one is
 * done with.
 */
export class Census {
  readonly #before: number
  readonly #isOnDisks: boolean
  #current: number

  constructor({ settings, census }: TypeTable) {
    this.#before = census
    this.#isOnDisks = settings.disks > 0
    this.#current = census
  }

  /** The one that goes on; 0 while nobody has a shard. */
  get current(): number {
    return this.#current
  }

  /**
   * Where a shard's copies come from, from now on: of what is known to be confirmed, where there is such. The census
   * goes back to that of whoever has it.
   *
   * @param isOpen - whether what the row says is in doubt
   */
  lineageOf(row: ShardRow, found: Found, epoch: number, isOpen = false): number {
    if (!this.#isOnDisks) return 0
    // What somebody went on without may come back: it is another one then, whatever the row says.
    const lineage =
      isOpen || found.isForced
        ? lineageFound(row, found, epoch)
        : (found.lineage ?? (row.lineage || (found.begun ?? epoch)))
    if (this.#current === 0) this.#current = found.census || epoch
    else if (lineage !== row.lineage && found.census !== 0) {
      this.#current = Math.min(this.#current, found.census)
    }
    return lineage
  }

  /** Whether what was begun in a census that is done with may be beside what was confirmed in the one that goes on. */
  doubts({ owner, lineage, isDecided }: ShardRow): boolean {
    const hasGoneBack = this.#current < this.#before
    return hasGoneBack && owner !== undefined && lineage >= this.#before && !isDecided
  }
}

/**
 * The lineage of a shard by what was found of its copies alone: where nothing was confirmed, that of the census that
 * goes on.
 */
export function lineageFound(row: ShardRow, found: Found, epoch: number): number {
  if (found.lineage !== undefined) return found.lineage
  if (found.isForced) return epoch
  // Others may have got what was begun before, who cannot know that nothing of it was confirmed.
  const begun = found.begun === row.lineage ? undefined : found.begun
  return begun ?? (found.census || row.lineage)
}
