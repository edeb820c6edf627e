import type { Batch, Change, TypeSettings } from '../protocol.ts'
import { nobody, type Electorate } from './electorate.ts'
import { sameRow, unowned, type ShardRow } from './shard-row.ts'
import { noVersion, type Version } from './version.ts'

/** The shards of one entity type, by number: `rows` has as many as `settings.numShards`. */
export interface TypeTable {
  readonly settings: TypeSettings
  readonly rows: readonly ShardRow[]
  /**
   * Which record of the nodes that have copies this table goes on with: the epoch at which a table was founded whose nodes knew of none.
   * Numbers of hosts that were written down in another one do not add up with those of this one. 0 while nobody has a shard.
   */
  readonly census: number
}

/**
 * Who owns which shard. Immutable; a version names it. Batches of changes are applied one after the
 * other, each to exactly the version that it was made for.
 */
export class ShardTable {
  static readonly empty: ShardTable = new ShardTable(noVersion, nobody, new Map())

  readonly version: Version
  readonly electorate: Electorate
  /** By name. */
  readonly types: ReadonlyMap<string, TypeTable>

  private constructor(
    version: Version,
    electorate: Electorate,
    types: ReadonlyMap<string, TypeTable>,
  ) {
    this.version = version
    this.electorate = electorate
    this.types = types
  }

  /** Of a type or shard that is not known: an unowned one. */
  row(typeName: string, shard: number): ShardRow {
    return this.types.get(typeName)?.rows[shard] ?? unowned
  }

  /** All rows of a type, by shard; none where it is not known, or split into another number of shards. */
  rowsOf({
    name,
    numShards,
  }: Pick<TypeSettings, 'name' | 'numShards'>): Iterable<readonly [shard: number, row: ShardRow]> {
    const rows = this.types.get(name)?.rows ?? []
    return rows.length === numShards ? rows.entries() : []
  }

  /** The table after a batch, whether or not it is the next one: that is for the caller to check. */
  with(batch: Pick<Batch, 'version' | 'changes'>): ShardTable {
    let { electorate } = this
    const types = new Map(this.types)
    const rowsOf = new Map<string, ShardRow[]>()
    for (const change of batch.changes) {
      switch (change.type) {
        case 'electorate':
          electorate = change.electorate
          break
        case 'type':
          declare(types, rowsOf, change)
          break
        case 'shards':
          setRows(types, rowsOf, change)
          break
      }
    }
    for (const [name, rows] of rowsOf) {
      const type = types.get(name)
      if (type) types.set(name, { ...type, rows })
    }
    return new ShardTable(batch.version, electorate, types)
  }

  /** What makes this table out of the empty one, in pieces that weigh about `maxRows` rows; at least one piece. */
  *pieces(maxRows: number): Generator<readonly Change[]> {
    let piece: Change[] = [{ type: 'electorate', electorate: this.electorate }]
    let room = maxRows
    for (const { settings, rows, census } of this.types.values()) {
      piece.push({ type: 'type', settings, census })
      room -= typeWeight
      if (room <= 0) {
        yield piece
        piece = []
        room = maxRows
      }
      for (let start = 0; start < rows.length;) {
        const part = rows.slice(start, start + room)
        const changed = part.map((row, index) => ({ shard: start + index, row }))
        // Shards that nobody ever owned need no words.
        const said = changed.filter(({ row }) => row !== unowned)
        if (said.length > 0) piece.push({ type: 'shards', typeName: settings.name, rows: said })
        start += part.length
        room -= part.length
        if (room > 0) continue
        yield piece
        piece = []
        room = maxRows
      }
    }
    yield piece
  }
}

/** A name may take as much as so many rows. */
const typeWeight = 10

/** What a change weighs in a message, in rows. */
export function weightOf(change: Change): number {
  switch (change.type) {
    case 'electorate':
      return change.electorate.voters.length + change.electorate.former.length
    case 'type':
      return typeWeight
    case 'shards':
      return change.rows.length
  }
}

/** A type that is known already keeps its shards, as many as there were. */
function declare(
  types: Map<string, TypeTable>,
  rowsOf: Map<string, ShardRow[]>,
  { settings, census: told }: Extract<Change, { readonly type: 'type' }>,
): void {
  const known = types.get(settings.name)
  const rows = Array.from({ length: settings.numShards }, () => unowned)
  const census = told || (known?.census ?? 0)
  if (known?.settings.numShards === settings.numShards)
    types.set(settings.name, { ...known, settings, census })
  else {
    rowsOf.delete(settings.name)
    types.set(settings.name, { settings, rows, census })
  }
}

function setRows(
  types: ReadonlyMap<string, TypeTable>,
  rowsOf: Map<string, ShardRow[]>,
  change: Extract<Change, { readonly type: 'shards' }>,
): void {
  const known = rowsOf.get(change.typeName) ?? types.get(change.typeName)?.rows.slice()
  if (!known) return
  rowsOf.set(change.typeName, known)
  for (const { shard, row } of change.rows) if (shard < known.length) known[shard] = row
}

/** A row of the table that is another than before. */
export interface RowChange {
  readonly typeName: string
  readonly shard: number
  readonly before: ShardRow
  readonly row: ShardRow
}

/** Which rows differ. Types whose rows are the same instance cost nothing. */
export function rowsChanged(before: ShardTable, after: ShardTable): readonly RowChange[] {
  const changes: RowChange[] = []
  for (const [typeName, { rows }] of after.types) {
    const former = before.types.get(typeName)?.rows
    if (former === rows) continue
    rows.forEach((row, shard) => {
      const was = former?.[shard] ?? unowned
      if (!sameRow(was, row)) changes.push({ typeName, shard, before: was, row })
    })
  }
  return changes
}
