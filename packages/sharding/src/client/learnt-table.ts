// The committed table as a client knows it, by what its contacts tell.
import { rowsChanged, ShardTable, type RowChange } from '../table/shard-table.ts'
import { SnapshotParts } from '../table/snapshot.ts'
import { sameVersion } from '../table/version.ts'
import type { ToldTable } from './table-frames.ts'

export class LearntTable {
  #table = ShardTable.empty
  /** Whose table it is; none yet where it is empty. */
  #dataCenter = ''
  readonly #parts = new SnapshotParts()

  get table(): ShardTable {
    return this.#table
  }

  get dataCenter(): string {
    return this.#dataCenter
  }

  /** @returns what is other than before; undefined where what was told does not fit what is here */
  learn(dataCenter: string, content: ToldTable): readonly RowChange[] | undefined {
    if (content.type === 'snapshot') {
      const whole = this.#parts.add(content)
      return whole ? this.#become(dataCenter, whole) : []
    }
    const isHere = dataCenter === this.#dataCenter || this.#table === ShardTable.empty
    let table = isHere ? this.#table : ShardTable.empty
    for (const batch of content.batches) {
      if (!sameVersion(batch.previous, table.version)) return undefined
      table = table.with(batch)
    }
    return this.#become(dataCenter, table)
  }

  #become(dataCenter: string, table: ShardTable): readonly RowChange[] {
    const before = this.#table
    this.#table = table
    this.#dataCenter = dataCenter
    return rowsChanged(before, table)
  }
}
