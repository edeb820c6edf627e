import { VectorClock } from '@casty/clock'
import { NodeIdentity, type NodeAddress, type NodeKey } from '@casty/transport'
import { Allocations, type AllocationTable, type ShardAllocation } from './allocations.ts'
import { digestOf } from './digest.ts'
import { changesBetween, type ClusterChanges } from './cluster-changes.ts'
import { electLeader, isConverged } from './leader.ts'
import { byAddress, mergeMember, type Member } from './member.ts'
import { type Dot, type MemberRecord, type Tombstone } from './member-record.ts'
import { isAllowedTransition, type MemberStatus } from './member-status.ts'
import { Reachability } from './reachability.ts'
import { Registry, type ServiceEntry } from './registry.ts'
import { observersNeeded, unreachableMembers } from './unreachable.ts'

/** What a `ClusterState` is made of. */
export interface ClusterStateParts {
  /** Names the cluster for its whole life; made by the node that formed it, empty before that. */
  readonly clusterId: string
  /** Who looks at the cluster: votes are counted from its place. Not told to others. */
  readonly viewer: NodeKey | undefined
  /** By address: one record for each, of its latest incarnation. */
  readonly records: ReadonlyMap<string, MemberRecord>
  /** By address. */
  readonly tombstones: ReadonlyMap<string, Tombstone>
  readonly reachability: Reachability
  /** Per observer, its counter in `version` when it last changed its row. */
  readonly rowCounters: ReadonlyMap<NodeKey, number>
  readonly version: VectorClock
  /** Who is known to have seen exactly this version. */
  readonly seen: ReadonlySet<NodeKey>
  readonly allocations: Allocations
  readonly registry: Registry
}

/**
 * What one node knows of its cluster. Immutable; two states merge by `mergeGossip`, in any order and
 * any number of times with the same result.
 *
 * Every change names its author, increments the author's entry in `version` and starts `seen` anew.
 * A change that changes nothing returns the same instance.
 *
 * Invariant: keys of `seen`, observers and subjects of `reachability` are members; no member is
 * buried by a tombstone; no entry of `version` belongs to a buried incarnation.
 */
export class ClusterState implements ClusterStateParts {
  static readonly empty: ClusterState = new ClusterState({
    clusterId: '',
    viewer: undefined,
    records: new Map(),
    tombstones: new Map(),
    reachability: Reachability.empty,
    rowCounters: new Map(),
    version: VectorClock.empty,
    seen: new Set(),
    allocations: Allocations.empty,
    registry: Registry.empty,
  })

  readonly clusterId: string
  readonly viewer: NodeKey | undefined
  readonly records: ReadonlyMap<string, MemberRecord>
  readonly tombstones: ReadonlyMap<string, Tombstone>
  readonly reachability: Reachability
  readonly rowCounters: ReadonlyMap<NodeKey, number>
  readonly version: VectorClock
  readonly seen: ReadonlySet<NodeKey>
  readonly allocations: Allocations
  readonly registry: Registry

  #members: readonly Member[] | undefined
  #membersByKey: ReadonlyMap<NodeKey, Member> | undefined
  #unreachable: ReadonlySet<NodeKey> | undefined
  #versionDigest: number | undefined
  #seenDigest: number | undefined
  #membersDigest: number | undefined
  #hasOrphans: boolean | undefined

  private constructor(parts: ClusterStateParts) {
    this.clusterId = parts.clusterId
    this.viewer = parts.viewer
    this.records = parts.records
    this.tombstones = parts.tombstones
    this.reachability = parts.reachability
    this.rowCounters = parts.rowCounters
    this.version = parts.version
    this.seen = parts.seen
    this.allocations = parts.allocations
    this.registry = parts.registry
  }

  /** This state with some parts replaced as they are. For merges and codecs: it counts nothing. */
  with(parts: Partial<ClusterStateParts>): ClusterState {
    const next = new ClusterState({ ...this.#parts(), ...parts })
    next.#keepDerived(this)
    return next
  }

  /** What was derived from parts that are still the same is not derived again. */
  #keepDerived(from: ClusterState): void {
    if (this.seen === from.seen) this.#seenDigest = from.#seenDigest
    if (this.version === from.version && this.clusterId === from.clusterId)
      this.#versionDigest = from.#versionDigest
    if (this.records !== from.records) return
    this.#members = from.#members
    this.#membersByKey = from.#membersByKey
    this.#membersDigest = from.#membersDigest
    const isSameTable = this.reachability === from.reachability && this.viewer === from.viewer
    if (isSameTable) this.#unreachable = from.#unreachable
  }

  #parts(): ClusterStateParts {
    const { clusterId, records, tombstones, reachability, rowCounters, version, seen } = this
    return {
      clusterId,
      viewer: this.viewer,
      records,
      tombstones,
      reachability,
      rowCounters,
      version,
      seen,
      allocations: this.allocations,
      registry: this.registry,
    }
  }

