// What a region has to tell the coordinator about single shards, again until the table heeds it.
import type { NodeKey } from '@casty/transport'
import type { EpochBehindMessage, ShardAtEpoch, ShardingMessage } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'

/** Shards in one message, whose types may have long names: it must fit a frame of the control lane. */
const maxShardsPerMessage = 100

/** Mutable, and of its owner alone. */
export class Reports {
  readonly #self: NodeKey
  /** By shard. */
  readonly #released = new Map<string, ShardAtEpoch>()
  readonly #refused = new Map<string, EpochBehindMessage>()

  constructor(self: NodeKey) {
    this.#self = self
  }

  released(shard: ShardAtEpoch): void {
    this.#released.set(keyOf(shard), shard)
  }

  refused(message: EpochBehindMessage): void {
    this.#refused.set(keyOf(message.shard), message)
  }

  /** Forgets what the table has heeded, or made void. */
  heeded({ committed }: { readonly committed: ShardTable }): void {
    for (const [key, shard] of this.#released) {
      if (!this.#ownRow(committed, shard)?.movingTo) this.#released.delete(key)
    }
    for (const [key, { shard }] of this.#refused) {
      if (!this.#ownRow(committed, shard)) this.#refused.delete(key)
    }
  }

  /** The row, where the shard is still this node's under that epoch. */
  #ownRow(table: ShardTable, { typeName, shard, epoch }: ShardAtEpoch): ShardRow | undefined {
    const row = table.row(typeName, shard)
    return row.owner?.key === this.#self && row.epoch === epoch ? row : undefined
  }

  *messages(): Generator<ShardingMessage> {
    const released = [...this.#released.values()]
    for (let start = 0; start < released.length; start += maxShardsPerMessage) {
      yield { type: 'released', shards: released.slice(start, start + maxShardsPerMessage) }
    }
    yield* this.#refused.values()
  }
}

function keyOf({ typeName, shard }: ShardAtEpoch): string {
  return `${shard}:${typeName}`
}
