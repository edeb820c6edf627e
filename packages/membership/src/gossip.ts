import { VectorClock } from '@casty/clock'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { covers, type Dot } from './dot.ts'
import { LayeredMap } from './layered-map.ts'
import { mergeRecord, type MemberRecord } from './member-record.ts'
import { Reachability, type ReachabilityRow } from './reachability.ts'
import type { Tombstone, Tombstones } from './tombstones.ts'

/**
 * Who has seen a version: a bit per member, in address order. The digest names the members, so that
 * bits are never read against another list.
 */
export interface SeenBits {
  readonly membersDigest: number
  readonly bits: Uint8Array
}

/** A reachability row on its way: with the observer's counter in `version` when it wrote it. */
export interface GossipRow {
  readonly observer: NodeIdentity
  readonly counter: number
  readonly row: ReachabilityRow
}

/**
 * What one node tells another of the membership: whatever a peer at a given version lacks. It is told
 * whole, in one frame: with half of it the receiver could not say which version it holds.
 */
export interface Gossip {
  readonly clusterId: string
  /** The sender's whole version. */
  readonly version: VectorClock
  /** A version that the receiver told: where it is given, only what differs from it travels. */
  readonly since?: VectorClock
  readonly seen: SeenBits
  readonly records: readonly MemberRecord[]
  readonly tombstones: readonly Tombstone[]
  readonly rows: readonly GossipRow[]
}

/** Everything of `state` that somebody at `known` lacks. */
export function gossipFor(state: ClusterState, known: VectorClock): Gossip {
  return {
    clusterId: state.clusterId,
    version: state.version,
    ...(known.size > 0 && { since: known }),
    seen: seenBits(state),
    ...changesFor(state, known),
  }
}

/**
 * The changes that somebody at `known` lacks. Of thousands of members few have changed something since
 * a version that is near: only what those told last is looked at.
 */
function changesFor(
  state: ClusterState,
  known: VectorClock,
): Pick<Gossip, 'records' | 'tombstones' | 'rows'> {
  const isLacked = ({ dot }: { readonly dot: Dot }): boolean => !covers(known, dot)
  const tombstones = [...state.tombstones.values()].filter(isLacked)
  // Changes by removed nodes are in no version: they are found by looking at all.
  if (known.size === 0 || state.hasOrphans) {
    const records = [...state.records.values()].filter(isLacked)
    return { records, tombstones, rows: rowsFor(state, state.rowCounters, known) }
  }
  const authors = state.version.changesSince(known)
  const { recordsByAuthor } = state.derived
  const records = authors.flatMap(([author]) => recordsByAuthor.get(author) ?? []).filter(isLacked)
  const counters = authors.flatMap(([author]) => {
    // Only looked up, and found: so it is a member's.
    const counter = state.rowCounters.get(author as NodeKey)
    return counter === undefined ? [] : [[author as NodeKey, counter] as const]
  })
  return { records, tombstones, rows: rowsFor(state, counters, known) }
}

function rowsFor(
  state: ClusterState,
  counters: Iterable<readonly [NodeKey, number]>,
  known: VectorClock,
): readonly GossipRow[] {
  const rows: GossipRow[] = []
  for (const [key, counter] of counters) {
    if (!(counter > known.versionOf(key))) continue
    const observer = state.membersByKey.get(key)?.node
    const row = state.reachability.rows.get(key)
    if (observer && row) rows.push({ observer, counter, row })
  }
  return rows
}

/**
 * Takes gossip in: the join of both sides. Commutative, associative and idempotent over states that
 * nodes can reach; the same instance when it brings nothing new.
 *
 * Who has *seen* the result follows from the versions: both sides' seen where they are equal, the
 * newer side's where one is newer, and nobody where they are concurrent, since the result is new.
 * (A lexicographic product of lattices: Almeida, Shoker & Baquero, "Delta state replicated data
 * types", 2018, §A.)
 */
export function receiveGossip(state: ClusterState, gossip: Gossip): ClusterState {
  const tombstones = state.tombstones.merge(gossip.tombstones)
  const records = mergeRecords(state, gossip.records, tombstones)
  const { reachability, rowCounters } = mergeRows(state, gossip.rows, records)
  const clusterId = state.clusterId === '' ? gossip.clusterId : state.clusterId
  if (isSame(state, { tombstones, records, reachability, clusterId })) {
    return withVersion(state, gossip)
  }
  const merged = state.with({ tombstones, records, reachability, rowCounters, clusterId })
  // Where the members stay only new rows may speak of others, and those were looked at.
  const isNormal = records === state.records && tombstones === state.tombstones
  return withVersion(isNormal ? merged : merged.normalized(), gossip)
}

/** Joins two states: what a node that held the one knows after it was told all of the other. */
export function mergeGossip(left: ClusterState, right: ClusterState): ClusterState {
  const joined = receiveGossip(left, gossipFor(right, VectorClock.empty))
  const allocations = joined.allocations.merge(right.allocations.tables)
  const rows = [...right.registry.rows.values()].filter(({ node }) => joined.member(node))
  const registry = joined.registry.merge(rows)
  const evictions = joined.evictions.merge(right.evictions.entries)
  const isKnown = allocations === joined.allocations && registry === joined.registry
  if (isKnown && evictions === joined.evictions) return joined
  return joined.with({ allocations, registry, evictions }).normalized()
}

