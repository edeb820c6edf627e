import type { VectorClock, VectorClockEntry } from '@casty/clock'
import {
  ByteWriter,
  type Forbidden,
  type Incarnation,
  type NodeIdentity,
  type NodeKey,
} from '@casty/transport'
import type { AllocationTable } from './allocations.ts'
import {
  maxClusterIdBytes,
  maxForbiddenBytes,
  maxIdBytes,
  maxNameBytes,
  maxPaddingBytes,
  maxRoleBytes,
  maxSeenBytes,
  reachabilityStatuses,
} from './codec-limits.ts'
import { clockDigest } from './digest.ts'
import type { Dot } from './dot.ts'
import type { Gossip, GossipRow, SeenBits } from './gossip.ts'
import type { MemberRecord } from './member-record.ts'
import { memberStatuses } from './member-status.ts'
import type { HeldTables } from './messages.ts'
import type { NodeTable } from './node-table.ts'
import type { RegistryChanges, RegistryRow } from './registry.ts'
import type { Tombstone } from './tombstones.ts'
import { leastForDelta } from './version-delta.ts'

const zeros = new Uint8Array(maxPaddingBytes)

/** Writes the compound fields of membership messages; `MessageReader` reads them back. */
export class MessageWriter {
  readonly #nodes: NodeTable
  readonly #writer = new ByteWriter()

  constructor(nodes: NodeTable) {
    this.#nodes = nodes
  }

  get length(): number {
    return this.#writer.length
  }

  view(): Uint8Array {
    return this.#writer.view()
  }

  u8(value: number): this {
    this.#writer.u8(value)
    return this
  }

  varint(value: number): this {
    this.#writer.varint(value)
    return this
  }

  bool(value: boolean): this {
    this.#writer.bool(value)
    return this
  }

  string(text: string, maxBytes: number): this {
    this.#writer.string(text, maxBytes)
    return this
  }

  padding(bytes: number): this {
    this.#writer.bytes(zeros.subarray(0, bytes), maxPaddingBytes)
    return this
  }

  /** 0 for absent, else the value plus one. */
  optionalVarint(value: number | undefined): this {
    return this.varint(value === undefined ? 0 : value + 1)
  }

  /** Behind a flag: every safe integer is an incarnation, and the highest has no successor. */
  optionalIncarnation(value: Incarnation | undefined): this {
    return value === undefined ? this.bool(false) : this.bool(true).varint(value)
  }

  list<T>(items: Iterable<T>, write: (item: T) => void): this {
    const all = [...items]
    this.#writer.count(all.length)
    for (const item of all) write(item)
    return this
  }

  node(node: NodeIdentity): this {
    return this.varint(this.#nodes.placeOf(node))
  }

  key(key: NodeKey): this {
    return this.varint(this.#nodes.placeOfKey(key))
  }

  dot({ node, counter }: Dot): this {
    return this.key(node).varint(counter)
  }

  /** Whole, or as what differs from a version that the receiver told. */
  version(version: VectorClock, since?: VectorClock): this {
    if (!since || since.size < leastForDelta) return this.bool(false).#entries(version.unordered())
    return this.bool(true).varint(clockDigest(since)).#entries(version.changesSince(since))
  }

  #entries(entries: Iterable<VectorClockEntry>): this {
    // Every entry of a membership version is named by a node key.
    return this.list(entries, ([node, counter]) => this.key(node as NodeKey).varint(counter))
  }

  counters(counters: ReadonlyMap<NodeKey, number>): this {
    return this.list(counters, ([node, counter]) => this.key(node).varint(counter))
  }

  seen({ membersDigest, bits }: SeenBits): this {
    this.varint(membersDigest)
    this.#writer.bytes(bits, maxSeenBytes)
    return this
  }

  gossip(gossip: Gossip): this {
    return this.string(gossip.clusterId, maxClusterIdBytes)
      .version(gossip.version, gossip.since)
      .seen(gossip.seen)
      .list(gossip.records, (record) => this.#record(record))
      .list(gossip.tombstones, (tombstone) => this.#tombstone(tombstone))
      .list(gossip.rows, (row) => this.#row(row))
  }

  #record({ member, dot }: MemberRecord): void {
    const id = member.id === member.address.toString() ? '' : member.id
    this.node(member.node)
      .string(id, maxIdBytes)
      .u8(memberStatuses.indexOf(member.status))
      .optionalVarint(member.upNumber)
      .list(member.roles, (role) => this.string(role, maxRoleBytes))
      .dot(dot)
  }

  #tombstone({ node, removedAtMs, left, upNumber, dot, ageMs = 0 }: Tombstone): void {
    const [time, age] = [removedAtMs, ageMs].map((ms) => Math.max(0, Math.floor(ms)))
    this.node(node)
      .varint(time ?? 0)
      .bool(left)
      .optionalVarint(upNumber)
      .dot(dot)
      .varint(age ?? 0)
  }

  #row({ observer, counter, row }: GossipRow): void {
    this.node(observer).varint(counter).varint(row.version).bool(row.doubtful)
    this.list(row.records, ([subject, record]) => {
      // Subjects of a membership row are members.
      this.key(subject as NodeKey)
        .u8(reachabilityStatuses.indexOf(record.status))
        .varint(record.version)
    })
  }

  heldTables(tables: HeldTables): this {
    return this.list(tables, ([type, { epoch, author }]) => {
      this.string(type, maxNameBytes).varint(epoch).key(author)
    })
  }

  tables(tables: Iterable<readonly [string, AllocationTable]>): this {
    return this.list(tables, ([type, { epoch, author, shards }]) => {
      this.string(type, maxNameBytes).varint(epoch).key(author)
      this.list(shards, ([shard, { primary, replicas }]) => {
        this.varint(shard)
          .node(primary)
          .list(replicas, (replica) => this.node(replica))
      })
    })
  }

  registryRows(rows: Iterable<RegistryRow>): this {
    return this.list(rows, ({ node, version, services }) => {
      this.node(node).varint(version)
      this.list(services, ({ key, path }) =>
        this.string(key, maxNameBytes).string(path, maxNameBytes),
      )
    })
  }

  evictions(entries: Iterable<Forbidden>): this {
    return this.list(entries, (entry) => {
      const isAddress = 'address' in entry
      this.bool(isAddress)
      this.string(isAddress ? entry.address.toString() : entry.fingerprint, maxForbiddenBytes)
    })
  }

  registryChanges(told: Iterable<RegistryChanges>): this {
    return this.list(told, ({ node, since, changes }) => {
      this.node(node).varint(since)
      this.list(changes, ({ type, key, path }) =>
        this.bool(type === 'registered')
          .string(key, maxNameBytes)
          .string(path, maxNameBytes),
      )
    })
  }
}
