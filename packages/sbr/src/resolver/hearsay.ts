// What a node hears of its own data center through another one.
import { downableMembers, ownMembers } from '../counting.ts'
import { rule, type Ruling } from '../ruling.ts'
import { majorityName } from '../strategies/keep-majority.ts'
import type { SbrView } from '../view.ts'
import type { ResolverSettings } from './settings.ts'

/**
 * The ruling of a node that reaches nobody else of its data center, and is to down all of it because some
 * reach others there and some do not: that news came through another data center, and makes this node none
 * of those who are connected with some. By what it observes itself it is outnumbered, so it goes down in any
 * case, and need not take the others along. Only where the larger side goes on: by other strategies whoever is
 * left alone might take itself for the side that does.
 */
export function withoutHearsay(
  settings: ResolverSettings,
  seenView: SbrView,
  ruling: Ruling,
): Ruling {
  const isAlone = downableMembers(seenView).every(
    ({ key }) => key === seenView.self || seenView.unreachable.has(key),
  )
  const hasOthers = ownMembers(seenView).length < seenView.members.length
  const isOfMajority = settings.strategy.name === majorityName
  if (ruling.decision.type !== 'down-all' || !isAlone || !hasOthers || !isOfMajority) return ruling
  const observations = seenView.observations.filter(({ observer }) => observer === seenView.self)
  const view = { ...seenView, observations, seenBy: new Set([seenView.self]) }
  const alone = rule(settings.strategy, view, settings)
  return alone.decision.type === 'down-reachable' ? alone : ruling
}
