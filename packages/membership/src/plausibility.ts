// What no peer can honestly tell, whatever happened to it: counts that nobody has reached, lives that
// nobody has begun, changes that only another could have made. All nodes judge alike, and by nothing that
// differs from one to the other but by the error of their wall clocks: what one member takes in, it can
// hand on to every other.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Dot } from './dot.ts'
import type { FalseClaim } from './events.ts'
import type { Gossip, GossipRow } from './gossip.ts'
import type { MemberRecord } from './member-record.ts'
import type { MembershipMessage } from './messages.ts'

type Sections = Extract<MembershipMessage, { type: 'sections' }>

/** Counts and incarnations up to here are believed at any time: incarnations are dates, this one of 2109. */
const alwaysBelieved = 2 ** 42
/** And so many more for each millisecond since 1970. */
const believedPerMs = 100
/** Whatever the clock says: twice as much may travel, so that there is room to count on. */
const neverBelieved = 2 ** 51

/** What is wrong with what was told. */
export type Implausible = Pick<FalseClaim, 'claim' | 'about' | 'detail'>

/**
 * The highest count or incarnation that is believed when a peer tells it. It rises by a hundred thousand a
 * second, faster than anybody counts: whoever was made to believe the highest can still count on from there,
 * and is believed. For protocols of your own too, where they take the maximum of what peers say: beyond
 * 2^51 the next number could not be told any more.
 *
 * @param wallNow - in milliseconds since the epoch; nodes whose clocks differ agree as soon as the later one gets there
 */
export function highestBelieved(wallNow: number): number {
  return Math.min(alwaysBelieved + believedPerMs * Math.max(0, wallNow), neverBelieved)
}

/** The first thing in gossip that cannot be, of what differs from `known`; undefined where all may be. */
export function implausibleIn(
  gossip: Gossip,
  known: ClusterState,
  wallNow: number,
): Implausible | undefined {
  const highest = highestBelieved(wallNow)
  for (const [node, count] of gossip.version.changesSince(known.version)) {
    if (count === 0) continue // The sender has it not, or not any more.
    const key = node as NodeKey // Every entry of a membership version is named by a node key.
    const found = tooLate(key, incarnationOf(key), highest) ?? tooHigh(key, count, highest)
    if (found) return found
  }
  return (
    firstOf(gossip.records, (record) => implausibleRecord(record, highest)) ??
    firstOf(gossip.tombstones, ({ node, dot, upNumber = 0 }) =>
      implausibleChange(node, dot, upNumber, highest),
    ) ??
    firstOf(gossip.rows, (row) => implausibleRow(row, highest))
  )
}

/** The same for a life of which somebody says that it has begun. */
export function implausibleLife(
  about: NodeKey,
  incarnation: number,
  wallNow: number,
): Implausible | undefined {
  return tooLate(about, incarnation, highestBelieved(wallNow))
}

/** The same for what is told of services and shards: of a row, the version that the changes lead to. */
export function implausibleSections(
  { tables, registry, changes }: Pick<Sections, 'tables' | 'registry' | 'changes'>,
  wallNow: number,
): Implausible | undefined {
  const highest = highestBelieved(wallNow)
  return (
    firstOf(tables, ([, { author, epoch }]) => tooHigh(author, epoch, highest)) ??
    firstOf(registry, ({ node, version }) => tooHigh(node.key, version, highest)) ??
    firstOf(changes, ({ node, since }) => tooHigh(node.key, since, highest))
  )
}

function implausibleRecord(
  { member, dot }: MemberRecord,
  highest: number,
): Implausible | undefined {
  // Leaving is the one step of its life that a member takes by itself.
  if (member.status === 'leaving' && dot.node !== member.key) {
    const detail = `${dot.node} had it leave, which only ${member.key} itself does`
    return { claim: 'author', about: member.key, detail }
  }
  return implausibleChange(member.node, dot, member.upNumber ?? 0, highest)
}

function implausibleChange(
  node: NodeIdentity,
  dot: Dot,
  upNumber: number,
  highest: number,
): Implausible | undefined {
  return (
    tooLate(node.key, node.incarnation, highest) ??
    tooHigh(dot.node, dot.counter, highest) ??
    tooHigh(node.key, upNumber, highest)
  )
}

function implausibleRow(
  { observer, counter, row }: GossipRow,
  highest: number,
): Implausible | undefined {
  return tooHigh(observer.key, Math.max(counter, row.version), highest)
}

function tooHigh(about: NodeKey, count: number, highest: number): Implausible | undefined {
  if (count <= highest) return undefined
  return { claim: 'count', about, detail: `nobody has counted to ${count} yet` }
}

function tooLate(about: NodeKey, incarnation: number, highest: number): Implausible | undefined {
  if (incarnation <= highest) return undefined
  return { claim: 'incarnation', about, detail: `no life has begun as incarnation ${incarnation}` }
}

function incarnationOf(key: NodeKey): number {
  return Number(key.slice(key.lastIndexOf('#') + 1))
}

function firstOf<T>(
  items: readonly T[],
  judge: (item: T) => Implausible | undefined,
): Implausible | undefined {
  for (const item of items) {
    const found = judge(item)
    if (found) return found
  }
  return undefined
}
