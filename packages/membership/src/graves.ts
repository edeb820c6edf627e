// How long a burial is remembered. Each node counts by itself, from when it learned of it and on its
// monotonic clock: by the remover's wall clock a node whose own is ahead would forget at once, and
// let the dead back in.
import type { Grave, MembershipState, Moment } from './membership-state.ts'

/** Notes burials that are new to this node. */
export function noteGraves(state: MembershipState, moment: Moment): MembershipState {
  const { tombstones } = state.cluster
  const isNoted = [...tombstones].every(
    ([address, { node }]) => state.graves.get(address)?.incarnation === node.incarnation,
  )
  if (isNoted && tombstones.size === state.graves.size) return state
  const graves = new Map<string, Grave>()
  for (const [address, { node }] of tombstones) {
    const known = state.graves.get(address)
    const isKnown = known?.incarnation === node.incarnation
    graves.set(address, isKnown ? known : { incarnation: node.incarnation, sinceMs: moment.now })
  }
  return { ...state, graves }
}

/** Forgets burials whose time is over. Nothing is counted: every node does it by itself. */
export function forgetGraves(state: MembershipState, moment: Moment): MembershipState {
  const bornBefore = moment.now - state.settings.tombstoneTtlMs
  const isOver = (address: string): boolean =>
    (state.graves.get(address)?.sinceMs ?? Infinity) <= bornBefore
  const cluster = state.cluster.forgetTombstones(isOver)
  return cluster === state.cluster ? state : { ...state, cluster }
}
