import { byAddress, type Member, type NodeIdentity } from '@casty/membership'
import { downableMembers } from './counting.ts'
import type { DowningDecision } from './decision.ts'
import { indirectlyConnected, withoutIndirectlyConnected } from './indirectly-connected.ts'
import type { SbrView } from './view.ts'

/**
 * The members that a decision downs: of the own data center, neither exiting nor down yet, whatever
 * their roles. Ordered by address, but `self` comes last, so that the others still hear of it.
 *
 * A decision to ask for a lease downs nobody: ask again with its `granted` or its `denied`.
 *
 * @param view - what the decision was made of; for a {@link Ruling} its own `view`
 * @see Pekko `DowningStrategy.nodesToDown`
 */
export function nodesToDown(view: SbrView, decision: DowningDecision): readonly NodeIdentity[] {
  const isDowned = downedBy(view, decision)
  const downed = downableMembers(view).filter(isDowned).toSorted(byAddress)
  const others = downed.filter((member) => member.key !== view.self)
  const self = downed.filter((member) => member.key === view.self)
  return [...others, ...self].map((member) => member.node)
}

function downedBy(view: SbrView, decision: DowningDecision): (member: Member) => boolean {
  switch (decision.type) {
    case 'stay':
    case 'acquire-lease':
      return () => false
    case 'down-unreachable':
      return ({ key }) => view.unreachable.has(key)
    case 'down-reachable':
      return ({ key }) => !view.unreachable.has(key)
    case 'down-all':
      return () => true
    case 'down-indirectly-connected': {
      const indirect = indirectlyConnected(view)
      const isAlso = decision.also
        ? downedBy(withoutIndirectlyConnected(view), decision.also)
        : (): boolean => false
      return (member) => indirect.has(member.key) || isAlso(member)
    }
    case 'reverse-down-indirectly-connected': {
      const indirect = indirectlyConnected(view)
      return ({ key }) => indirect.has(key) || !view.unreachable.has(key)
    }
  }
}
