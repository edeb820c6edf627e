// What of a view can be trusted. Observations outlive what they were true of: an observer may have
// crashed, been cut off or been downed since. Taken at their word, they make members look connected
// with some and not with others, and that costs the cluster more than the crash did.
import type { NodeKey } from '@casty/membership'
import { accuserCounts, isAtFault } from './accusers.ts'
import { downableMembers, ownMembers } from './counting.ts'
import type { Observation, SbrView } from './view.ts'

/**
 * The view of the own data center, without observations that say nothing of who is connected now. Left
 * out are, in this order and until nothing is left to leave out:
 *
 * 1. observations of or by a member that is exiting or down: it goes in any case;
 * 2. observations by one that has not seen this state, and is unreachable for somebody who has: it may
 *    have crashed since;
 * 3. observations by one whom several find unreachable, and more than find their subject so: it is the
 *    one that is cut off.
 *
 * Nobody becomes reachable by that who has not seen this state.
 *
 * @see akka.net pull request 7141, where all reachable members had to accuse the observer
 */
export function trustedView(view: SbrView): SbrView {
  return withoutUntrusted(ownView(view))
}

/** Nothing about members of other data centers, or about nodes that are no members. */
function ownView(view: SbrView): SbrView {
  const members = ownMembers(view)
  const own = new Set(members.map(({ key }) => key))
  const isOwn = (key: NodeKey): boolean => own.has(key)
  return {
    ...view,
    members,
    observations: view.observations.filter(
      ({ observer, subject }) => isOwn(observer) && isOwn(subject),
    ),
    unreachable: new Set([...view.unreachable].filter(isOwn)),
    seenBy: new Set([...view.seenBy].filter(isOwn)),
  }
}

function withoutUntrusted(view: SbrView): SbrView {
  const current = withoutStale(amongStaying(view), view.seenBy)
  const counts = accuserCounts(current)
  const observations = current.filter((one) => !isAtFault(one.observer, one.subject, counts))
  if (observations.length === view.observations.length) return view
  const next = { ...view, observations, unreachable: stillUnreachable(view, observations) }
  return withoutUntrusted(next) // Each time something is left out, so it ends.
}

function amongStaying(view: SbrView): readonly Observation[] {
  const staying = new Set(downableMembers(view).map(({ key }) => key))
  return view.observations.filter(
    ({ observer, subject }) => staying.has(observer) && staying.has(subject),
  )
}

function withoutStale(
  observations: readonly Observation[],
  seenBy: SbrView['seenBy'],
): readonly Observation[] {
  const suspects = new Set(
    observations.filter(({ observer }) => seenBy.has(observer)).map(({ subject }) => subject),
  )
  return observations.filter(({ observer }) => seenBy.has(observer) || !suspects.has(observer))
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
