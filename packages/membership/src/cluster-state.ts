import type { VectorClock } from '@casty/clock'
import { NodeIdentity, type NodeAddress, type NodeKey } from '@casty/transport'
import type { Allocations, AllocationTable, ShardAllocation } from './allocations.ts'
import { changesBetween, saySame, type ClusterChanges } from './cluster-changes.ts'
import { emptyParts, restrictedParts, type ClusterStateParts } from './cluster-state-parts.ts'
import type { DataCenter } from './data-centers.ts'
import { DerivedState } from './derived-state.ts'
import type { Dot } from './dot.ts'
import type { Evictions } from './evictions.ts'
import { electLeader, isConverged, type Viewpoint } from './leader.ts'
import { LayeredMap } from './layered-map.ts'
import { mergeMember, type Member } from './member.ts'
import type { MemberRecord } from './member-record.ts'
import { isAllowedTransition, type MemberStatus } from './member-status.ts'
import type { Reachability } from './reachability.ts'
import type { Registry, ServiceEntry } from './registry.ts'
import type { NodeSet, SeenNodes } from './seen-nodes.ts'
import type { Tombstone, Tombstones } from './tombstones.ts'

/**
 * What one node knows of its cluster. Immutable; two states merge by `mergeGossip`, in any order and
 * any number of times with the same result.
 *
 * Every change names its author, increments the author's entry in `version` and starts `seen` anew.
 * A change that changes nothing returns the same instance.
 *
 * Invariant: keys of `seen`, observers and subjects of `reachability` are members; no member has a
 * tombstone; no entry of `version` belongs to an incarnation that has one.
 */
export class ClusterState implements ClusterStateParts {
  static readonly empty: ClusterState = new ClusterState(emptyParts)

  readonly clusterId: string
  readonly viewer: NodeKey | undefined
  readonly monitoredBy: number
  readonly crossDcConnections: number
  readonly records: ReadonlyMap<string, MemberRecord>
  readonly tombstones: Tombstones
  readonly reachability: Reachability
  readonly rowCounters: ReadonlyMap<NodeKey, number>
  readonly version: VectorClock
  readonly seen: NodeSet
  readonly allocations: Allocations
  readonly registry: Registry
  readonly evictions: Evictions
  readonly #parts: ClusterStateParts
  readonly #derived: DerivedState

  private constructor(parts: ClusterStateParts, former?: DerivedState) {
    this.clusterId = parts.clusterId
    this.viewer = parts.viewer
    this.monitoredBy = parts.monitoredBy
    this.crossDcConnections = parts.crossDcConnections
    this.records = parts.records
    this.tombstones = parts.tombstones
    this.reachability = parts.reachability
    this.rowCounters = parts.rowCounters
    this.version = parts.version
    this.seen = parts.seen
    this.allocations = parts.allocations
    this.registry = parts.registry
    this.evictions = parts.evictions
    this.#parts = parts
    this.#derived = new DerivedState(parts, former)
  }

