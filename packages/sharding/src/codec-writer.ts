import { ByteWriter, type NodeIdentity, type NodeKey } from '@casty/transport'
import { maxNodeBytes, maxTypeNameBytes } from './codec-limits.ts'
import type { Batch, Change, ShardAtEpoch, TypeSettings } from './protocol.ts'
import type { ShardRow } from './table/shard-row.ts'
import type { Version } from './table/version.ts'

/** Writes the parts that messages are made of. Nodes are written once, ahead of all, and named by place. */
export class MessageWriter {
  readonly body: ByteWriter = new ByteWriter()
  readonly #places = new Map<NodeKey, number>()

  /** The whole message: tag, nodes, body. */
  finish(tag: number): Uint8Array {
    const whole = new ByteWriter(this.body.length + 64).u8(tag).count(this.#places.size)
    for (const key of this.#places.keys()) whole.string(key, maxNodeBytes)
    return whole.bytes(this.body.view(), Number.POSITIVE_INFINITY).view()
  }

  version({ term, seq }: Version): this {
    this.body.varint(term).varint(seq)
    return this
  }

  /** 0 where there is none. */
  node(node: NodeIdentity | undefined): this {
    this.body.varint(node ? this.#placeOf(node) + 1 : 0)
    return this
  }

  nodes(nodes: readonly NodeIdentity[]): this {
    this.body.count(nodes.length)
    for (const node of nodes) this.body.varint(this.#placeOf(node))
    return this
  }

  #placeOf({ key }: NodeIdentity): number {
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.#places.size)
    return this.#places.size - 1
  }

  settings({ name, numShards, replicas, disks }: TypeSettings): this {
    this.body.string(name, maxTypeNameBytes).varint(numShards).varint(replicas).varint(disks)
    return this
  }

  shard({ typeName, shard, epoch }: ShardAtEpoch): this {
    this.body.string(typeName, maxTypeNameBytes).varint(shard).varint(epoch)
    return this
  }

  row(row: ShardRow): this {
    this.body.varint(row.epoch).varint(row.lineage)
    this.body.bool(row.isUndecided).bool(row.isReplicated).bool(row.isDecided)
    return this.node(row.owner).node(row.movingTo).nodes(row.replicas)
  }

  change(change: Change): this {
    switch (change.type) {
      case 'electorate':
        this.body.u8(0)
        return this.nodes(change.electorate.voters).nodes(change.electorate.former)
      case 'type':
        this.body.u8(1).varint(change.census)
        return this.settings(change.settings)
      case 'shards':
        this.body.u8(2).string(change.typeName, maxTypeNameBytes).count(change.rows.length)
        for (const { shard, row } of change.rows) {
          this.body.varint(shard)
          this.row(row)
        }
        return this
    }
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.body.count(items.length)
    for (const item of items) write(item)
    return this
  }

  batch({ version, previous, changes }: Batch): this {
    return this.version(version)
      .version(previous)
      .list(changes, (change) => this.change(change))
  }
}
