// The compound fields of membership messages, writing and reading side by side.
import { VectorClock } from '@casty/clock'
import {
  ByteWriter,
  TransportError,
  toIncarnation,
  type ByteReader,
  type Incarnation,
  NodeIdentity,
  type NodeKey,
} from '@casty/transport'
import type { AllocationTable, ShardAllocation } from './allocations.ts'
import type { Gossip, GossipRow, SeenBits } from './gossip.ts'
import { Member } from './member.ts'
import type { Dot, MemberRecord, Tombstone } from './member-record.ts'
import { memberStatuses } from './member-status.ts'
import type { HeldTables } from './messages.ts'
import type { NodeTable } from './node-table.ts'
import type { ReachabilityRecord, ReachabilityStatus } from './reachability.ts'
import type { RegistryRow } from './registry.ts'

/** Longest key or path of a service, and longest name of an entity type, in bytes. */
export const maxNameBytes = 1_024

/** Longest id of a node, in bytes. */
export const maxIdBytes = 255
/** Most roles of a member, and the longest of one in bytes. */
export const maxRoles = 64
export const maxRoleBytes = 100

const maxClusterIdBytes = 400
const maxSeenBytes = 65_536

const reachabilityStatuses: readonly ReachabilityStatus[] = [
  'reachable',
  'unreachable',
  'terminated',
]

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

  /** 0 for absent, else the value plus one. */
  optionalVarint(value: number | undefined): this {
    return this.varint(value === undefined ? 0 : value + 1)
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
    return this.node(NodeIdentity.parse(key))
  }

  dot({ node, counter }: Dot): this {
    return this.key(node).varint(counter)
  }

  version(version: VectorClock): this {
    // Every entry of a membership version is named by a node key.
    return this.list(version.entries(), ([node, counter]) =>
      this.key(node as NodeKey).varint(counter),
    )
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
      .bool(gossip.complete)
      .version(gossip.version)
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

  #tombstone({ node, removedAtMs, dot }: Tombstone): void {
    this.node(node)
      .varint(Math.max(0, Math.floor(removedAtMs)))
      .dot(dot)
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
}

export class MessageReader {
  readonly #reader: ByteReader
  readonly #nodes: readonly NodeIdentity[]

  constructor(reader: ByteReader, nodes: readonly NodeIdentity[]) {
    this.#reader = reader
    this.#nodes = nodes
  }

  varint(): number {
    return this.#reader.varint()
  }

  bool(): boolean {
    return this.#reader.bool()
  }

  string(maxBytes: number): string {
    return this.#reader.string(maxBytes)
  }

  optionalVarint(): number | undefined {
    const value = this.varint()
    return value === 0 ? undefined : value - 1
  }

  optionalIncarnation(): Incarnation | undefined {
    const value = this.optionalVarint()
    return value === undefined ? undefined : toIncarnation(value)
  }

  oneOf<T>(values: readonly T[]): T {
    const place = this.#reader.u8()
    const value = values[place]
    if (value === undefined)
      throw TransportError.malformed(
        `There are ${values.length} values, and ${place} is none of them`,
      )
    return value
  }

  /** @param minElementBytes - the fewest bytes one element takes */
  list<T>(minElementBytes: number, read: () => T): readonly T[] {
    const length = this.#reader.count(minElementBytes)
    const items: T[] = []
    for (let index = 0; index < length; index++) items.push(read())
    return items
  }

  node(): NodeIdentity {
    const place = this.varint()
    const node = this.#nodes[place]
    if (!node)
      throw TransportError.malformed(
        `The message names ${this.#nodes.length} nodes, not ${place + 1}`,
      )
    return node
  }

  key(): NodeKey {
    return this.node().key
  }

  dot(): Dot {
    return { node: this.key(), counter: this.varint() }
  }

  version(): VectorClock {
    return VectorClock.of(this.list(2, () => [this.key(), this.varint()] as const))
  }

  counters(): ReadonlyMap<NodeKey, number> {
    return new Map(this.list(2, () => [this.key(), this.varint()] as const))
  }

  seen(): SeenBits {
    return { membersDigest: this.varint(), bits: this.#reader.bytes(maxSeenBytes) }
  }

  gossip(): Gossip {
    return {
      clusterId: this.string(maxClusterIdBytes),
      complete: this.bool(),
      version: this.version(),
      seen: this.seen(),
      records: this.list(7, () => this.#record()),
      tombstones: this.list(4, () => this.#tombstone()),
      rows: this.list(5, () => this.#row()),
    }
  }

  #record(): MemberRecord {
    const node = this.node()
    const id = this.string(maxIdBytes) || node.address.toString()
    const status = this.oneOf(memberStatuses)
    const upNumber = this.optionalVarint()
    const roles = this.list(1, () => this.string(maxRoleBytes))
    if (roles.length > maxRoles)
      throw TransportError.malformed(`A member has ${roles.length} roles`)
    if (status === 'removed') throw TransportError.malformed('A removed member is told as a member')
    const init = { node, id, status, roles }
    return {
      member: Member.of(upNumber === undefined ? init : { ...init, upNumber }),
      dot: this.dot(),
    }
  }

  #tombstone(): Tombstone {
    return { node: this.node(), removedAtMs: this.varint(), dot: this.dot() }
  }

  #row(): GossipRow {
    const observer = this.node()
    const counter = this.varint()
    const version = this.varint()
    const doubtful = this.bool()
    const records = this.list(3, (): [NodeKey, ReachabilityRecord] => {
      const subject = this.key()
      return [subject, { status: this.oneOf(reachabilityStatuses), version: this.varint() }]
    })
    return { observer, counter, row: { version, doubtful, records: new Map(records) } }
  }

  heldTables(): HeldTables {
    return new Map(
      this.list(3, () => {
        const type = this.string(maxNameBytes)
        return [type, { epoch: this.varint(), author: this.key() }] as const
      }),
    )
  }

  tables(): readonly (readonly [type: string, table: AllocationTable])[] {
    return this.list(4, () => {
      const type = this.string(maxNameBytes)
      const epoch = this.varint()
      const author = this.key()
      const shards = this.list(3, (): [number, ShardAllocation] => {
        const shard = this.varint()
        return [shard, { primary: this.node(), replicas: this.list(1, () => this.node()) }]
      })
      return [type, { epoch, author, shards: new Map(shards) }] as const
    })
  }

  registryRows(): readonly RegistryRow[] {
    return this.list(3, () => {
      const node = this.node()
      const version = this.varint()
      const services = this.list(2, () => ({
        key: this.string(maxNameBytes),
        path: this.string(maxNameBytes),
      }))
      return { node, version, services }
    })
  }
}
