// Who is found unreachable is found so by somebody whose word counts: neither by those who doubt
// themselves, since they stood still, nor by those who are down.
import type { ClusterState } from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export function votesCount(run: MembershipRun): MembershipWatcher {
  const name = 'votes are of those who count'
  return {
    changed({ host }, state, before) {
      if (state.unreachable === before?.unreachable) return
      for (const key of state.unreachable) {
        if (isAccusedSoundly(state, key)) continue
        run.violate(name, `${host} finds ${key} unreachable by the word of nobody who counts`, host)
      }
    },
  }
}

function isAccusedSoundly({ members, reachability }: ClusterState, subject: NodeKey): boolean {
  return members.some(
    ({ key, status }) =>
      status !== 'down' &&
      reachability.rows.get(key)?.doubtful !== true &&
      reachability.statusBetween(key, subject) !== 'reachable',
  )
}
