import { ByteReader, NodeIdentity, TransportError } from '@casty/transport'
import {
  maxCounter,
  maxDurationMs,
  maxNodeBytes,
  maxReplicas,
  maxShards,
  maxTypeNameBytes,
} from './codec-limits.ts'
import type { Batch, Change, ShardAtEpoch, TypeSettings } from './protocol.ts'
import { unowned, type ShardRow } from './table/shard-row.ts'
import { compareVersions, type Version } from './table/version.ts'

/** Reads what `MessageWriter` wrote. Throws `CASTY_TRANSPORT_MALFORMED` for anything else. */
export class MessageReader {
  readonly #reader: ByteReader
  readonly #nodes: readonly NodeIdentity[]
  readonly #highest: number

  /**
   * @param reader - behind the tag, at the nodes
   * @param highest - which count is believed
   */
  constructor(reader: ByteReader, highest: number) {
    this.#highest = Math.min(highest, maxCounter)
    const count = reader.count(4)
    const nodes: NodeIdentity[] = []
    for (let index = 0; index < count; index++) nodes.push(parseNode(reader.string(maxNodeBytes)))
    this.#nodes = nodes
    this.#reader = new ByteReader(reader.bytes(reader.remaining))
    reader.end()
  }

  end(): void {
    this.#reader.end()
  }

  bool(): boolean {
    return this.#reader.bool()
  }

  u8(): number {
    return this.#reader.u8()
  }

  text(maxBytes: number): string {
    return this.#reader.string(maxBytes)
  }

  upTo(max: number, what: string): number {
    const value = this.#reader.varint()
    if (value <= max) return value
    throw TransportError.malformed(`${what} is ${value}, and at most ${max}`)
  }

  counter(): number {
    return this.upTo(this.#highest, 'A count')
  }

  durationMs(): number {
    const value = this.#reader.f64()
    if (value >= 0 && value <= maxDurationMs) return value
    throw TransportError.malformed(`A duration is ${value} ms`)
  }

  version(): Version {
    return { term: this.counter(), seq: this.counter() }
  }

  node(): NodeIdentity | undefined {
    const place = this.#reader.varint()
    return place === 0 ? undefined : this.#nodeAt(place - 1)
  }

  nodes(maxNodes: number): readonly NodeIdentity[] {
    const nodes = this.list(1, () => this.#nodeAt(this.#reader.varint()))
    if (nodes.length > maxNodes) throw TransportError.malformed(`${nodes.length} nodes are named`)
    return nodes
  }

  #nodeAt(place: number): NodeIdentity {
    const node = this.#nodes[place]
    if (node) return node
    throw TransportError.malformed(`Node ${place} of ${this.#nodes.length} is named`)
  }

  list<T>(minBytes: number, read: () => T): readonly T[] {
    const count = this.#reader.count(minBytes)
    const items: T[] = []
    for (let index = 0; index < count; index++) items.push(read())
    return items
  }

  settings(): TypeSettings {
    const name = this.#typeName()
    const numShards = this.upTo(maxShards, 'The number of shards')
    if (numShards === 0) throw TransportError.malformed('A type has no shards')
    const replicas = this.upTo(maxReplicas, 'The number of replicas')
    return { name, numShards, replicas, disks: this.upTo(maxReplicas + 1, 'The number of disks') }
  }

  #typeName(): string {
    const name = this.#reader.string(maxTypeNameBytes)
    if (name.length === 0) throw TransportError.malformed('A type has no name')
    return name
  }

  #shard(): number {
    return this.upTo(maxShards - 1, 'A shard')
  }

  shard(): ShardAtEpoch {
    return { typeName: this.#typeName(), shard: this.#shard(), epoch: this.counter() }
  }

  row(): ShardRow {
    const [epoch, lineage] = [this.counter(), this.counter()]
    const [isUndecided, isReplicated, isDecided] = [this.bool(), this.bool(), this.bool()]
    const [owner, movingTo, replicas] = [this.node(), this.node(), this.nodes(maxReplicas)]
    if (movingTo && (!owner || owner.key === movingTo.key)) {
      throw TransportError.malformed('A shard moves from nowhere, or to where it is')
    }
    if (epoch === 0 && !owner && replicas.length === 0) return unowned
    return { epoch, owner, movingTo, replicas, lineage, isUndecided, isReplicated, isDecided }
  }

  change(): Change {
    const tag = this.u8()
    switch (tag) {
      case 0:
        return {
          type: 'electorate',
          electorate: { voters: this.#voters(), former: this.#voters() },
        }
      case 1:
        return { type: 'type', census: this.counter(), settings: this.settings() }
      case 2: {
        const typeName = this.#typeName()
        const rows = this.list(7, () => ({ shard: this.#shard(), row: this.row() }))
        return { type: 'shards', typeName, rows }
      }
      default:
        throw TransportError.malformed(`No change has tag ${tag}`)
    }
  }

  #voters(): readonly NodeIdentity[] {
    const voters = this.nodes(Number.POSITIVE_INFINITY)
    for (const [index, voter] of voters.entries()) {
      const before = voters[index - 1]
      if (!before || NodeIdentity.compare(before, voter) < 0) continue
      throw TransportError.malformed('Voters are out of order, or named twice')
    }
    return voters
  }

  batch(): Batch {
    const [version, previous] = [this.version(), this.version()]
    if (compareVersions(version, previous) <= 0) {
      throw TransportError.malformed('A batch goes back to an older version')
    }
    return { version, previous, changes: this.list(2, () => this.change()) }
  }
}

function parseNode(text: string): NodeIdentity {
  try {
    return NodeIdentity.parse(text)
  } catch (cause) {
    throw TransportError.malformed(`${JSON.stringify(text)} names no node`, cause)
  }
}
