// What a region has to tell the coordinator about single shards, again until the table heeds it.
import type { NodeKey } from '@casty/transport'
import type { EpochBehindMessage, ShardAtEpoch, ShardingMessage } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'

/** Shards in one message. */
const maxShardsPerMessage = 1_000

/** Mutable, and of its owner alone. */
export class Reports {
  readonly #self: NodeKey
  #released: readonly ShardAtEpoch[] = []
  #refused: readonly EpochBehindMessage[] = []

  constructor(self: NodeKey) {
    this.#self = self
  }

  released(shard: ShardAtEpoch): void {
    this.#released = [...this.#released.filter((other) => !isSame(other, shard)), shard]
  }

  refused(message: EpochBehindMessage): void {
    const others = this.#refused.filter((other) => !isSame(other.shard, message.shard))
    this.#refused = [...others, message]
  }

  /** Forgets what the table has heeded, or made void. */
  heeded({ committed }: { readonly committed: ShardTable }): void {
    if (this.#released.length === 0 && this.#refused.length === 0) return
    const isOpen = ({ typeName, shard, epoch }: ShardAtEpoch, row: ShardRow): boolean =>
      row === committed.row(typeName, shard) && row.owner?.key === this.#self && row.epoch === epoch
    const rowOf = ({ typeName, shard }: ShardAtEpoch): ShardRow => committed.row(typeName, shard)
    this.#released = this.#released.filter((shard) => {
      const row = rowOf(shard)
      return isOpen(shard, row) && row.movingTo !== undefined
    })
    this.#refused = this.#refused.filter(({ shard }) => isOpen(shard, rowOf(shard)))
  }

  *messages(): Generator<ShardingMessage> {
    for (let start = 0; start < this.#released.length; start += maxShardsPerMessage) {
      yield { type: 'released', shards: this.#released.slice(start, start + maxShardsPerMessage) }
    }
    yield* this.#refused
  }
}

function isSame(left: ShardAtEpoch, right: ShardAtEpoch): boolean {
  return left.shard === right.shard && left.typeName === right.typeName
}
