// What of a view can be trusted. Observations outlive what they were true of: an observer may have
// crashed, been cut off or been downed since. Taken at their word, they make members look connected
// with some and not with others, and that costs the cluster more than the crash did.
import type { NodeKey } from '@casty/membership'
import { ownMembers } from './counting.ts'
import type { Observation, SbrView } from './view.ts'

/**
 * The view without observations that say nothing of who is connected now; the same instance where all
 * can be trusted. Left out are, in this order and until nothing is left to leave out:
 *
 * 1. observations of or by a member that is down: it was given up already;
 * 2. observations by one that has not seen this state, and is unreachable for somebody who has: it may
 *    have crashed since;
 * 3. observations by one whom several find unreachable, and more than find their subject so: it is the
 *    one that is cut off;
 * 4. the mark of having seen this state, of one whom several find unreachable, and more than find any of
 *    them so. Its accusers need not go because somebody else still hears of it.
 *
 * Nobody becomes reachable by that who has not seen this state.
 *
 * @see akka.net pull request 7141, where all reachable members had to accuse the observer
 */
export function trustedView(view: SbrView): SbrView {
  const next = withoutUntrusted(view)
  return next === view ? view : trustedView(next) // Each time something is left out, so it ends.
}

function withoutUntrusted(view: SbrView): SbrView {
  const current = withoutStale(withoutDown(view), view.seenBy)
  const counts = accuserCounts(current)
  const observations = current.filter((one) => !isAtFault(one.observer, one.subject, counts))
  const seenBy = withoutOutvoted(view.seenBy, observations)
  if (observations.length === view.observations.length && seenBy.size === view.seenBy.size)
    return view
  return { ...view, observations, seenBy, unreachable: stillUnreachable(view, observations) }
}

function withoutDown(view: SbrView): readonly Observation[] {
  const down = new Set(
    ownMembers(view)
      .filter(({ status }) => status === 'down')
      .map(({ key }) => key),
  )
  return view.observations.filter(
    ({ observer, subject }) => !down.has(observer) && !down.has(subject),
  )
}

function withoutStale(
  observations: readonly Observation[],
  seenBy: ReadonlySet<NodeKey>,
): readonly Observation[] {
  const suspects = new Set(
    observations.filter(({ observer }) => seenBy.has(observer)).map(({ subject }) => subject),
  )
  return observations.filter(({ observer }) => seenBy.has(observer) || !suspects.has(observer))
}

/** How many distinct members find each one unreachable. */
function accuserCounts(observations: readonly Observation[]): ReadonlyMap<NodeKey, number> {
  const accusers = new Map<NodeKey, Set<NodeKey>>()
  for (const { observer, subject } of observations) {
    const found = accusers.get(subject)
    if (found) found.add(observer)
    else accusers.set(subject, new Set([observer]))
  }
  return new Map([...accusers].map(([subject, observers]) => [subject, observers.size]))
}

/** Whether of two ends of a broken link it is the first that more members, and several, do not reach. */
function isAtFault(one: NodeKey, other: NodeKey, counts: ReadonlyMap<NodeKey, number>): boolean {
  const against = counts.get(one) ?? 0
  return against >= 2 && against > (counts.get(other) ?? 0)
}

function withoutOutvoted(
  seenBy: ReadonlySet<NodeKey>,
  observations: readonly Observation[],
): ReadonlySet<NodeKey> {
  const counts = accuserCounts(observations)
  const isOutvoted = ({ observer, subject }: Observation): boolean =>
    isAtFault(subject, observer, counts)
  const spared = new Set(
    observations.filter((one) => !isOutvoted(one)).map(({ subject }) => subject),
  )
  return new Set([...seenBy].filter((key) => !counts.has(key) || spared.has(key)))
}

/** Who has seen this state is there again when nobody is left to accuse it. Others stay unreachable. */
function stillUnreachable(
  view: SbrView,
  observations: readonly Observation[],
): ReadonlySet<NodeKey> {
  const before = new Set(view.observations.map(({ subject }) => subject))
  const after = new Set(observations.map(({ subject }) => subject))
  const isCleared = (key: NodeKey): boolean =>
    before.has(key) && !after.has(key) && view.seenBy.has(key)
  return new Set([...view.unreachable].filter((key) => !isCleared(key)))
}
