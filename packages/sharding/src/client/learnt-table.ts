// The committed table as a client knows it, by what members of one data center tell.
import { rowsChanged, ShardTable, type RowChange } from '../table/shard-table.ts'
import { SnapshotParts } from '../table/snapshot.ts'
import { sameVersion } from '../table/version.ts'
import type { ToldTable } from './table-frames.ts'

export class LearntTable {
  #table = ShardTable.empty
  readonly #parts = new SnapshotParts()

  get table(): ShardTable {
    return this.#table
  }

  /** @returns what is other than before; undefined where what was told does not fit what is here */
  learn(content: ToldTable): readonly RowChange[] | undefined {
    if (content.type === 'snapshot') {
      const whole = this.#parts.add(content)
      return whole ? this.#become(whole) : []
    }
    let table = this.#table
    for (const batch of content.batches) {
      if (!sameVersion(batch.previous, table.version)) return undefined
      table = table.with(batch)
    }
    return this.#become(table)
  }

  #become(table: ShardTable): readonly RowChange[] {
    const before = this.#table
    this.#table = table
    return rowsChanged(before, table)
  }
}
