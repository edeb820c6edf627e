import { VectorClock, type VectorClockEntry } from '@casty/clock'
import {
  NodeAddress,
  TransportError,
  toIncarnation,
  type ByteReader,
  type Forbidden,
  type Incarnation,
  type NodeIdentity,
  type NodeKey,
} from '@casty/transport'
import type { AllocationTable, ShardAllocation } from './allocations.ts'
import {
  maxClusterIdBytes,
  maxCounter,
  maxForbiddenBytes,
  maxIdBytes,
  maxNameBytes,
  maxPaddingBytes,
  maxRoleBytes,
  maxRoles,
  maxSeenBytes,
  reachabilityStatuses,
} from './codec-limits.ts'
import { derivedFrom } from './digest.ts'
import type { Dot } from './dot.ts'
import type { Gossip, GossipRow, SeenBits } from './gossip.ts'
import { Member } from './member.ts'
import type { MemberRecord } from './member-record.ts'
import { memberStatuses } from './member-status.ts'
import type { HeldTables } from './messages.ts'
import type { ReachabilityRecord } from './reachability.ts'
import type { RegistryChanges, RegistryRow } from './registry.ts'
import type { Tombstone } from './tombstones.ts'
import { UnknownVersion } from './version-delta.ts'

/** Reads what `MessageWriter` wrote. Throws `CASTY_TRANSPORT_MALFORMED` for anything else. */
export class MessageReader {
  readonly #reader: ByteReader
  readonly #nodes: readonly NodeIdentity[]
  readonly #told: (digest: number) => VectorClock | undefined

  /** @param told - versions that the sender may build on, by their digests */
  constructor(
    reader: ByteReader,
    nodes: readonly NodeIdentity[],
    told: (digest: number) => VectorClock | undefined,
  ) {
    this.#reader = reader
    this.#nodes = nodes
    this.#told = told
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

  /** How much there was; whatever it was, it says nothing. */
  padding(): number {
    return this.#reader.bytes(maxPaddingBytes).length
  }

  /** What nodes count on from: never so high that counting on would end. */
  counter(): number {
    const value = this.varint()
    if (value > maxCounter) throw TransportError.malformed(`Nobody has counted to ${value}`)
    return value
  }

  optionalCounter(): number | undefined {
    const value = this.counter()
    return value === 0 ? undefined : value - 1
  }

  optionalIncarnation(): Incarnation | undefined {
    return this.bool() ? toIncarnation(this.varint()) : undefined
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
    return { node: this.key(), counter: this.counter() }
  }

  version(): VectorClock {
    if (!this.bool()) return VectorClock.of(this.#entries())
    const digest = this.varint()
    const entries = this.#entries()
    const since = this.#told(digest)
    if (!since) throw new UnknownVersion(`No version with the digest ${digest} is remembered`)
    return derivedFrom(since, since.withEntries(entries))
  }

  #entries(): readonly VectorClockEntry[] {
    return this.list(2, () => [this.key(), this.counter()] as const)
  }

  counters(): ReadonlyMap<NodeKey, number> {
    return new Map(this.list(2, () => [this.key(), this.counter()] as const))
  }

  seen(): SeenBits {
    return { membersDigest: this.varint(), bits: this.#reader.bytes(maxSeenBytes) }
  }

  roles(): readonly string[] {
    const roles = this.list(1, () => this.string(maxRoleBytes))
    if (roles.length <= maxRoles) return roles
    throw TransportError.malformed(`A member has ${roles.length} roles`)
  }

  gossip(): Gossip {
    return {
      clusterId: this.string(maxClusterIdBytes),
      version: this.version(),
      seen: this.seen(),
      records: this.list(7, () => this.#record()),
      tombstones: this.list(5, () => this.#tombstone()),
      rows: this.list(5, () => this.#row()),
    }
  }

  #record(): MemberRecord {
    const node = this.node()
    const id = this.string(maxIdBytes) || node.address.toString()
    const status = this.oneOf(memberStatuses)
    const upNumber = this.optionalCounter()
    const roles = this.roles()
    if (status === 'removed') throw TransportError.malformed('A removed member is told as a member')
    const init = { node, id, status, roles }
    return {
      member: Member.of(upNumber === undefined ? init : { ...init, upNumber }),
      dot: this.dot(),
    }
  }

  #tombstone(): Tombstone {
    const node = this.node()
    const removedAtMs = this.varint()
    const left = this.bool()
    const upNumber = this.optionalCounter()
    const told = { node, removedAtMs, left, dot: this.dot(), ageMs: this.varint() }
    return upNumber === undefined ? told : { ...told, upNumber }
  }

  #row(): GossipRow {
    const observer = this.node()
    const counter = this.counter()
    const version = this.counter()
    const doubtful = this.bool()
    const records = this.list(3, (): [NodeKey, ReachabilityRecord] => {
      const subject = this.key()
      return [subject, { status: this.oneOf(reachabilityStatuses), version: this.counter() }]
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
      const version = this.counter()
      const services = this.list(2, () => ({
        key: this.string(maxNameBytes),
        path: this.string(maxNameBytes),
      }))
      return { node, version, services }
    })
  }

  evictions(): readonly Forbidden[] {
    return this.list(2, () => {
      const isAddress = this.bool()
      const text = this.string(maxForbiddenBytes)
      return isAddress ? { address: NodeAddress.parse(text) } : { fingerprint: text }
    })
  }

  registryChanges(): readonly RegistryChanges[] {
    return this.list(3, () => {
      const node = this.node()
      const since = this.counter()
      const changes = this.list(3, () => ({
        type: this.bool() ? ('registered' as const) : ('withdrawn' as const),
        key: this.string(maxNameBytes),
        path: this.string(maxNameBytes),
      }))
      return { node, since, changes }
    })
  }
}
