// Why there is a coordinator, or none, in words.
import { promisedTo } from '../authority/acceptor.ts'
import type { Term } from '../coordinator/term.ts'
import type { Version } from '../table/version.ts'
import type { NodeState } from './node-state.ts'

/** How the agreement on shards stands, as one node sees it. */
export interface AgreementExplanation {
  /** Who has this node's promise. */
  readonly coordinator: string | undefined
  readonly term: number
  /** Of the table that has taken effect here. */
  readonly version: Version
  readonly voters: readonly string[]
  /** How long this node's region may run its shards if nothing comes of its next round; 0 where it may not. */
  readonly leaseForMs: number
  /** A sentence or two for people. */
  readonly summary: string
}

export function explainAgreement(
  node: NodeState,
  term: Term | undefined,
  leaseUntil: number,
  now: number,
): AgreementExplanation {
  const { acceptor, log } = node
  const coordinator = promisedTo(acceptor, now)?.coordinator
  return {
    coordinator: coordinator?.key,
    term: acceptor.highestTerm,
    version: log.committed.version,
    voters: log.latest.electorate.voters.map(({ key }) => key),
    leaseForMs: Math.max(0, leaseUntil - now),
    summary: summaryOf(node, term, now),
  }
}

function summaryOf(node: NodeState, term: Term | undefined, now: number): string {
  const { own, acceptor, self } = node
  if (!own) return 'This node is no member of the cluster yet, or any more.'
  const promised = promisedTo(acceptor, now)
  if (term?.isBegun && term.hasRight(now))
    return `This node is the coordinator, in term ${term.number}.`
  if (promised && promised.coordinator.key !== self.key) {
    return `${promised.coordinator} is the coordinator, in term ${promised.term}, or wants to be.`
  }
  return `Nobody is known to be the coordinator. ${obstacleOf(node, term, now)}`
}

function obstacleOf(node: NodeState, term: Term | undefined, now: number): string {
  const { mustFound, mayFoundAt, log, view } = node
  if (mustFound && now < mayFoundAt) {
    const seconds = Math.ceil((mayFoundAt - now) / 1_000)
    return `Members were lost, and so was the majority of the voters: a table is begun anew in ${seconds} s.`
  }
  if (term) {
    const silent = view.filter(({ node: { key } }) => !term.followers.get(key)?.hasAnswered)
    const names = silent.map((member) => member.node.key).join(', ')
    const asks = `This node asks for promises of term ${term.number}`
    return names === '' ? `${asks}.` : `${asks}; no answer came from ${names}.`
  }
  const lost = log.latest.electorate.voters.filter(({ key }) => {
    const member = node.member(key)
    return !member?.isReachable || member.status === 'down'
  })
  return lost.length === 0
    ? 'The oldest member that is up will be.'
    : `Voters out of reach: ${lost.join(', ')}.`
}
