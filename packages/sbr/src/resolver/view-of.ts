// What a strategy is shown of the state of a cluster.
import {
  countVotes,
  DEFAULT_DC,
  electLeader,
  observersNeeded,
  type DowningView,
  type NodeKey,
} from '@casty/membership'
import type { Observation, SbrView } from '../view.ts'

/**
 * The view of one node. Only those are unreachable whom enough members of the own data center accuse,
 * and only accusations that counted are shown: one bad link, or one node in doubt, decides nothing.
 */
export function viewOf({ self, state, viewpoint }: DowningView): SbrView {
  const { dataCenter = DEFAULT_DC } = viewpoint
  const needed = (size: number): number => observersNeeded(size, state.monitoredBy)
  const votes = countVotes(
    state.dataCenters.get(dataCenter)?.membersByKey ?? new Map(),
    state.reachability,
    viewpoint.observersNeeded ?? needed,
    self.key,
  ).filter(({ unreachable }) => unreachable)
  return {
    self: self.key,
    dataCenter,
    members: state.members,
    observations: votes.flatMap(({ subject, observers }) =>
      observers.map((observer): Observation => {
        const status = state.reachability.statusBetween(observer, subject)
        return { observer, subject, status: status === 'terminated' ? status : 'unreachable' }
      }),
    ),
    unreachable: new Set(votes.map(({ subject }) => subject)),
    seenBy: state.seen,
  }
}

/**
 * Whether it is for this node to decide: it leads its data center as it sees it, and is no mere joiner.
 * On each side of a partition one node is.
 */
export function isResponsible({ self, state, viewpoint }: DowningView): boolean {
  const own = state.member(self)
  if (!own || electLeader(state, viewpoint)?.key !== self.key) return false
  return own.status === 'leaving'
    ? own.upNumber !== undefined
    : own.status === 'up' || own.status === 'weakly-up'
}

/** Whether the members are told that this node distrusts its own observations. */
export function isDoubtful({ self, state }: DowningView): boolean {
  return state.reachability.rows.get(self.key)?.doubtful === true
}

/** Members of the own data center whom one of them accuses, whether or not the vote counts. */
export function suspectedMembers({ state, viewpoint }: DowningView): ReadonlySet<NodeKey> {
  const { dataCenter = DEFAULT_DC } = viewpoint
  const suspected = new Set<NodeKey>()
  if (state.reachability.rows.size === 0) return suspected
  const own = state.dataCenters.get(dataCenter)
  for (const { key, status } of own?.members ?? []) {
    if (status === 'down') continue
    for (const subject of state.reachability.unreachableFrom(key)) {
      const member = own?.membersByKey.get(subject as NodeKey) // Only looked up.
      if (member) suspected.add(member.key)
    }
  }
  return suspected
}
