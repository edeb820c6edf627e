// What the table of who owns which shard costs, without any network.
import {
  encodeShardingMessage,
  ShardTable,
  unowned,
  type Batch,
  type Change,
} from '@casty/sharding'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { timed } from '../membership/timed.ts'

const typeName = 'counter'
const batchSize = 100
const piecesOf = 1_000

/** Of so many shards on five nodes. */
export class TableCosts {
  readonly #table: ShardTable
  readonly #numShards: number

  constructor(numShards: number) {
    this.#numShards = numShards
    const settings = { name: typeName, numShards, replicas: 0, disks: 0 }
    this.#table = ShardTable.empty.with({
      version: { term: 1, seq: 1 },
      changes: [{ type: 'type', settings, census: 0 }, shardsChange(0, numShards, 1)],
    })
  }

  /** Microseconds in which a hundred rows get another owner. */
  get changing(): () => number {
    const batch = this.#batch
    return timed(() => this.#table.with(batch))
  }

  /** Bytes of the message that tells of those. */
  get bytesOfChange(): number {
    return encodeShardingMessage({ type: 'entries', term: 1, batches: [this.#batch] }).length
  }

  /** Bytes of all of it, as a member gets it that knows nothing. */
  get bytesOfAll(): number {
    const pieces = [...this.#table.pieces(piecesOf)]
    const sizes = pieces.map((changes, part) => {
      const version = { term: 1, seq: 1 }
      const parts = pieces.length
      return encodeShardingMessage({ type: 'snapshot', term: 1, version, part, parts, changes })
        .length
    })
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  get #batch(): Batch {
    return {
      version: { term: 1, seq: 2 },
      previous: { term: 1, seq: 1 },
      changes: [shardsChange(0, Math.min(batchSize, this.#numShards), 2)],
    }
  }
}

const nodes: readonly NodeIdentity[] = Array.from({ length: 5 }, (_, index) =>
  NodeIdentity.of(NodeAddress.of('10.0.0.1', 2_552 + index), 1_700_000_000_000),
)

function shardsChange(from: number, to: number, epoch: number): Change {
  const rows = Array.from({ length: to - from }, (_, index) => ({
    shard: from + index,
    row: { ...unowned, epoch: 1_700_000_000_000 + epoch, owner: nodes[(index + epoch) % 5] },
  }))
  return { type: 'shards', typeName, rows }
}
