// A member's copy of the table: what has taken effect, and what a coordinator proposed on top of that.
import type { Batch } from '../protocol.ts'
import { ShardTable, weightOf } from './shard-table.ts'
import { compareVersions, sameVersion, type Version } from './version.ts'

/** Rows of past batches that are kept for members who lack only the latest; others get a whole table. */
const maxRecentRows = 8_192
const maxRecentBatches = 256

/**
 * Grows by batches that fit exactly; where a coordinator proposes another continuation of an earlier table, what
 * followed on that is dropped, unless it was committed. Mutable, and of its owner alone.
 *
 * Invariant: `committed` never goes back.
 */
export class TableLog {
  #committed = ShardTable.empty
  /** Tables after `committed`, oldest first. */
  #proposed: ShardTable[] = []
  #recent: Batch[] = []
  #recentRows = 0

  get committed(): ShardTable {
    return this.#committed
  }

  get latest(): ShardTable {
    return this.#proposed.at(-1) ?? this.#committed
  }

  /** Takes a batch if it fits. @returns whether the table holds it now */
  append(batch: Batch): boolean {
    if (compareVersions(batch.version, this.latest.version) <= 0) {
      return batch.version.term === this.latest.version.term
    }
    const base = this.#at(batch.previous)
    if (!base) return false
    this.#dropAfter(base)
    this.#proposed.push(base.with(batch))
    this.#remember(batch)
    return true
  }

  /** Takes a whole table in place of all that was proposed. An older one changes nothing: newer was acknowledged. */
  replace(table: ShardTable): void {
    if (compareVersions(table.version, this.latest.version) <= 0) return
    this.#proposed = [table]
    this.#recent = []
    this.#recentRows = 0
  }

  /** Has everything up to `version` take effect, if it is here. @returns whether that changed anything */
  commit(version: Version): boolean {
    const index = this.#proposed.findIndex((table) => sameVersion(table.version, version))
    const table = this.#proposed[index]
    if (!table) return false
    this.#committed = table
    this.#proposed.splice(0, index + 1)
    return true
  }

  /** The batches after a table of `version`, oldest first; undefined where they are not known any more. */
  batchesAfter(version: Version): readonly Batch[] | undefined {
    if (sameVersion(version, this.latest.version)) return []
    const index = this.#recent.findIndex(({ previous }) => sameVersion(previous, version))
    return index < 0 ? undefined : this.#recent.slice(index)
  }

  #at(version: Version): ShardTable | undefined {
    return [this.#committed, ...this.#proposed].find((table) => sameVersion(table.version, version))
  }

  #dropAfter(base: ShardTable): void {
    if (base === this.latest) return
    this.#proposed.length = this.#proposed.indexOf(base) + 1
    const end = this.#recent.findIndex(({ previous }) => sameVersion(previous, base.version))
    this.#recent = end < 0 ? [] : this.#recent.slice(0, end)
    this.#recentRows = this.#recent.reduce((sum, batch) => sum + rowsOf(batch), 0)
  }

  #remember(batch: Batch): void {
    this.#recent.push(batch)
    this.#recentRows += rowsOf(batch)
    while (this.#recentRows > maxRecentRows || this.#recent.length > maxRecentBatches) {
      const oldest = this.#recent.shift()
      if (!oldest) break
      this.#recentRows -= rowsOf(oldest)
    }
  }
}

/** What a batch weighs, in rows: about 24 bytes each. */
export function rowsOf({ changes }: Pick<Batch, 'changes'>): number {
  return changes.reduce((sum, change) => sum + weightOf(change), 1)
}