  /** Every member, by address. */
  get members(): readonly Member[] {
    this.#members ??= [...this.records.values()].map((record) => record.member).toSorted(byAddress)
    return this.#members
  }

  get membersByKey(): ReadonlyMap<NodeKey, Member> {
    this.#membersByKey ??= new Map(this.members.map((member) => [member.key, member]))
    return this.#membersByKey
  }

  /** The member at an address, in whichever incarnation; or exactly this incarnation of it. */
  member(node: NodeAddress | NodeIdentity): Member | undefined {
    if (!(node instanceof NodeIdentity)) return this.records.get(node.toString())?.member
    const member = this.records.get(node.address.toString())?.member
    return member?.incarnation === node.incarnation ? member : undefined
  }

  /** Members that enough observers find unreachable. */
  get unreachable(): ReadonlySet<NodeKey> {
    this.#unreachable ??= unreachableMembers(
      this.membersByKey,
      this.reachability,
      observersNeeded,
      this.viewer,
    )
    return this.#unreachable
  }

  /** The oldest up (or leaving) member that is not unreachable. */
  get leader(): Member | undefined {
    return electLeader(this)
  }

  get isConverged(): boolean {
    return isConverged(this)
  }

  get shardAllocations(): ReadonlyMap<string, ReadonlyMap<number, ShardAllocation>> {
    return new Map([...this.allocations.tables].map(([type, table]) => [type, table.shards]))
  }

  /** The highest epoch of any entity type's table. Compare tables by their own epochs. */
  get allocationEpoch(): number {
    return this.allocations.epoch
  }

  get services(): readonly ServiceEntry[] {
    return this.registry.entries
  }

  get versionDigest(): number {
    this.#versionDigest ??= digestOf(
      `${this.clusterId};${[...this.version.entries()].map(([node, count]) => `${node}:${count}`).join()}`,
    )
    return this.#versionDigest
  }

  /** Names the members, and with that the order in which bits stand for them. */
  get membersDigest(): number {
    this.#membersDigest ??= digestOf(this.members.map((member) => member.key).join())
    return this.#membersDigest
  }

  get seenDigest(): number {
    this.#seenDigest ??= digestOf([...this.seen].toSorted().join())
    return this.#seenDigest
  }

  /** Takes in a member, or a newer incarnation of one: the older one is then gone at once. */
  addMember(member: Member, by: NodeIdentity): ClusterState {
    return this.mergeMembers([member], by)
  }

  /** Joins what is known with more: of each address the later word is kept, the buried stay out. */
  mergeMembers(members: Iterable<Member>, by: NodeIdentity): ClusterState {
    const news = [...members].filter((member) => {
      const known = this.member(member.address)
      return !this.isBuried(member.node) && (!known || !mergeMember(known, member).equals(known))
    })
    return news.length === 0 ? this : this.#change(by, news)
  }

  /**
   * Moves a member along its life. What does not move it forward by an allowed step is left out.
   *
   * @param removedAtMs - for `removed`: when, by the wall clock, in milliseconds since the epoch. Noted
   * for people: the age of a tombstone is counted by each node from when it learned of it
   */
  updateStatus(
    node: NodeAddress | NodeIdentity,
    status: MemberStatus,
    by: NodeIdentity,
    removedAtMs: number = Number.MAX_SAFE_INTEGER,
  ): ClusterState {
    const member = this.member(node)
    if (!member || !isAllowedTransition(member.status, status)) return this
    return status === 'removed'
      ? this.bury([member.node], removedAtMs, by)
      : this.#change(by, [member.withStatus(status)])
  }

  /**
   * Removes members for good, in one change, and forgets what earlier incarnations counted. Members
   * that hold a dot of a buried node get a new one, so that nobody misses what it told.
   *
   * @param removedAtMs - by the wall clock, in milliseconds since the epoch; see `updateStatus`
   */
  bury(nodes: readonly NodeIdentity[], removedAtMs: number, by: NodeIdentity): ClusterState {
    // In order of incarnation, so that the latest of an address names its tombstone.
    const news = nodes.filter((node) => !this.isBuried(node)).toSorted(byIdentity)
    if (news.length === 0) return this
    const dot = this.#nextDot(by)
    const wholeMs = Math.floor(removedAtMs) // As it travels: all nodes must hold the same.
    const tombstones = new Map(this.tombstones)
    for (const node of news) {
      const left = this.member(node)?.status === 'exiting'
      tombstones.set(node.address.toString(), { node, removedAtMs: wholeMs, left, dot })
    }
    const records = new Map(
      [...this.records].filter(([, { member }]) => !isBuriedKey(tombstones, member.key)),
    )
    return this.#counted(by, {
      records: adopted(records, tombstones, dot),
      tombstones: adopted(tombstones, tombstones, dot),
    }).normalized()
  }

  /** Whether a change by a buried node is left here, which no version covers any more. */
  get hasOrphans(): boolean {
    this.#hasOrphans ??=
      this.tombstones.size > 0 &&
      [...this.records.values(), ...this.tombstones.values()].some(({ dot }) =>
        isBuriedKey(this.tombstones, dot.node),
      )
    return this.#hasOrphans
  }

  /** Gives `by`'s dot to changes whose dot belongs to a buried node: nobody else may know them. */
  adoptOrphans(by: NodeIdentity): ClusterState {
    if (!this.hasOrphans || this.isBuried(by)) return this
    const dot = this.#nextDot(by)
    return this.#counted(by, {
      records: adopted(this.records, this.tombstones, dot),
      tombstones: adopted(this.tombstones, this.tombstones, dot),
    }).normalized()
  }

  /** Forgets the tombstones of some addresses. Nothing is counted: every node does it by itself. */
  forgetTombstones(isOver: (address: string, tombstone: Tombstone) => boolean): ClusterState {
    if (this.tombstones.size === 0) return this
    const kept = [...this.tombstones].filter(([address, tombstone]) => !isOver(address, tombstone))
    return kept.length === this.tombstones.size ? this : this.with({ tombstones: new Map(kept) })
  }

  /** Records that `observer` finds `subject` unreachable, in the observer's own row. */
  markUnreachable(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(
      observer,
      subject,
      this.reachability.unreachable(observer.key, subject.key),
    )
  }

  markReachable(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(observer, subject, this.reachability.reachable(observer.key, subject.key))
  }

  /** Records for good that this incarnation of `subject` is gone. */
  markTerminated(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(observer, subject, this.reachability.terminated(observer.key, subject.key))
  }

  /** Publishes whether `observer` doubts itself: then its records are no votes. */
  markDoubtful(observer: NodeIdentity, doubtful: boolean): ClusterState {
    return this.#observe(observer, observer, this.reachability.withDoubts(observer.key, doubtful))
  }

  #observe(
    observer: NodeIdentity,
    subject: NodeIdentity,
    reachability: Reachability,
  ): ClusterState {
    if (reachability === this.reachability || !this.member(observer) || !this.member(subject))
      return this
    const rowCounters = new Map(this.rowCounters).set(observer.key, this.#nextDot(observer).counter)
    return this.#counted(observer, { reachability, rowCounters })
  }

  /** Publishes the shard table of one entity type; an older epoch changes nothing. */
  withAllocations(
    type: string,
    shards: ReadonlyMap<number, ShardAllocation>,
    epoch: number,
    author: NodeIdentity,
  ): ClusterState {
    const table: AllocationTable = { epoch, author: author.key, shards }
    const allocations = this.allocations.with(type, table)
    return allocations === this.allocations ? this : this.with({ allocations })
  }

  withRegistry(registry: Registry): ClusterState {
    return registry === this.registry ? this : this.with({ registry })
  }

  /** Notes that these nodes have seen this version; those that are no members are left out. */
  markSeen(nodes: Iterable<NodeKey>): ClusterState {
    const news = [...nodes].filter((node) => !this.seen.has(node) && this.membersByKey.has(node))
    return news.length === 0 ? this : this.with({ seen: new Set([...this.seen, ...news]) })
  }

  /** What changed since `previous`, as the founding document lists it. */
  diff(previous: ClusterState): ClusterChanges {
    return changesBetween(previous, this)
  }

  isBuried(node: NodeIdentity): boolean {
    const tombstone = this.tombstones.get(node.address.toString())
    return tombstone !== undefined && node.incarnation <= tombstone.node.incarnation
  }

  /** Restores the invariant after parts were replaced. The same instance where it holds. */
  normalized(): ClusterState {
    const isMember = (key: string): boolean => this.membersByKey.has(key as NodeKey) // Only looked up.
    const reachability = this.reachability.restrict(isMember)
    const seen = [...this.seen].every(isMember)
      ? this.seen
      : new Set([...this.seen].filter(isMember))
    const rowCounters = [...this.rowCounters.keys()].every(isMember)
      ? this.rowCounters
      : new Map([...this.rowCounters].filter(([key]) => isMember(key)))
    const registry = this.registry.restrict(isMember)
    const version = this.pruned(this.version)
    const holds =
      reachability === this.reachability &&
      seen === this.seen &&
      rowCounters === this.rowCounters &&
      registry === this.registry &&
      version === this.version
    return holds ? this : this.with({ reachability, seen, rowCounters, registry, version })
  }

  /** A version without the entries of incarnations that are buried here, so that it compares. */
  pruned(version: VectorClock): VectorClock {
    if (this.tombstones.size === 0) return version
    return version.without((node) => isBuriedKey(this.tombstones, node as NodeKey)) // Only looked up.
  }

  /**
   * Whether two nodes know the same of their cluster, down to who has seen it. Which of several
   * changes told a node of something (the dots) is not compared: that may differ.
   */
  equals(other: ClusterState): boolean {
    return (
      this === other ||
      (this.clusterId === other.clusterId &&
        this.version.equals(other.version) &&
        this.members.length === other.members.length &&
        this.members.every((member, index) => other.members[index]?.equals(member) === true) &&
        sameTombstones(this.tombstones, other.tombstones) &&
        this.reachability.equals(other.reachability) &&
        this.seenDigest === other.seenDigest &&
        this.allocations.digest === other.allocations.digest &&
        this.registry.digest === other.registry.digest)
    )
  }

  /** One line for people: every member with its status, then who is unreachable. */
  toString(): string {
    const members = this.members.map(String).join(', ')
    const unreachable = [...this.unreachable].toSorted().join(', ')
    return `ClusterState(${members}${unreachable === '' ? '' : ` | unreachable ${unreachable}`}${this.isConverged ? '' : ' | not converged'})`
  }

  #nextDot(by: NodeIdentity): Dot {
    return { node: by.key, counter: this.version.versionOf(by.key) + 1 }
  }

  #change(by: NodeIdentity, members: readonly Member[]): ClusterState {
    const dot = this.#nextDot(by)
    const records = new Map(this.records)
    for (const member of members) records.set(member.address.toString(), { member, dot })
    return this.#counted(by, { records }).normalized()
  }

  #counted(by: NodeIdentity, parts: Partial<ClusterStateParts>): ClusterState {
    return this.with({ ...parts, version: this.version.increment(by.key), seen: new Set([by.key]) })
  }
}

