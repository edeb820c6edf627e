// Who is found unreachable is found so by enough of those whose word counts: not by those who are down, nor by
// those who doubt themselves, since they stood still, unless they were told that nobody is there.
import type { ClusterState, Reachability } from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { dataCenterOf } from './places.ts'
import { settingsOf } from './settings.ts'

export function votesCount(run: MembershipRun): MembershipWatcher {
  const name = 'votes are of those who count'
  const { monitoredBy, connections } = settingsOf(run)
  /** By the votes of those who watch across, where the member is in another data center. */
  const isOutOfReachFrom = (host: string, state: ClusterState, subject: NodeKey): boolean => {
    const own = dataCenterOf(run, host)
    if (state.membersByKey.get(subject)?.dataCenter === own) return false
    const { votes, needed } = countAcross(state, subject, own, connections)
    return votes >= needed
  }
  return {
    changed({ host }, state, before) {
      if (state.unreachable === before?.unreachable) return
      for (const key of state.unreachable) {
        if (before?.unreachable.has(key) === true) continue
        const { votes, needed } = countOf(state, key, monitoredBy)
        if (votes >= needed || isOutOfReachFrom(host, state, key)) continue
        run.violate(name, `${host} finds ${key} unreachable by ${votes} votes of ${needed}`, host)
      }
    },
  }
}

/**
 * The documented rule, written down again: a checker must not share the mistakes that it looks for.
 * Of those who are left to vote no more are asked than there are.
 */
function countOf(
  { members, reachability, unreachable }: ClusterState,
  subject: NodeKey,
  monitoredBy: number,
): { readonly votes: number; readonly needed: number } {
  const home = members.find(({ key }) => key === subject)?.dataCenter
  const present = members.filter(
    ({ status, dataCenter }) => status !== 'down' && dataCenter === home,
  )
  const accuses = (key: NodeKey): boolean =>
    reachability.statusBetween(key, subject) !== 'reachable'
  const accusers = present
    .filter(({ key }) => accuses(key) && isBelieved(reachability, key, subject))
    .map(({ key }) => key)
  const mayVouch = (key: NodeKey): boolean =>
    !accuses(key) &&
    !unreachable.has(key) &&
    accusers.every((accuser) => reachability.statusBetween(accuser, key) === 'reachable')
  const vouching = present.filter(({ key }) => key !== subject && mayVouch(key)).length
  const wanted = votesWanted(present.length)
  const needed = Math.max(1, Math.min(wanted, monitoredBy, accusers.length + vouching))
  return { votes: accusers.length, needed }
}

/** The documented rule for members of another data center: the word of those counts who watch across. */
function countAcross(
  { members, reachability, unreachable }: ClusterState,
  subject: NodeKey,
  own: string,
  connections: number,
): { readonly votes: number; readonly needed: number } {
  const present = members.filter(
    ({ status, dataCenter }) => status !== 'down' && dataCenter === own,
  )
  const accusers = present.filter(
    ({ key }) =>
      reachability.statusBetween(key, subject) !== 'reachable' &&
      isBelieved(reachability, key, subject),
  )
  const inReach = present.filter(({ key }) => !unreachable.has(key)).length
  const inDoubt = present.filter(({ key }) => !isBelieved(reachability, key, subject)).length
  const envoys = Math.min(connections, inReach)
  return {
    votes: accusers.length,
    needed: Math.max(1, Math.min(votesWanted(envoys), envoys - inDoubt)),
  }
}

/** Documented: who doubts itself is believed that it was told something, not that it heard nothing. */
function isBelieved(reachability: Reachability, observer: NodeKey, subject: NodeKey): boolean {
  if (reachability.rows.get(observer)?.doubtful !== true) return true
  const status = reachability.statusBetween(observer, subject)
  return status === 'refused' || status === 'terminated'
}

/** Documented: so many observers make one of so many members unreachable, where they are left to vote. */
export function votesWanted(members: number): number {
  return members <= 2 ? 1 : members <= 5 ? 2 : 3
}
