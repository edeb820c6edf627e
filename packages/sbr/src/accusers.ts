import type { NodeKey } from '@casty/membership'
import type { Observation } from './view.ts'

/** How many distinct members find each one unreachable. */
export function accuserCounts(observations: readonly Observation[]): ReadonlyMap<NodeKey, number> {
  const accusers = new Map<NodeKey, Set<NodeKey>>()
  for (const { observer, subject } of observations) {
    const found = accusers.get(subject)
    if (found) found.add(observer)
    else accusers.set(subject, new Set([observer]))
  }
  return new Map([...accusers].map(([subject, observers]) => [subject, observers.size]))
}

/**
 * Whether a broken link is the fault of one of its ends: several members do not reach that one, and more
 * than do not reach the other.
 */
export function isAtFault(
  one: NodeKey,
  other: NodeKey,
  counts: ReadonlyMap<NodeKey, number>,
): boolean {
  const against = counts.get(one) ?? 0
  return against >= 2 && against > (counts.get(other) ?? 0)
}
