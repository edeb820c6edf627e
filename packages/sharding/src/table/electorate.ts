import type { NodeIdentity, NodeKey } from '@casty/transport'

/**
 * Whose promises and acknowledgements count. It is part of the table, and changes by the same majorities
 * as everything else in it: while it changes, a majority of the former voters is needed as well.
 *
 * Invariant: both lists are sorted by `NodeIdentity.compare` and hold nobody twice. No voters at all: the
 * table was never begun.
 */
export interface Electorate {
  readonly voters: readonly NodeIdentity[]
  /** Those before, while the change to `voters` is not known to be acknowledged; else nobody. */
  readonly former: readonly NodeIdentity[]
}

export const nobody: Electorate = Object.freeze({
  voters: Object.freeze([]),
  former: Object.freeze([]),
})

/**
 * Whether `those` can decide: more than half of the voters, and of the former voters as well where
 * the voters are being changed. Any two such sets, of electorates that follow on each other, share a node.
 *
 * @see Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014, §6
 */
export function isMajority(electorate: Electorate, those: ReadonlySet<NodeKey>): boolean {
  const { voters, former } = electorate
  return moreThanHalf(voters, those) && (former.length === 0 || moreThanHalf(former, those))
}

function moreThanHalf(voters: readonly NodeIdentity[], those: ReadonlySet<NodeKey>): boolean {
  let count = 0
  for (const { key } of voters) if (those.has(key)) count++
  return count * 2 > voters.length
}
