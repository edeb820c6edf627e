// What split-brain resolution does otherwise: it trusts fewer observations, and counts a quorum twice.
import { byAddress, oldest, type Member, type MemberStatus, type NodeKey } from '@casty/membership'
import { nodesToDown, type Observation, type SbrView } from '@casty/sbr'
import type { Deviation, Parts } from './deviations.ts'
import { numberOf, objectOf, objectsOf, textOf, type Json, type JsonObject } from './json.ts'
import { decisionParts, type Decide } from './suites/sbr-decision.ts'
import { safetyParts } from './suites/sbr-safety.ts'
import type { VectorCase } from './vector-case.ts'

function strategyIn({ data }: VectorCase): JsonObject {
  return objectOf(data['strategy'], 'strategy')
}

const active: readonly MemberStatus[] = ['joining', 'weakly-up', 'up', 'leaving']

/** How many find a node unreachable. */
function against(observations: readonly Observation[], node: NodeKey): number {
  const accusing = observations.filter(({ subject }) => subject === node)
  return new Set(accusing.map(({ observer }) => observer)).size
}

function isAtFault(observations: readonly Observation[], node: NodeKey, other: NodeKey): boolean {
  return against(observations, node) > Math.max(1, against(observations, other))
}

/** The view with only the observations that our rule trusts. */
function trusted(view: SbrView): SbrView {
  const { observations: all, seenBy: seen } = view
  const going = view.members.filter(({ status }) => !active.includes(status)).map(({ key }) => key)
  const living = all.filter((one) => !going.includes(one.observer) && !going.includes(one.subject))
  const accused = living.filter(({ observer }) => seen.has(observer)).map(({ subject }) => subject)
  const fresh = living.filter(({ observer }) => seen.has(observer) || !accused.includes(observer))
  const kept = fresh.filter(({ observer, subject }) => !isAtFault(fresh, observer, subject))
  if (kept.length === all.length) return view
  const unreachable = [...view.unreachable].filter(
    (node) => !seen.has(node) || against(kept, node) > 0 || against(all, node) === 0,
  )
  return trusted({ ...view, observations: kept, unreachable: new Set(unreachable) })
}

/** A strategy at its word: all observations are taken for true, and only the share is looked at. */
const atItsWord: Decide = (strategy, view, share) => {
  const decision = strategy.decide(view)
  const own = view.members.filter(({ dataCenter }) => dataCenter === view.dataCenter)
  const downable = own.filter(
    ({ status }) => status !== 'exiting' && status !== 'down' && status !== 'removed',
  ).length
  const isTooMany =
    share !== 'off' &&
    decision.type === 'down-indirectly-connected' &&
    nodesToDown(view, decision).length >= share * downable
  return { decision: isTooMany ? { type: 'down-all' } : decision, view }
}

/** The members counted on either side, and those of them that may decide by age or address. */
interface Count {
  readonly here: readonly Member[]
  readonly there: readonly Member[]
  readonly deciding: readonly Member[]
}

function count(
  view: SbrView,
  role: Json | undefined,
  here: readonly MemberStatus[],
  there: readonly MemberStatus[],
  deciding?: readonly MemberStatus[],
): Count {
  const own = view.members.filter(
    (member) =>
      member.dataCenter === view.dataCenter && (typeof role !== 'string' || member.hasRole(role)),
  )
  const isAway = (member: Member): boolean => view.unreachable.has(member.key)
  const sides = {
    here: own.filter((member) => !isAway(member) && here.includes(member.status)),
    there: own.filter((member) => isAway(member) && there.includes(member.status)),
  }
  const counted = [...sides.here, ...sides.there]
  return {
    ...sides,
    deciding: deciding ? own.filter(({ status }) => deciding.includes(status)) : counted,
  }
}

