// Who is out of reach, as the viewer of one state counts, and who keeps a data center in touch with
// the others. Each answer is worked out when it is first asked for.
import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import type { DataCenter } from './data-centers.ts'
import { byAge, type Member } from './member.ts'
import { countVotesAcross } from './unreachable-across.ts'
import {
  countVotes,
  observersNeeded,
  unreachableMembers,
  type ReachabilityVotes,
} from './unreachable.ts'

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
  #unreachable: ReadonlySet<NodeKey> | undefined

  constructor(
    parts: CountedParts,
    members: ReadonlyMap<NodeKey, Member>,
    dataCenters: ReadonlyMap<string, DataCenter>,
  ) {
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
    const { viewer } = this.#parts
    const own = viewer === undefined ? undefined : this.#members.get(viewer)?.dataCenter
    const all = names.map((name) => this.within(name))
    if (own !== undefined) all.push(this.across(own))
    return new Set(all.flatMap((keys) => [...keys]))
  }

  /** Members of a data center whom enough of its own members find unreachable. */
  within(dataCenter: string): ReadonlySet<NodeKey> {
    const known = this.#within.get(dataCenter)
    if (known) return known
    const members = this.#dataCenters.get(dataCenter)?.membersByKey ?? new Map<NodeKey, Member>()
    const { reachability, viewer } = this.#parts
    const found = unreachableMembers(members, reachability, this.#needed, viewer)
    this.#within.set(dataCenter, found)
    return found
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
   * falls out the next one takes over.
   */
  envoys(dataCenter: string): readonly Member[] {
    const known = this.#envoys.get(dataCenter)
    if (known) return known
    const unreachable = this.within(dataCenter)
    const fit = (this.#dataCenters.get(dataCenter)?.members ?? []).filter(
      ({ key, status }) => status !== 'down' && !unreachable.has(key),
    )
    const envoys = oldestOf(fit, this.#parts.crossDcConnections)
    this.#envoys.set(dataCenter, envoys)
    return envoys
  }

  /** The count behind `unreachable`, for people: on everybody whom anybody finds unreachable. */
  votes(): readonly ReachabilityVotes[] {
    const { reachability, viewer } = this.#parts
    const own = viewer === undefined ? undefined : this.#members.get(viewer)?.dataCenter
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

/** So many of the oldest, oldest first. Thousands of members need not be sorted for that. */
function oldestOf(members: readonly Member[], count: number): readonly Member[] {
  const found: Member[] = []
  for (const member of members) {
    const younger = found.findIndex((other) => byAge(member, other) < 0)
    found.splice(younger < 0 ? found.length : younger, 0, member)
    if (found.length > count) found.pop()
  }
  return found
}
