// While a great many things happen at once, each node takes more time between its rounds of gossip, so that
// each of them tells more. The work of spreading every change by itself grows with the square of the
// nodes: a fifth of three thousand that dies is reported by more than two thousand others, some at a time.
import type { NodeIdentity } from '@casty/transport'
import type { MembershipEffect, MembershipState, Moment, Rush } from './membership-state.ts'

/** So many rounds in a row with news are no rush: a single change, or a few that follow from it. */
const calmRounds = 3
/** Members per step of patience: in a small cluster news is cheap, and never waits. */
const membersPerStep = 128
const mostPatience = 16
const rushFanout = 2

/** By how much this node stretches its pauses before it tells news: 1 while there is no rush. */
export function patience({ cluster, rush }: MembershipState): number {
  const most = Math.min(mostPatience, cluster.members.length / membersPerStep)
  return Math.max(1, Math.min(most, rush.rounds - calmRounds + 1))
}

/** To how many peers a round tells news: in a rush each of them has much to tell in turn. */
export function fanoutOf(state: MembershipState): number {
  const { gossipFanout } = state.settings
  return isRush(state) ? Math.min(gossipFanout, rushFanout) : gossipFanout
}

/** Whether so much is going on that peers are asked what they lack, rather than told what they may know. */
export function isRush(state: MembershipState): boolean {
  return patience(state) > 1
}

/** After a round of gossip. */
export function afterRound({ rush, cluster }: MembershipState): Rush {
  const isNews = cluster.version !== rush.version
  const rounds = isNews ? rush.rounds + 1 : rush.rounds >> 1
  return { ...rush, rounds, version: cluster.version }
}

/**
 * Whether a peer was told of our view so lately that its answer is not answered again: while there is
 * something new all the time, two nodes would never be done with each other. The next round goes on.
 */
export function wasJustTold(state: MembershipState, peer: NodeIdentity, now: number): boolean {
  const at = state.rush.toldAt.get(peer.key)
  return at !== undefined && now < at + state.settings.wakeMaxMs * patience(state)
}

/** Notes whom a step tells what it lacks. */
export function noteTold(
  state: MembershipState,
  effects: readonly MembershipEffect[],
  { now }: Moment,
): MembershipState {
  const { rush } = state
  if (!isRush(state)) {
    return rush.toldAt.size === 0 ? state : { ...state, rush: { ...rush, toldAt: new Map() } }
  }
  const told = effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'gossip' ? [effect.to.key] : [],
  )
  if (told.length === 0) return state
  const toldAt = new Map(rush.toldAt)
  for (const key of told) toldAt.set(key, now)
  return { ...state, rush: { ...rush, toldAt } }
}
