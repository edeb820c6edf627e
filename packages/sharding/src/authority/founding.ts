// How a table begins where there is none, and how it goes on where too many of its voters are lost. Both need
// all who are left: one of them may know better.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ViewMember } from '../core/view.ts'
import type { Electorate } from '../table/electorate.ts'

/** Whether so few voters are left among the members that they can never be a majority again. */
export function isLost(electorate: Electorate, view: readonly ViewMember[]): boolean {
  const alive = aliveIn(view)
  return [electorate.voters, electorate.former].some(
    (voters) => voters.length > 0 && countOf(voters, alive) * 2 <= voters.length,
  )
}

/** Whether a table must be begun, or begun anew, before there can be a coordinator. */
export function mustFound(electorate: Electorate, view: readonly ViewMember[]): boolean {
  return electorate.voters.length === 0 || isLost(electorate, view)
}

/**
 * Who must agree to found a table. Where voters are left, all of them. Otherwise everybody who ever was up,
 * also those who leave and those who are down: they may have founded one. Those who are down cannot
 * agree, and have to be removed first.
 */
export function founders(
  electorate: Electorate,
  view: readonly ViewMember[],
): ReadonlySet<NodeKey> {
  const alive = aliveIn(view)
  const voters = [...electorate.voters, ...electorate.former].filter(({ key }) => alive.has(key))
  if (voters.length > 0) return new Set(voters.map(({ key }) => key))
  const everUp = view.filter(({ upNumber }) => upNumber !== undefined)
  return new Set(everUp.map(({ node }) => node.key))
}

/** Whether somebody who was up is downed or gone since: for a while they may not know it themselves. */
export function hasLosses(before: readonly ViewMember[], after: readonly ViewMember[]): boolean {
  const alive = aliveIn(after)
  return before.some(({ node, upNumber, status }) =>
    status !== 'down' ? upNumber !== undefined && !alive.has(node.key) : !isIn(after, node),
  )
}

function isIn(view: readonly ViewMember[], { key }: NodeIdentity): boolean {
  return view.some(({ node }) => node.key === key)
}

function aliveIn(view: readonly ViewMember[]): ReadonlySet<NodeKey> {
  return new Set(view.filter(({ status }) => status !== 'down').map(({ node }) => node.key))
}

function countOf(voters: readonly NodeIdentity[], those: ReadonlySet<NodeKey>): number {
  return voters.filter(({ key }) => those.has(key)).length
}
