// Who is out of reach, as the viewer of one state counts, and who keeps a data center in touch with
// the others. Each answer is worked out when it is first asked for.
import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import type { DataCenter } from './data-centers.ts'
import { byAge, type Member } from './member.ts'
import type { Reachability } from './reachability.ts'
import { countVotesAcross } from './unreachable-across.ts'
import {
  accusersBySubject,
  countAccusations,
  countVotes,
  observersNeeded,
  type Accusers,
  type ReachabilityVotes,
} from './unreachable.ts'

interface FormerAccusers {
  readonly accusers: Accusers
  readonly reachability: Reachability
}

type CountedParts = Pick<
  ClusterStateParts,
  'reachability' | 'viewer' | 'monitoredBy' | 'crossDcConnections'
>

/**
 * What follows from members and their observations alone. It holds for every later state until one
 * of them changes.
 */
export class Verdicts {
  /** What else was answered from some point of view, by its name. */
  readonly unreachableFrom: Map<string, ReadonlySet<NodeKey>> = new Map()
  readonly leaders: Map<string, Member | undefined> = new Map()
  readonly neighbours: Map<NodeKey, readonly Member[]> = new Map()
  readonly #parts: CountedParts
  readonly #members: ReadonlyMap<NodeKey, Member>
  readonly #dataCenters: ReadonlyMap<string, DataCenter>
  readonly #within = new Map<string, ReadonlySet<NodeKey>>()
  readonly #across = new Map<string, ReadonlySet<NodeKey>>()
  readonly #envoys = new Map<string, readonly Member[]>()
  readonly #accusers = new Map<string, Accusers>()
  /** Of a state before, with the same members and other observations. */
  #former: Verdicts | undefined
  #unreachable: ReadonlySet<NodeKey> | undefined

  constructor(
    parts: CountedParts,
    members: ReadonlyMap<NodeKey, Member>,
    dataCenters: ReadonlyMap<string, DataCenter>,
    former?: Verdicts,
  ) {
    if (former) {
      this.#former = former.#accusers.size > 0 ? former : former.#former
      former.#former = undefined // Never a chain: asked again, it counts anew.
    }
    this.#parts = parts
    this.#members = members
    this.#dataCenters = dataCenters
  }

  /**
   * Everybody out of reach: of each data center whom it finds so itself, and of others than the
   * viewer's also whom the viewer's cannot reach.
   */
  get unreachable(): ReadonlySet<NodeKey> {
    this.#unreachable ??= this.#findUnreachable()
    return this.#unreachable
  }

  #findUnreachable(): ReadonlySet<NodeKey> {
    const names = [...this.#dataCenters.keys()]
    const [first = ''] = names
    if (names.length <= 1) return this.within(first)
    const own = this.#own
    return own === undefined ? union(names.map((name) => this.within(name))) : this.from(own)
  }

  /** Everybody out of reach, as one data center has it. */
  from(dataCenter: string): ReadonlySet<NodeKey> {
    const others = [...this.#dataCenters.keys()].filter((name) => name !== dataCenter)
    const believed = others.map((name) => this.#believedOf(name))
    return union([this.within(dataCenter), this.across(dataCenter), ...believed])
  }

  /** Whom another data center finds unreachable of its own, as far as that can be believed from here. */
  #believedOf(dataCenter: string): Iterable<NodeKey> {
    const unreachable = this.within(dataCenter)
    if (!this.#isAtOdds(dataCenter)) return unreachable
    const watched = new Set(this.envoys(dataCenter).map(({ key }) => key))
    return [...unreachable].filter((key) => !watched.has(key))
  }

  /**
   * Whether nobody of a data center is in its own reach: of two who were cut apart and accused each
   * other one has died since, and who that was cannot be told from what they said.
   */
  #isAtOdds(dataCenter: string): boolean {
    const unreachable = this.within(dataCenter)
    return this.#present(dataCenter).every(({ key }) => unreachable.has(key))
  }

  #present(dataCenter: string): readonly Member[] {
    const { members = [] } = this.#dataCenters.get(dataCenter) ?? {}
    return members.filter(({ status }) => status !== 'down')
  }

