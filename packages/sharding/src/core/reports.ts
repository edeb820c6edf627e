// What a region has to tell the coordinator about single shards, again until the table heeds it.
import type { NodeKey } from '@casty/transport'
import type {
  EpochBehindMessage,
  ReplicatedShardReport,
  ShardAtEpoch,
  ShardingMessage,
} from '../protocol.ts'
import { sameNodes, type ShardRow } from '../table/shard-row.ts'
import type { ShardTable } from '../table/shard-table.ts'

/** Shards in one message, whose types may have long names: it must fit a frame of the control lane. */
const maxShardsPerMessage = 100

/** Mutable, and of its owner alone. */
export class Reports {
  /** By shard. */
  readonly #released = new Map<string, ShardAtEpoch>()
  readonly #refused = new Map<string, EpochBehindMessage>()
  readonly #replicated = new Map<string, ReplicatedShardReport>()
  /** With the lineage that is contested. */
  readonly #contested = new Map<string, ShardAtEpoch & { readonly lineage: number }>()

  released(shard: ShardAtEpoch): void {
    this.#released.set(keyOf(shard), shard)
  }

  /** @returns what tells of these */
  replicated(shards: readonly ReplicatedShardReport[]): readonly ShardingMessage[] {
    for (const shard of shards) this.#replicated.set(keyOf(shard), shard)
    return [...inParts(shards)].map((part) => ({ type: 'replicated', shards: part }))
  }

  contested(shard: ShardAtEpoch, committed: ShardTable): void {
    const { lineage } = committed.row(shard.typeName, shard.shard)
    this.#contested.set(keyOf(shard), { ...shard, lineage })
  }

  refused(message: EpochBehindMessage): void {
    this.#refused.set(keyOf(message.shard), message)
  }

  /** Forgets what the table has heeded, or made void. */
  heeded({ committed }: { readonly committed: ShardTable }, self: NodeKey): void {
    for (const [key, shard] of this.#released) {
      if (!ownRow(committed, shard, self)?.movingTo) this.#released.delete(key)
    }
    for (const [key, { shard }] of this.#refused) {
      if (!ownRow(committed, shard, self)) this.#refused.delete(key)
    }
    for (const [key, shard] of this.#replicated) {
      const row = ownRow(committed, shard, self)
      const isHeeded = row?.isReplicated === true && shard.superfluous.length === 0
      if (!row || isHeeded || !sameNodes(row.replicas, shard.replicas)) this.#replicated.delete(key)
    }
    for (const [key, shard] of this.#contested) {
      if (ownRow(committed, shard, self)?.lineage !== shard.lineage) this.#contested.delete(key)
    }
  }

  *messages(): Generator<ShardingMessage> {
    for (const shards of inParts(this.#released.values())) yield { type: 'released', shards }
    yield* this.#refused.values()
    for (const shards of inParts(this.#replicated.values())) yield { type: 'replicated', shards }
    for (const shards of inParts(this.#contested.values())) yield { type: 'contested', shards }
  }
}

function* inParts<T>(shards: Iterable<T>): Generator<readonly T[]> {
  const all = [...shards]
  for (let start = 0; start < all.length; start += maxShardsPerMessage) {
    yield all.slice(start, start + maxShardsPerMessage)
  }
}

function keyOf({ typeName, shard }: ShardAtEpoch): string {
  return `${shard}:${typeName}`
}

/** The row, where the shard is still that node's under that epoch. */
function ownRow(
  table: ShardTable,
  { typeName, shard, epoch }: ShardAtEpoch,
  self: NodeKey,
): ShardRow | undefined {
  const row = table.row(typeName, shard)
  return row.owner?.key === self && row.epoch === epoch ? row : undefined
}
