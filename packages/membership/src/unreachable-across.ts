import type { NodeKey } from '@casty/transport'
import type { Member } from './member.ts'
import { isAccusation, type Reachability } from './reachability.ts'
import { observersNeeded, type ReachabilityVotes } from './unreachable.ts'

/**
 * Counts the votes of one data center on members of others: those of its envoys, who watch across.
 *
 * As within a data center, enough distinct observers must agree, as many as in a cluster of so many
 * as there are envoys; whoever doubts itself accuses nobody for being silent; and where fewer are left to vote than are
 * asked for, all of them suffice. No vote is void: which side of a cut is the one that is cut off
 * cannot be told from here, and nothing is decided by it.
 *
 * @param envoys - of the data center whose votes are counted
 * @param isAcross - whether a key is of a member of another data center
 * @param needed - votes for so many observers
 */
export function countVotesAcross(
  envoys: readonly Member[],
  reachability: Reachability,
  isAcross: (key: string) => key is NodeKey,
  needed: (size: number) => number = observersNeeded,
): readonly ReachabilityVotes[] {
  const accusers = new Map<NodeKey, { votes: NodeKey[]; inDoubt: number }>()
  for (const { key: envoy } of envoys) {
    const row = reachability.rows.get(envoy)
    if (row === undefined) continue
    for (const [key, { status }] of row.records) {
      if (status === 'reachable' || !isAcross(key)) continue
      const found = accusers.get(key) ?? { votes: [], inDoubt: 0 }
      accusers.set(key, found)
      if (isAccusation(row, status)) found.votes.push(envoy)
      else found.inDoubt++
    }
  }
  return [...accusers].map(([subject, { votes, inDoubt }]) => {
    const enough = Math.max(1, Math.min(needed(envoys.length), envoys.length - inDoubt))
    return { subject, observers: votes, needed: enough, unreachable: votes.length >= enough }
  })
}