  get #own(): string | undefined {
    const { viewer } = this.#parts
    return viewer === undefined ? undefined : this.#members.get(viewer)?.dataCenter
  }

  /** Members of a data center whom enough of its own members find unreachable. */
  within(dataCenter: string): ReadonlySet<NodeKey> {
    const known = this.#within.get(dataCenter)
    if (known) return known
    const members = this.#dataCenters.get(dataCenter)?.membersByKey ?? new Map<NodeKey, Member>()
    const { reachability, viewer } = this.#parts
    const rules = { members, reachability, needed: this.#needed, self: viewer }
    const votes = countAccusations(this.#accusersIn(dataCenter, members), rules)
    const found = new Set<NodeKey>()
    for (const { subject, unreachable } of votes) if (unreachable) found.add(subject)
    this.#within.set(dataCenter, found)
    return found
  }

  #accusersIn(dataCenter: string, members: ReadonlyMap<NodeKey, Member>): Accusers {
    const { reachability } = this.#parts
    const former = this.#former?.accusersOf(dataCenter)
    const accusers = accusersBySubject(members, reachability, former)
    this.#accusers.set(dataCenter, accusers)
    if (this.#accusers.size === this.#dataCenters.size) this.#former = undefined
    return accusers
  }

  /** What others can go on from, where it was worked out here. */
  accusersOf(dataCenter: string): FormerAccusers | undefined {
    const accusers = this.#accusers.get(dataCenter)
    return accusers && { accusers, reachability: this.#parts.reachability }
  }

  /** Members of other data centers whom enough envoys of this one find unreachable. */
  across(dataCenter: string): ReadonlySet<NodeKey> {
    const known = this.#across.get(dataCenter)
    if (known) return known
    const votes = this.#votesAcross(dataCenter).filter(({ unreachable }) => unreachable)
    const found = new Set(votes.map(({ subject }) => subject))
    this.#across.set(dataCenter, found)
    return found
  }

  /**
   * The members that keep a data center in touch with others, oldest first: its oldest ones that are
   * neither down nor out of its own reach. Those that are not up yet come last, by address. Where one
   * falls out the next one takes over. Where nobody is in its reach, those whom the fewest accuse: so
   * others can find out by themselves who lives.
   */
  envoys(dataCenter: string): readonly Member[] {
    const known = this.#envoys.get(dataCenter)
    if (known) return known
    const present = this.#present(dataCenter)
    const unreachable = this.within(dataCenter)
    const { crossDcConnections } = this.#parts
    const envoys = this.#isAtOdds(dataCenter)
      ? firstOf(present, Math.max(2, crossDcConnections), this.#byAccusers(present))
      : firstOf(
          present.filter(({ key }) => !unreachable.has(key)),
          crossDcConnections,
          byAge,
        )
    this.#envoys.set(dataCenter, envoys)
    return envoys
  }

  /** Whom the fewest of these accuse comes first, then the oldest. A total order. */
  #byAccusers(members: readonly Member[]): (left: Member, right: Member) => number {
    const { reachability } = this.#parts
    const accusers = new Map<string, number>()
    for (const { key } of members) {
      for (const subject of reachability.unreachableFrom(key))
        accusers.set(subject, (accusers.get(subject) ?? 0) + 1)
    }
    const countOf = ({ key }: Member): number => accusers.get(key) ?? 0
    return (left, right) => countOf(left) - countOf(right) || byAge(left, right)
  }

  /** The count behind `unreachable`, for people: on everybody whom anybody finds unreachable. */
  votes(): readonly ReachabilityVotes[] {
    const { reachability, viewer } = this.#parts
    const own = this.#own
    const within = [...this.#dataCenters.values()].flatMap(({ membersByKey }) =>
      countVotes(membersByKey, reachability, this.#needed, viewer),
    )
    return own === undefined || this.#dataCenters.size === 1
      ? within
      : [...within, ...this.#votesAcross(own)]
  }

  #votesAcross(dataCenter: string): readonly ReachabilityVotes[] {
    if (this.#parts.reachability.rows.size === 0) return []
    const isAcross = (key: string): key is NodeKey => {
      const subject = this.#members.get(key as NodeKey) // Looked up: only a member's key passes.
      return subject !== undefined && subject.dataCenter !== dataCenter
    }
    return countVotesAcross(this.envoys(dataCenter), this.#parts.reachability, isAcross)
  }

  readonly #needed = (size: number): number => observersNeeded(size, this.#parts.monitoredBy)
}

function union(sets: Iterable<Iterable<NodeKey>>): ReadonlySet<NodeKey> {
  return new Set([...sets].flatMap((keys) => [...keys]))
}

/** So many of the first, in order. Thousands of members need not be sorted for that. */
function firstOf(
  members: readonly Member[],
  count: number,
  order: (left: Member, right: Member) => number,
): readonly Member[] {
  const found: Member[] = []
  for (const member of members) {
    const later = found.findIndex((other) => order(member, other) < 0)
    found.splice(later < 0 ? found.length : later, 0, member)
    if (found.length > count) found.pop()
  }
  return found
}
