// Members that some reach and others do not. There is no side they belong to: unless they go, those
// who stay do not all reach each other.
import { byAddress, type NodeKey } from '@casty/membership'
import { accuserCounts, isAtFault } from './accusers.ts'
import { downableMembers, ownMembers } from './counting.ts'
import { judgedAs, type Judgement } from './judgement.ts'
import type { Observation, SbrView } from './view.ts'

/** Members found by how they are observed, in three ways that are told apart when records are left out. */
interface Suspects {
  /** Those who do not reach somebody, and are not reached by somebody. */
  readonly crossed: ReadonlySet<NodeKey>
  /** Both ends of a link that is broken, though news passes between them: its subject has seen the state. */
  readonly heard: ReadonlySet<NodeKey>
  /** The subject alone where such a link is its fault: its accusers need not go because others hear of it. */
  readonly faulty: ReadonlySet<NodeKey>
}

function ownObservations(view: SbrView): readonly Observation[] {
  const own = new Set(ownMembers(view).map((member) => member.key))
  return view.observations.filter(({ observer, subject }) => own.has(observer) && own.has(subject))
}

function suspectsOf(observations: readonly Observation[], view: SbrView): Suspects {
  const counts = accuserCounts(observations)
  const heard = new Set<NodeKey>()
  const faulty = new Set<NodeKey>()
  for (const { observer, subject } of observations) {
    if (!view.seenBy.has(subject)) continue
    if (isAtFault(subject, observer, counts)) faulty.add(subject)
    else heard.add(observer).add(subject)
  }
  const observers = observations.map(({ observer }) => observer)
  return { crossed: new Set(observers.filter((key) => counts.has(key))), heard, faulty }
}

function allOf({ crossed, heard, faulty }: Suspects): ReadonlySet<NodeKey> {
  return new Set([...crossed, ...heard, ...faulty])
}

/** Members of the own data center that some members reach and others do not. Clean splits have none. */
export function indirectlyConnected(view: SbrView): ReadonlySet<NodeKey> {
  return allOf(suspectsOf(ownObservations(view), view))
}

/**
 * The view for a decision about everybody else: without what the indirectly connected observe of each
 * other, and without observations of or by members that cannot be downed any more. The indirectly
 * connected count as reachable, for news passes between them and this side.
 */
export function withoutIndirectlyConnected(view: SbrView): SbrView {
  const all = ownObservations(view)
  const suspects = suspectsOf(all, view)
  const { crossed, heard, faulty } = suspects
  const downable = new Set(downableMembers(view).map((member) => member.key))
  const areBothIn = (keys: ReadonlySet<NodeKey>, { observer, subject }: Observation): boolean =>
    keys.has(observer) && keys.has(subject)
  const observations = all.filter(
    (one) =>
      areBothIn(downable, one) &&
      !areBothIn(crossed, one) &&
      !areBothIn(heard, one) &&
      !faulty.has(one.observer) &&
      !faulty.has(one.subject),
  )
  const indirect = allOf(suspects)
  const unreachable = [...view.unreachable].filter((key) => !indirect.has(key))
  const left = observations.map(({ subject }) => subject)
  return { ...view, observations, unreachable: new Set([...left, ...unreachable]) }
}

/**
 * Puts the indirectly connected before an ordinary judgement: they go, and with them whom the ordinary
 * one gives up of the rest. Where the rest has such members again, nobody can tell sides: all go down.
 */
export function judgeIndirectlyConnected(
  view: SbrView,
  ordinary: (view: SbrView) => Judgement,
): Judgement {
  const indirect = indirectlyConnected(view)
  if (indirect.size === 0) return ordinary(view)
  const because = `${namesOf(view, indirect)} can be reached by some members and not by others`
  if (ownMembers(view).every(({ key }) => !view.unreachable.has(key) || indirect.has(key)))
    return { decision: { type: 'down-indirectly-connected' }, because, passes: [] }
  const rest = withoutIndirectlyConnected(view)
  if (indirectlyConnected(rest).size > 0)
    return judgedAs('down-all', `${because}, and so can others when these are left out`)
  const { decision, because: why, passes } = ordinary(rest)
  return {
    decision: { type: 'down-indirectly-connected', also: decision },
    because: `${because}; without them, ${why}`,
    passes,
  }
}

const shownNames = 5

function namesOf(view: SbrView, keys: ReadonlySet<NodeKey>): string {
  const members = ownMembers(view)
    .filter(({ key }) => keys.has(key))
    .toSorted(byAddress)
  const names = members.slice(0, shownNames).map(({ address }) => address.toString())
  const more = members.length - names.length
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(' and ')
}