function byIdentity(left: NodeIdentity, right: NodeIdentity): number {
  return NodeIdentity.compare(left, right)
}

function sameTombstones(
  left: ReadonlyMap<string, Tombstone>,
  right: ReadonlyMap<string, Tombstone>,
): boolean {
  return (
    left === right ||
    (left.size === right.size &&
      [...left].every(([address, tombstone]) => {
        const other = right.get(address)
        return (
          other?.node.equals(tombstone.node) === true &&
          other.removedAtMs === tombstone.removedAtMs &&
          other.left === tombstone.left
        )
      }))
  )
}

/** With `dot` in place of the dots of buried nodes. */
function adopted<T extends { readonly dot: Dot }>(
  changes: ReadonlyMap<string, T>,
  tombstones: ReadonlyMap<string, Tombstone>,
  dot: Dot,
): ReadonlyMap<string, T> {
  const isOrphan = (change: T): boolean => isBuriedKey(tombstones, change.dot.node)
  return new Map(
    [...changes].map(([address, change]) => [
      address,
      isOrphan(change) ? { ...change, dot } : change,
    ]),
  )
}

/** Whether a key `host:port#incarnation` belongs to an incarnation that is buried. */
export function isBuriedKey(tombstones: ReadonlyMap<string, Tombstone>, key: NodeKey): boolean {
  const hash = key.lastIndexOf('#')
  const tombstone = tombstones.get(key.slice(0, hash))
  return tombstone !== undefined && Number(key.slice(hash + 1)) <= tombstone.node.incarnation
}