  /** This state with some parts replaced as they are. For merges and codecs: it counts nothing. */
  with(parts: Partial<ClusterStateParts>): ClusterState {
    return new ClusterState({ ...this.#parts, ...parts }, this.#derived)
  }

  /** Every member, by address. */
  get members(): readonly Member[] {
    return this.#derived.members
  }

  get membersByKey(): ReadonlyMap<NodeKey, Member> {
    return this.#derived.membersByKey
  }

  /** The members of each data center by themselves, by its name. */
  get dataCenters(): ReadonlyMap<string, DataCenter> {
    return this.#derived.dataCenters
  }

  /** The member at an address, in whichever incarnation; or exactly this incarnation of it. */
  member(node: NodeAddress | NodeIdentity): Member | undefined {
    if (!(node instanceof NodeIdentity)) return this.records.get(node.toString())?.member
    const member = this.records.get(node.address.toString())?.member
    return member?.incarnation === node.incarnation ? member : undefined
  }

  /**
   * Members that enough observers of their own data center find unreachable; of other data centers
   * than the viewer's also those that enough of its envoys cannot reach.
   */
  get unreachable(): ReadonlySet<NodeKey> {
    return this.#derived.verdicts.unreachable
  }

  /** The oldest up (or leaving) member that is not unreachable, of the viewer's data center. */
  get leader(): Member | undefined {
    return electLeader(this, this.#view)
  }

  /** Whether the viewer's data center has converged. */
  get isConverged(): boolean {
    return isConverged(this, this.#view)
  }

  /** Where nobody looks, all data centers count as one. */
  get #view(): Viewpoint {
    const self = this.viewer === undefined ? undefined : this.membersByKey.get(this.viewer)
    return self === undefined ? {} : { dataCenter: self.dataCenter }
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

  /** Answers that were given already, for those who ask again. */
  get derived(): DerivedState {
    return this.#derived
  }

  get versionDigest(): number {
    return this.#derived.versionDigest
  }

  /** Names the members, and with that the order in which bits stand for them. */
  get membersDigest(): number {
    return this.#derived.membersDigest
  }

  get seenDigest(): number {
    return this.#derived.seen.digest
  }

  /** Takes in a member, or a newer incarnation of one: the older one is then gone at once. */
  addMember(member: Member, by: NodeIdentity): ClusterState {
    return this.mergeMembers([member], by)
  }

  /** Joins what is known with more: of each address the later word, and nobody who was removed. */
  mergeMembers(members: Iterable<Member>, by: NodeIdentity): ClusterState {
    const news = [...members].filter((member) => {
      const known = this.member(member.address)
      return (
        !this.tombstones.has(member.node) && (!known || !mergeMember(known, member).equals(known))
      )
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
      ? this.removeMembers([member.node], removedAtMs, by)
      : this.#change(by, [member.withStatus(status)])
  }

  /**
   * Removes members for good, in one change: each leaves a tombstone, and what its incarnations up to
   * this one counted is forgotten. What a removed node told is adopted, so that nobody misses it.
   *
   * @param removedAtMs - by the wall clock, in milliseconds since the epoch; see `updateStatus`
   */
  removeMembers(
    nodes: readonly NodeIdentity[],
    removedAtMs: number,
    by: NodeIdentity,
  ): ClusterState {
    const dot = this.#nextDot(by)
    const news = nodes
      .filter((node) => !this.tombstones.has(node))
      .map((node): Tombstone => {
        const { status, upNumber } = this.member(node) ?? {}
        const left = status === 'exiting'
        const whole = Math.floor(removedAtMs) // As it travels.
        return { node, removedAtMs: whole, left, dot, ...(upNumber !== undefined && { upNumber }) }
      })
    if (news.length === 0) return this
    const tombstones = this.tombstones.with(news)
    const kept = [...this.records].filter(([, { member }]) => !tombstones.has(member.node))
    return this.#adopted(by, new Map(kept), tombstones)
  }

  /** Whether a change by a removed node is left here, which no version covers any more. */
  get hasOrphans(): boolean {
    return this.#derived.hasOrphans
  }

  /** Gives `by`'s dot to changes whose dot belongs to a removed node: nobody else may know them. */
  adoptOrphans(by: NodeIdentity): ClusterState {
    if (!this.hasOrphans || this.tombstones.has(by)) return this
    return this.#adopted(by, this.records, this.tombstones)
  }

  #adopted(
    by: NodeIdentity,
    records: ClusterState['records'],
    tombstones: Tombstones,
  ): ClusterState {
    const dot = this.#nextDot(by)
    return this.#counted(by, {
      records: tombstones.adopt(records, dot),
      tombstones: tombstones.adopted(dot),
    }).normalized()
  }

  /** Forgets the tombstones of some addresses. Nothing is counted: every node does it by itself. */
  forgetTombstones(isOver: (address: string, tombstone: Tombstone) => boolean): ClusterState {
    const tombstones = this.tombstones.without(isOver)
    return tombstones === this.tombstones ? this : this.with({ tombstones })
  }

  /** Records that `observer` finds `subject` unreachable, in the observer's own row. */
  markUnreachable(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(
      observer,
      subject,
      this.reachability.unreachable(observer.key, subject.key),
    )
  }

  /**
   * The same, where the subject's host answers that nobody listens: a vote also where the observer doubts
   * itself.
   */
  markRefused(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(observer, subject, this.reachability.refused(observer.key, subject.key))
  }

  markReachable(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(observer, subject, this.reachability.reachable(observer.key, subject.key))
  }

  /** Records for good that this incarnation of `subject` is gone. */
  markTerminated(subject: NodeIdentity, observer: NodeIdentity): ClusterState {
    return this.#observe(observer, subject, this.reachability.terminated(observer.key, subject.key))
  }

  /** Publishes whether `observer` doubts itself: then whom it does not hear of it does not accuse. */
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
    const { counter } = this.#nextDot(observer)
    const rowCounters = LayeredMap.over(this.rowCounters, [[observer.key, counter]])
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
    return this.#seenBy(this.#derived.seen.with(nodes))
  }

  /** The same for bits over the members, in address order. */
  markSeenBits(bits: Uint8Array): ClusterState {
    return this.#seenBy(this.#derived.seen.union(bits))
  }

  #seenBy(seen: SeenNodes): ClusterState {
    return seen === this.#derived.seen ? this : this.with({ seen })
  }

  /** What changed since `previous`. */
  diff(previous: ClusterState): ClusterChanges {
    return changesBetween(previous, this)
  }

  /** Restores the invariant after parts were replaced. The same instance where it holds. */
  normalized(): ClusterState {
    const isMember = (key: string): boolean => this.membersByKey.has(key as NodeKey) // Only looked up.
    const parts = restrictedParts(this, isMember, this.#derived.order)
    return parts ? this.with(parts) : this
  }

  /**
   * Whether two nodes know the same of their cluster, down to who has seen it. Which of several
   * changes told a node of something (the dots) is not compared, nor when: that may differ.
   */
  equals(other: ClusterState): boolean {
    return this === other || saySame(this, other)
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
    const records = LayeredMap.over(
      this.records,
      members.map((member) => [member.address.toString(), { member, dot }] as const),
    )
    return this.#counted(by, { records }).normalized()
  }

  #counted(by: NodeIdentity, parts: Partial<ClusterStateParts>): ClusterState {
    return this.with({ ...parts, version: this.version.increment(by.key), seen: new Set([by.key]) })
  }
}
