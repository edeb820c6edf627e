// What a member has to tell a client of the cluster, and what a client makes of it. A client holds the state as a member
// does, so what two members tell it joins, whichever of them is behind; but it counts nothing, and has a say in nothing.
import { ClusterState, gossipFor, receiveGossip, type Gossip } from '@casty/membership'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Known } from './client-book.ts'
import type { ClientMessage, NewsContent } from './client-messages.ts'

const noSections = { type: 'sections', tables: [], registry: [], changes: [] } as const

/** What somebody who has `known` lacks of `state`, in the order in which it is to be told; nothing where it has all. */
export function newsFor(state: ClusterState, known: Known): readonly ClientMessage[] {
  const isWhole = known.version.size === 0
  const gossip = gossipFor(state, known.version)
  const { rows, changes } = state.registry.newerThan(known.registry)
  const contents: NewsContent[] = []
  if (isWhole || saysAnything(gossip, known)) {
    const { clusterId, version, seen, records, tombstones, rows: sights } = gossip
    // Told by whole versions: a client need not remember which ones it was told.
    const told = { clusterId, version, seen, records, tombstones, rows: sights }
    contents.push({ type: 'gossip', gossip: told })
  }
  // Each fits a frame, by what a node may offer.
  for (const row of rows) contents.push({ ...noSections, registry: [row] })
  for (const one of changes) contents.push({ ...noSections, changes: [one] })
  return contents.map((content, at) => ({
    type: 'news',
    isWhole,
    isLast: at === contents.length - 1,
    content,
  }))
}

function saysAnything({ version, records, tombstones, rows }: Gossip, known: Known): boolean {
  return (
    records.length > 0 ||
    tombstones.length > 0 ||
    rows.length > 0 ||
    !known.version.merge(version).equals(known.version)
  )
}

/** What somebody has once it was told all of `state`, and had `known`. */
export function knownAfter(state: ClusterState, known: Known): Known {
  const registry = new Map<NodeKey, number>(known.registry)
  for (const [key, { version }] of state.registry.rows) registry.set(key, version)
  for (const key of registry.keys()) if (!state.membersByKey.has(key)) registry.delete(key)
  return { version: state.version.merge(state.tombstones.prune(known.version)), registry }
}

/** What somebody has who holds `state`. */
export function knownOf(state: ClusterState): Known {
  const versions = [...state.registry.rows].map(([key, row]): [NodeKey, number] => [
    key,
    row.version,
  ])
  return { version: state.version, registry: new Map(versions) }
}

/** How what is told goes with what is known. */
export type Telling =
  /** It is new. */
  | 'part'
  /** It is all that the member knows; what is known beyond that stays. */
  | 'whole'
  /** The same, and nothing else counts any more: what is known beyond that, no member knows. */
  | 'instead'

/**
 * What a client knows once it was told.
 *
 * @returns undefined where that is of another cluster: it has to be told all anew
 */
export function learnt(
  state: ClusterState,
  content: NewsContent,
  telling: Telling,
): ClusterState | undefined {
  if (content.type === 'sections') {
    const isOfMember = ({ node }: { readonly node: NodeIdentity }): boolean =>
      state.member(node) !== undefined
    const registry = state.registry.merge(
      content.registry.filter(isOfMember),
      content.changes.filter(isOfMember),
    )
    return registry === state.registry ? state : state.with({ registry })
  }
  const { gossip } = content
  const isOther = state.clusterId !== '' && state.clusterId !== gossip.clusterId
  if (isOther && telling === 'part') return undefined
  if (isOther) return receiveGossip(ClusterState.empty, gossip)
  const joined = receiveGossip(state, gossip)
  if (telling === 'part' || state.clusterId === '') return joined
  // What the members have forgotten by now is forgotten here as well, if they know all that is known here.
  const fresh = receiveGossip(ClusterState.empty, gossip)
  if (telling === 'whole' && !joined.version.equals(fresh.version)) return joined
  const isMember = (key: NodeKey): boolean => fresh.membersByKey.has(key)
  return fresh.with({ registry: joined.registry.restrict(isMember) })
}
