// What a strategy is shown of the state of a cluster.
import {
  countVotes,
  DEFAULT_DC,
  electLeader,
  observersNeeded,
  type DowningView,
  type NodeKey,
  type ReachabilityVotes,
} from '@casty/membership'
import type { Observation, SbrView } from '../view.ts'

/**
 * The view of one node. Only those are unreachable whom enough members of the own data center accuse,
 * and only accusations that counted are shown: one bad link, or one node in doubt, decides nothing.
 */
export function viewOf(asked: DowningView): SbrView {
  const { self, state, viewpoint } = asked
  const votes = unreachableByVotes(asked, self.key)
  return {
    self: self.key,
    dataCenter: viewpoint.dataCenter ?? DEFAULT_DC,
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
 * On each side of a partition one node is; but where news still passes between the sides, and says that
 * enough of its own data center find this node unreachable, it leaves the decision to them: they will
 * hear of its decision as well, and one side's "we go" and the other's "they go" leave nobody.
 */
export function isResponsible(asked: DowningView): boolean {
  const { self, state, viewpoint } = asked
  const own = state.member(self)
  if (!own || electLeader(state, viewpoint)?.key !== self.key || isOutvoted(asked)) return false
  return own.status === 'leaving'
    ? own.upNumber !== undefined
    : own.status === 'up' || own.status === 'weakly-up'
}

function isOutvoted(asked: DowningView): boolean {
  return unreachableByVotes(asked).some(({ subject }) => subject === asked.self.key)
}

/** By the members of the own data center. @param self - whose own vote counts whatever others say */
function unreachableByVotes(
  { state, viewpoint }: DowningView,
  self?: NodeKey,
): readonly ReachabilityVotes[] {
  const members = state.dataCenters.get(viewpoint.dataCenter ?? DEFAULT_DC)?.membersByKey
  const needed = (size: number): number => observersNeeded(size, state.monitoredBy)
  const votes = countVotes(
    members ?? new Map(),
    state.reachability,
    viewpoint.observersNeeded ?? needed,
    self,
  )
  return votes.filter(({ unreachable }) => unreachable)
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
