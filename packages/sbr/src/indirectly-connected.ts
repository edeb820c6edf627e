// Members that some reach and others do not. There is no side they belong to: unless they go, those
// who stay do not all reach each other.
import { byAddress, type NodeKey } from '@casty/membership'
import { downableMembers, ownMembers } from './counting.ts'
import { judgedAs, type Judgement } from './judgement.ts'
import type { Observation, SbrView } from './view.ts'

/** Members found by how they are observed, in two ways that are told apart when records are left out. */
interface Suspects {
  /** Those who do not reach somebody, and are not reached by somebody. */
  readonly crossed: ReadonlySet<NodeKey>
  /** Both ends of a link that is broken, though news passes between them: its subject has seen the state. */
  readonly heard: ReadonlySet<NodeKey>
}

function ownObservations(view: SbrView): readonly Observation[] {
  const own = new Set(ownMembers(view).map((member) => member.key))
  return view.observations.filter(({ observer, subject }) => own.has(observer) && own.has(subject))
}

function suspectsOf(observations: readonly Observation[], view: SbrView): Suspects {
  const subjects = new Set(observations.map(({ subject }) => subject))
  const heard = observations.filter(({ subject }) => view.seenBy.has(subject))
  return {
    crossed: new Set(
      observations.map(({ observer }) => observer).filter((observer) => subjects.has(observer)),
    ),
    heard: new Set(heard.flatMap(({ observer, subject }) => [observer, subject])),
  }
}

/** Members of the own data center that some members reach and others do not. Clean splits have none. */
export function indirectlyConnected(view: SbrView): ReadonlySet<NodeKey> {
  const { crossed, heard } = suspectsOf(ownObservations(view), view)
  return new Set([...crossed, ...heard])
}

/**
 * The view for a decision about everybody else: without what the indirectly connected observe of each
 * other, and without observations of or by members that cannot be downed any more.
 */
export function withoutIndirectlyConnected(view: SbrView): SbrView {
  const all = ownObservations(view)
  const { crossed, heard } = suspectsOf(all, view)
  const downable = new Set(downableMembers(view).map((member) => member.key))
  const observations = all.filter(
    ({ observer, subject }) =>
      downable.has(observer) &&
      downable.has(subject) &&
      !(crossed.has(observer) && crossed.has(subject)) &&
      !(heard.has(observer) && heard.has(subject)),
  )
  const observed = new Set(all.map(({ subject }) => subject))
  const left = new Set(observations.map(({ subject }) => subject))
  // Whoever is unreachable by no record at all stays so: nothing says that it is connected.
  const unreachable = [...view.unreachable].filter(
    (key) => !observed.has(key) && !crossed.has(key) && !heard.has(key),
  )
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
  if ([...view.unreachable].every((key) => indirect.has(key)))
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