/** Whether this side survives by one count. */
function wins(strategy: JsonObject, { here, there, deciding }: Count): boolean {
  const isHere = (member: Member | undefined): boolean => !!member && here.includes(member)
  switch (strategy['name']) {
    case 'static-quorum': {
      const quorum = numberOf(strategy['quorumSize'], 'quorumSize')
      return here.length >= quorum && there.length < quorum
    }
    case 'keep-majority':
      return here.length === there.length
        ? isHere(deciding.toSorted(byAddress)[0])
        : here.length > there.length
    case 'keep-oldest': {
      const withOldest = isHere(oldest(deciding)) ? here : there
      const without = withOldest === here ? there : here
      const isAlone =
        strategy['downIfAlone'] === true && withOldest.length === 1 && without.length > 1
      return deciding.length > 0 && (withOldest === here) !== isAlone
    }
    default:
      return false
  }
}

/** The second count: upstream's, which a quorum has not, and ours. */
type Second = (strategy: JsonObject, view: SbrView) => boolean

const upstreamSecond: Second = (strategy, view) => {
  const { name, role } = strategy
  if (name === 'static-quorum') return true
  if (name === 'keep-majority') return wins(strategy, count(view, role, ['up'], active, ['up']))
  const withJoining = strategy['downIfAlone'] === true ? active.slice(0, 3) : (['up'] as const)
  return wins(strategy, count(view, role, withJoining, withJoining, ['up']))
}

const ourSecond: Second = (strategy, view) =>
  wins(strategy, count(view, strategy['role'], ['up'], active))

/** By a first count and a second; where there are indirect connections, a strategy at its word. */
function countedBy(second: Second, data: JsonObject): Decide {
  const settings = objectOf(data['strategy'], 'strategy')
  return (strategy, view, share) => {
    const decided = atItsWord(strategy, view, share)
    const first = count(view, settings['role'], ['up', 'leaving'], ['up', 'leaving'])
    const isClean = !view.observations.some(({ subject }) => view.seenBy.has(subject))
    const isTooLarge =
      settings['name'] === 'static-quorum' &&
      decided.decision.type === 'down-all' &&
      first.deciding.length >= 2 * numberOf(settings['quorumSize'], 'quorumSize')
    if (!isClean || isTooLarge || !wins(settings, first)) return decided
    return { decision: { type: second(settings, view) ? 'down-unreachable' : 'down-all' }, view }
  }
}

/** The cases in which views are decided on, but those whose expectation is what must not be. */
function isDecided({ suite, kind }: VectorCase): boolean {
  return suite === 'sbr-decision' || (suite === 'sbr-safety' && kind !== 'hole')
}

/** The answers to all views of a case, by a rule. */
function answers({ suite, data }: VectorCase, decide: Decide): Parts {
  return suite === 'sbr-decision' ? decisionParts(data, decide) : safetyParts(data, decide)
}

const countedStrategies: readonly unknown[] = ['static-quorum', 'keep-majority', 'keep-oldest']

export const sbrDeviations: readonly Deviation[] = [
  {
    id: 'half-of-the-members-are-all',
    reason:
      'A decision about indirectly connected members that would down half of all downs all: other nodes may have decided otherwise, on news that reached only them.',
    applies: ({ suite, kind }) => suite === 'sbr-safety' && kind !== 'hole',
    upstream: ({ data }) => safetyParts(data, (strategy, view) => atItsWord(strategy, view, 'off')),
    ours: ({ data }) => safetyParts(data, atItsWord),
  },
  {
    id: 'stale-observations-do-not-count',
    reason:
      'Left out are observations of or by members that are exiting or down, by those who have not seen the state and are unreachable for somebody who has, and by those who are cut off themselves: one crash more would else down everybody.',
    applies: (vector) => isDecided(vector),
    upstream: (vector) => answers(vector, atItsWord),
    ours: (vector) =>
      answers(vector, (strategy, view, share) => atItsWord(strategy, trusted(view), share)),
  },
  {
    id: 'the-second-count-is-against-this-side',
    reason:
      'A side survives only if it does with its leaving members left out and the joining ones of the other side counted and deciding, by a quorum too. A leader, here the oldest and not the lowest address, may have made them up or exiting there, and both sides would survive.',
    applies: (vector) =>
      isDecided(vector) && countedStrategies.includes(strategyIn(vector)['name']),
    upstream: (vector) => answers(vector, countedBy(upstreamSecond, vector.data)),
    ours: (vector) => answers(vector, countedBy(ourSecond, vector.data)),
  },
]

