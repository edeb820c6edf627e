// A whole table, cut into messages and put together again.
import type { Change, SnapshotMessage } from '../protocol.ts'
import { ShardTable } from './shard-table.ts'
import { sameVersion } from './version.ts'

/** Rows in one message: about 24 bytes each. */
const rowsPerPart = 2_000
/** What may be put together at once: as many parts as a million shards take. */
export const maxSnapshotParts = 4_096

export function snapshotOf(table: ShardTable, term: number): readonly SnapshotMessage[] {
  const pieces = [...table.pieces(rowsPerPart)]
  return pieces.map((changes, part) => ({
    type: 'snapshot',
    term,
    version: table.version,
    part,
    parts: pieces.length,
    changes,
  }))
}

/** Puts one snapshot together: of several, the one whose part came last. */
export class SnapshotParts {
  #latest: SnapshotMessage | undefined
  readonly #parts = new Map<number, readonly Change[]>()

  /** @returns the table, with its last part */
  add(message: SnapshotMessage): ShardTable | undefined {
    const { version, parts, part } = message
    if (parts > maxSnapshotParts || part >= parts) return undefined
    const latest = this.#latest
    if (!latest || !sameVersion(latest.version, version) || latest.parts !== parts) {
      this.#parts.clear()
      this.#latest = message
    }
    this.#parts.set(part, message.changes)
    if (this.#parts.size < parts) return undefined
    const changes = [...this.#parts].toSorted(([left], [right]) => left - right)
    this.#parts.clear()
    this.#latest = undefined
    return ShardTable.empty.with({ version, changes: changes.flatMap(([, piece]) => piece) })
  }
}
