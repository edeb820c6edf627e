import type { EndpointReport, NodeKey } from '@casty/transport'
import type { PeerReport } from '@casty/failure-detector'
import { describeContacts, type ContactReport } from './contact-answers.ts'
import {
  blockersOfConvergence,
  electLeader,
  isConverged,
  type ConvergenceBlocker,
} from './leader.ts'
import { viewpoint, type MembershipState } from './membership-state.ts'
import type { ReachabilityVotes } from './unreachable.ts'

/** How one data center stands, as far as a node knows: of another one than its own, later than that. */
export interface DataCenterExplanation {
  readonly name: string
  /** How many members it has. */
  readonly members: number
  readonly leader: NodeKey | undefined
  readonly converged: boolean
  /** Its own members whom it finds unreachable. */
  readonly unreachable: readonly NodeKey[]
  /** Members of other data centers whom it cannot reach, by the votes of its envoys. */
  readonly unreachableAcross: readonly NodeKey[]
  /** Those that keep it in touch with other data centers, oldest first; where there are none, nobody. */
  readonly envoys: readonly NodeKey[]
}

/** Why the cluster looks from here the way it does. Plain data: `JSON.stringify` it, or read it. */
export interface ClusterExplanation {
  readonly self: NodeKey
  /** What this node is, what it waits for, and what can be done about it. */
  readonly summary: string
  readonly phase: MembershipState['phase']['type']
  readonly status: string | undefined
  readonly leader: NodeKey | undefined
  readonly converged: boolean
  /** Who keeps the view from converging, each with the reason. */
  readonly blockers: readonly { readonly node: NodeKey; readonly why: ConvergenceBlocker['why'] }[]
  /** Every data center by itself, as far as this node knows. */
  readonly dataCenters: readonly DataCenterExplanation[]
  /**
   * Whom somebody finds unreachable, by whom, and whether that is enough: members of every data center
   * by the votes of that one, and of others by the votes of this one's envoys.
   */
  readonly suspicions: readonly ReachabilityVotes[]
  /** Suspicion of the peers that this node watches itself. */
  readonly watched: readonly PeerReport<NodeKey>[]
  /** The own doubts, from 0 to 8. */
  readonly doubt: number
  /** While joining: the last refusal that only a change of the settings mends. */
  readonly lastRefusal: string | undefined
  /** While joining: who is asked, and what each answered in this round, in words. */
  readonly contacts: readonly ContactReport[]
  /** While joining: why `seedNodes` gave no contacts when it was last asked. */
  readonly lastDiscoveryError: string | undefined
  readonly dropped: Readonly<Record<string, number>>
  /** What the downing runtime tells of itself; undefined without one, or where it tells nothing. */
  readonly downing: object | undefined
  readonly transport: EndpointReport
}

export type ExplanationParts = Pick<
  ClusterExplanation,
  | 'watched'
  | 'doubt'
  | 'lastRefusal'
  | 'contacts'
  | 'lastDiscoveryError'
  | 'dropped'
  | 'downing'
  | 'transport'
>

export function explainState(state: MembershipState, parts: ExplanationParts): ClusterExplanation {
  const { cluster, self } = state
  const view = viewpoint(state)
  const blockers = blockersOfConvergence(cluster, view)
  const status = cluster.member(self)?.status
  return {
    self: self.key,
    summary: summarize(state, status, blockers, parts),
    phase: state.phase.type,
    status,
    leader: electLeader(cluster, view)?.key,
    converged: status !== undefined && blockers.length === 0,
    blockers: blockers.map(({ member, why }) => ({ node: member.key, why })),
    dataCenters: [...cluster.dataCenters.keys()].map((name) => explainDataCenter(state, name)),
    suspicions: cluster.derived.verdicts.votes(),
    ...parts,
  }
}

function explainDataCenter(state: MembershipState, name: string): DataCenterExplanation {
  const { cluster, settings } = state
  const { verdicts } = cluster.derived
  const isOwn = name === settings.dataCenter
  const { leaderOrder } = settings
  const view = isOwn ? viewpoint(state) : { dataCenter: name, leaderOrder }
  const isAlone = cluster.dataCenters.size === 1
  return {
    name,
    members: cluster.dataCenters.get(name)?.members.length ?? 0,
    leader: electLeader(cluster, view)?.key,
    converged: isConverged(cluster, view),
    unreachable: [...verdicts.within(name)].toSorted(),
    unreachableAcross: [...verdicts.across(name)].toSorted(),
    envoys: isAlone ? [] : verdicts.envoys(name).map(({ key }) => key),
  }
}

function summarize(
  state: MembershipState,
  status: string | undefined,
  blockers: readonly ConvergenceBlocker[],
  parts: ExplanationParts,
): string {
  const { phase, self } = state
  if (phase.type === 'stopped') return `${self.key} has stopped: ${phase.reason}.`
  if (phase.type === 'joining') return `${self.key} is not admitted yet; ${joiningText(parts)}.`
  if (blockers.length === 0) return `${self.key} is ${status}; the view has converged.`
  const named = blockers.map(({ member, why }) =>
    why === 'unreachable' ? `${member.key} is unreachable` : `${member.key} has not seen it`,
  )
  const advice = blockers.some(({ why }) => why === 'unreachable') ? ` ${outlookOf(parts)}` : ''
  return `${self.key} is ${status}; the view has not converged: ${named.join(', ')}.${advice}`
}

/** What downing is going to do about whoever is unreachable; without it, what people can do. */
function outlookOf({ downing }: ExplanationParts): string {
  if (downing === undefined || !('outlook' in downing)) return unreachableAdvice
  return typeof downing.outlook === 'string' ? downing.outlook : unreachableAdvice
}

/** Until then nobody joins, nor leaves in good order: somebody has to act. */
const unreachableAdvice =
  'Restart whoever is unreachable at its address, or call cluster.down(member.address) once you ' +
  'know it is dead.'

function joiningText({ contacts, lastRefusal, lastDiscoveryError }: ExplanationParts): string {
  const asked =
    contacts.length === 0 ? 'no contact is known' : `contacts: ${describeContacts(contacts)}`
  const failed = lastDiscoveryError === undefined ? '' : `; seedNodes failed: ${lastDiscoveryError}`
  const refusal = lastRefusal === undefined ? '' : `; last refusal: ${lastRefusal}`
  return `${asked}${failed}${refusal}`
}