/** A side of a case of `DowningStrategy.decide`: who is up there, and what of them decides. */
function upIn(vector: VectorCase, side: string): readonly JsonObject[] {
  return objectsOf(vector.data[side], side).filter(({ status }) => status === 'up')
}

function decides(vector: VectorCase, strategy: string): boolean {
  return vector.kind === 'DowningStrategy.decide' && strategyIn(vector)['name'] === strategy
}

function first(members: readonly JsonObject[]): string {
  return members.map((member) => textOf(member['node'], 'node')).toSorted()[0] ?? ''
}

function age(members: readonly JsonObject[]): number {
  return Math.min(...members.map((member) => numberOf(member['upNumber'], 'upNumber')))
}

/** Upstream's majority, where it is clear. */
function majority(vector: VectorCase): string | undefined {
  const [here, there] = [upIn(vector, 'reachable').length, upIn(vector, 'unreachable').length]
  if (here === there) return undefined
  return here > there ? 'down-unreachable' : 'down-self'
}

export const downingDeviations: readonly Deviation[] = [
  {
    id: 'a-tie-keeps-the-lowest-address',
    reason:
      'Of two halves the one with the lowest address survives; to down both would cost the whole cluster.',
    applies: (vector) => decides(vector, 'keep-majority') && majority(vector) === undefined,
    upstream: () => ({ answer: 'down-all' }),
    ours: (vector) => {
      const [here, there] = [upIn(vector, 'reachable'), upIn(vector, 'unreachable')]
      const isHere = first([...here, ...there]) === first(here)
      return { answer: isHere ? 'down-unreachable' : 'down-self' }
    },
  },
  {
    id: 'a-lone-oldest-spares-the-others',
    reason:
      'An oldest member that is cut off alone goes down alone, and the others, who know that it does, stay; upstream loses both sides.',
    applies: (vector) =>
      decides(vector, 'keep-oldest') &&
      strategyIn(vector)['downIfAlone'] === true &&
      ['reachable', 'unreachable'].some((side) => upIn(vector, side).length === 1),
    upstream: (vector) => {
      const [here, there] = [upIn(vector, 'reachable'), upIn(vector, 'unreachable')]
      if (age(here) >= age(there)) return { answer: 'down-self' }
      return { answer: here.length === 1 ? 'down-all' : 'down-unreachable' }
    },
    ours: (vector) => {
      const [here, there] = [upIn(vector, 'reachable'), upIn(vector, 'unreachable')]
      const [withIt, without] = age(here) < age(there) ? [here, there] : [there, here]
      const isGivenUp = withIt.length === 1 && without.length > 1
      return { answer: (withIt === here) === isGivenUp ? 'down-self' : 'down-unreachable' }
    },
  },
  {
    id: 'every-side-asks-for-the-lease',
    reason:
      'The lease decides on every side, also where one is a majority: two sides that count differently would else both survive. Who is denied gives up its own side only.',
    applies: (vector) => decides(vector, 'lease-majority'),
    upstream: (vector) => ({
      answer:
        majority(vector) ??
        (strategyIn(vector)['leaseAcquired'] === true ? 'down-unreachable' : 'down-all'),
    }),
    ours: (vector) => ({
      answer: strategyIn(vector)['leaseAcquired'] === true ? 'down-unreachable' : 'down-self',
    }),
  },
]
