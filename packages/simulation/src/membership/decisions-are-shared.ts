// Leaders decide on convergence: nobody becomes up, or exiting, by a decision that an established member
// could not know of, nor while an active one is unreachable. Else both sides of a partition would decide.
// Each data center agrees for itself; but where nobody there has an age yet, its first member becomes up
// by what all established members everywhere know, or two could become its first on two sides of a cut.
import {
  memberStatuses,
  type Cluster,
  type ClusterState,
  type Member,
  type MemberStatus,
} from '@casty/membership'
import type { NodeKey } from '@casty/transport'
import { isActive } from './is-active.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

/** What everybody has to know before. */
const reasons = { up: 'joining', exiting: 'leaving' } as const

export function decisionsAreShared(run: MembershipRun): MembershipWatcher {
  const name = 'decisions wait for agreement'
  const clusters = new Map<NodeKey, Cluster>()
  /** A status that was seen has been decided on by whoever showed it first. */
  const decided = new Set<string>()
  return {
    changed({ host, program }, state, before) {
      if (program === undefined) return
      clusters.set(program.self.key, program)
      for (const { node, key, status, dataCenter } of state.members) {
        if (status !== 'up' && status !== 'exiting') continue
        if (before?.member(node)?.status === status || decided.has(`${key} ${status}`)) continue
        decided.add(`${key} ${status}`)
        const isAtHome = (other: Member): boolean => other.dataCenter === dataCenter
        const isNumbered = (other: Member): boolean =>
          isAtHome(other) && isEstablished(other) && other.upNumber !== undefined
        const isFirst = status === 'up' && before?.members.some(isNumbered) !== true
        const others = (before?.members ?? []).filter(
          (other) => other.key !== program.self.key && (isFirst || isAtHome(other)),
        )
        for (const other of others) {
          const now = state.member(other.node)
          if (before === undefined || now === undefined || !isActive(now)) continue
          const isLost = before.unreachable.has(other.key) && state.unreachable.has(other.key)
          if (isLost && isAtHome(other)) {
            run.violate(name, `${host} makes ${key} ${status} while ${other} is unreachable`, host)
          }
          const isBound = isEstablished(other) && isEstablished(now)
          const view = clusters.get(other.key)?.getState()
          if (!isBound || state.unreachable.has(other.key) || view === undefined) continue
          if (knows(view, state, key, reasons[status])) continue
          run.violate(name, `${host} makes ${key} ${status}, which ${other} knows nothing of`, host)
        }
      }
    },
  }
}

/** Whether a view has a member at least that far, or has let it go. */
function knows(
  view: ClusterState,
  { membersByKey }: ClusterState,
  key: NodeKey,
  status: 'joining' | 'leaving',
): boolean {
  const member = membersByKey.get(key)
  if (member === undefined || view.tombstones.has(member.node)) return true
  const known = view.member(member.address)
  if (known === undefined) return false
  return (
    known.incarnation > member.incarnation ||
    (known.incarnation === member.incarnation && statusRank(known.status) >= statusRank(status))
  )
}

function statusRank(status: MemberStatus): number {
  return memberStatuses.indexOf(status)
}

function isEstablished({ status }: Member): boolean {
  return status === 'up' || status === 'leaving'
}
