// How long a tombstone is kept. Each node counts on its own monotonic clock, from the age that it was
// told with: so all forget it at about the same time, whenever they learned of it. By the remover's
// wall clock a node whose own is ahead would forget at once, and let the dead back in.
import type { MembershipEffect, MembershipState, Moment, TombstoneAge } from './membership-state.ts'
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
    const { node, ageMs = 0 } = tombstone
    const sinceMs = moment.now - Math.min(ageMs, state.settings.tombstoneTtlMs)
    return [address, known ?? { incarnation: node.incarnation, sinceMs }]
  })
  return { ...state, tombstoneAges: new Map(ages) }
}

/** Tells with every tombstone that is sent how old it is by now. */
export function withTombstoneAges(
  state: MembershipState,
  effects: readonly MembershipEffect[],
  { now }: Moment,
): readonly MembershipEffect[] {
  if (state.tombstoneAges.size === 0) return effects
  return effects.map((effect) => {
    if (effect.type !== 'send') return effect
    const { message } = effect
    if (message.type !== 'gossip' && message.type !== 'welcome') return effect
    const { gossip } = message
    if (gossip.tombstones.length === 0) return effect
    const tombstones = gossip.tombstones.map((tombstone): Tombstone => {
      const age = state.tombstoneAges.get(tombstone.node.address.toString())
      return { ...tombstone, ageMs: now - (age?.sinceMs ?? now) }
    })
    return { ...effect, message: { ...message, gossip: { ...gossip, tombstones } } }
  })
}

/** Forgets tombstones whose time is over. Nothing is counted: every node does it by itself. */
export function forgetOldTombstones(state: MembershipState, moment: Moment): MembershipState {
  const keptSince = moment.now - state.settings.tombstoneTtlMs
  const isOver = (address: string): boolean =>
    (state.tombstoneAges.get(address)?.sinceMs ?? Infinity) <= keptSince
  const cluster = state.cluster.forgetTombstones(isOver)
  return cluster === state.cluster ? state : { ...state, cluster }
}
