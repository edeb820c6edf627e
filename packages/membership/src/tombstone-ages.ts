// How long a tombstone is kept. Each node counts by itself, from when it learned of it and on its
// monotonic clock: by the remover's wall clock a node whose own is ahead would forget at once, and
// let the dead back in.
import type { MembershipState, Moment, TombstoneAge } from './membership-state.ts'
import type { Tombstone } from './tombstones.ts'

/** Notes tombstones that are new to this node. */
export function noteTombstones(state: MembershipState, moment: Moment): MembershipState {
  const { tombstones } = state.cluster
  const isNoted = ({ node }: Tombstone): boolean =>
    state.tombstoneAges.get(node.address.toString())?.incarnation === node.incarnation
  const all = [...tombstones.values()]
  if (all.length === state.tombstoneAges.size && all.every(isNoted)) return state
  const ages = all.map((tombstone): [string, TombstoneAge] => {
    const address = tombstone.node.address.toString()
    const known = isNoted(tombstone) ? state.tombstoneAges.get(address) : undefined
    return [address, known ?? { incarnation: tombstone.node.incarnation, sinceMs: moment.now }]
  })
  return { ...state, tombstoneAges: new Map(ages) }
}

/** Forgets tombstones whose time is over. Nothing is counted: every node does it by itself. */
export function forgetOldTombstones(state: MembershipState, moment: Moment): MembershipState {
  const keptSince = moment.now - state.settings.tombstoneTtlMs
  const isOver = (address: string): boolean =>
    (state.tombstoneAges.get(address)?.sinceMs ?? Infinity) <= keptSince
  const cluster = state.cluster.forgetTombstones(isOver)
  return cluster === state.cluster ? state : { ...state, cluster }
}