function withVersion(merged: ClusterState, gossip: Gossip): ClusterState {
  // A change by a removed node counts in no version, so no version says who has seen it.
  const isSeenByNobody = merged.hasOrphans
  const state = isSeenByNobody && merged.seen.size > 0 ? merged.with({ seen: new Set() }) : merged
  const own = state.tombstones.prune(state.version)
  const theirs = state.tombstones.prune(gossip.version)
  const relation = own.compare(theirs)
  switch (relation) {
    case 'after':
      return state
    case 'same':
      return isSeenByNobody ? state : withSeen(state, gossip.seen)
    case 'before': {
      const unseen = state.with({ version: theirs, seen: new Set() })
      return isSeenByNobody ? unseen : withSeen(unseen, gossip.seen)
    }
    case 'concurrent':
      return state.with({ version: own.merge(theirs), seen: new Set() })
  }
}

/**
 * Whoever is removed stays out. So does whoever is not here although our version covers the change
 * that told of it: we have known it and let it go, even where the tombstone is forgotten already.
 */
function mergeRecords(
  { records: known, version, tombstones: buried }: ClusterState,
  told: readonly MemberRecord[],
  tombstones: Tombstones,
): ReadonlyMap<string, MemberRecord> {
  const isRemoved = (key: NodeKey): boolean => tombstones.hasKey(key)
  let merged: Map<string, MemberRecord> | undefined
  for (const record of told) {
    if (tombstones.has(record.member.node)) continue
    const address = record.member.address.toString()
    const held = merged?.get(address) ?? known.get(address)
    if (!held && covers(version, record.dot)) continue
    const joined = held ? mergeRecord(held, record, isRemoved) : record
    if (joined === held) continue
    merged ??= new Map()
    merged.set(address, joined)
  }
  const records = merged ? LayeredMap.over(known, merged) : known
  return tombstones === buried ? records : withoutDead(records, tombstones)
}

function withoutDead(
  records: ReadonlyMap<string, MemberRecord>,
  tombstones: Tombstones,
): ReadonlyMap<string, MemberRecord> {
  const dead = tombstones.addresses().filter((address) => {
    const record = records.get(address)
    return record !== undefined && tombstones.has(record.member.node)
  })
  if (dead.length === 0) return records
  const alive = new Map(records)
  for (const address of dead) alive.delete(address)
  return alive
}

function mergeRows(
  state: ClusterState,
  rows: readonly GossipRow[],
  records: ReadonlyMap<string, MemberRecord>,
): Pick<ClusterState, 'reachability' | 'rowCounters'> {
  const newer = rows.filter(
    ({ observer, row }) =>
      row.version > state.reachability.versionOf(observer.key) &&
      records.get(observer.address.toString())?.member.incarnation === observer.incarnation,
  )
  if (newer.length === 0) return state
  const isKnown = (key: string): boolean => state.membersByKey.has(key as NodeKey) // Only looked up.
  const all = Reachability.of(newer.map(({ observer, row }) => [observer.key, row]))
  const told = records === state.records ? all.restrict(isKnown) : all
  const rowCounters = new Map<NodeKey, number>()
  for (const { observer, counter } of newer) rowCounters.set(observer.key, counter)
  return {
    reachability: state.reachability.merge(told),
    rowCounters: LayeredMap.over(state.rowCounters, rowCounters),
  }
}

function isSame(
  state: ClusterState,
  parts: Pick<ClusterState, 'tombstones' | 'records' | 'reachability' | 'clusterId'>,
): boolean {
  return (
    parts.tombstones === state.tombstones &&
    parts.records === state.records &&
    parts.reachability === state.reachability &&
    parts.clusterId === state.clusterId
  )
}

/** Who has seen the version of `state`, in the form in which it travels. */
export function seenBits(state: ClusterState): SeenBits {
  return { membersDigest: state.membersDigest, bits: state.derived.seen.bits }
}

/** Marks who has seen the version according to `told`: nobody where it was told of other members. */
export function withSeen(state: ClusterState, { membersDigest, bits }: SeenBits): ClusterState {
  return membersDigest === state.membersDigest ? state.markSeenBits(bits) : state
}

/** Whether `state` knows of somebody who has seen the version and is not among these. */
export function knowsMoreThan(state: ClusterState, { membersDigest, bits }: SeenBits): boolean {
  return membersDigest === state.membersDigest && state.derived.seen.hasMoreThan(bits)
}

/** Who has seen a state, and who finds whom unreachable in it. */
export type GossipOverview = Pick<ClusterState, 'seen' | 'reachability'>

/** What to do about a peer's version: nothing, send what it lacks, ask for what we lack, or both. */
export type GossipDecision = 'same' | 'send-envelope' | 'request-merge' | 'merge-both'

/** Compares a peer's version with one's own. Prune both before, as `Tombstones.prune` does. */
export function gossipDecide(local: VectorClock, remote: VectorClock): GossipDecision {
  switch (local.compare(remote)) {
    case 'same':
      return 'same'
    case 'after':
      return 'send-envelope'
    case 'before':
      return 'request-merge'
    case 'concurrent':
      return 'merge-both'
  }
}
