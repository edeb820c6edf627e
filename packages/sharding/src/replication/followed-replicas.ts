// Replicas of a shard, as its owner follows them. All are asked for what they have; the first of those that stay are to keep
// copies, are sent what they lack, and alone count when something is confirmed. Once these have all, the others are superfluous.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { CopyVersion } from './copy-version.ts'
import type { ReplicatedEntry } from './messages.ts'
import type { ReplicaLink } from './replica-link.ts'
import type { ReplicatedShardPort, ReplicatedShardSettings } from './replicated-shard-port.ts'
import { acksOf } from './replication-config.ts'

export interface FollowedReplica {
  readonly node: NodeIdentity
  readonly link: ReplicaLink
  /** It is to keep copies: others are only asked for what they have, and what they have does not count. */
  readonly isKeeper: boolean
}

/** How one replica stands, as its owner sees it. */
export interface ReplicaStanding {
  readonly node: NodeIdentity
  readonly isKeeper: boolean
  readonly isReachable: boolean
  /** Whether all that it had is here. */
  readonly hasTold: boolean
  /** Ids that it keeps copies of, as far as it told. */
  readonly keeps: number
  /** Whether these are of another lineage than what the owner has: it keeps them, and takes nothing. */
  readonly isOfOtherLineage: boolean
  /** Ids of which it lacks something, as far as is known. */
  readonly lacking: number
}

/** Mutable. Nobody comes to count in the place of another before it was owed what that one had yet to get. */
export class FollowedReplicas {
  readonly #settings: Pick<ReplicatedShardSettings, 'replicas' | 'minAcks'>
  readonly #port: Pick<ReplicatedShardPort, 'isReachable' | 'stays'>
  readonly #linkTo: (node: NodeIdentity) => ReplicaLink
  #followed = new Map<NodeKey, FollowedReplica>()
  /** Those of them that are to keep copies. */
  #keepers: readonly ReplicaLink[] = []
  #row = ''
  /**
   * Of this row, replicas that were told to be superfluous: they never count again. Where the coordinator comes to want one of
   * them after all, since another one leaves, it becomes another row.
   */
  #superfluous: ReadonlySet<NodeKey> = new Set()
  /** Whether it was told that those of this row that are to keep copies have all. */
  #isSaid = false

  /** @param linkTo - makes a link to one that was not followed so far */
  constructor(
    settings: Pick<ReplicatedShardSettings, 'replicas' | 'minAcks'>,
    port: Pick<ReplicatedShardPort, 'isReachable' | 'stays'>,
    linkTo: (node: NodeIdentity) => ReplicaLink,
  ) {
    this.#settings = settings
    this.#port = port
    this.#linkTo = linkTo
  }

  /**
   * Who has copies, or is in reach, or is about to leave, may have changed.
   *
   * @param isSaid - whether it was told that those of the row that are to keep copies have all
   */
  follow(nodes: readonly NodeIdentity[], isSaid: boolean, now: number): void {
    const row = nodes.map(({ key }) => key).join(' ')
    const isSame = row === this.#row
    if (!isSame) this.#superfluous = new Set()
    this.#isSaid = isSaid || (isSame && this.#isSaid)
    this.#row = row
    const before = this.#followed
    this.#followed = new Map()
    let lacking = this.#settings.replicas
    for (const node of nodes) {
      const mayKeep = this.#port.stays(node) && !this.#superfluous.has(node.key)
      const isKeeper = mayKeep && lacking-- > 0
      const link = before.get(node.key)?.link ?? this.#linkTo(node)
      this.#followed.set(node.key, { node, link, isKeeper })
    }
    this.#count([...this.all].filter(({ isKeeper }) => isKeeper).map(({ link }) => link))
    for (const { node, link } of this.all) link.setReachable(this.#port.isReachable(node), now)
  }

  #count(keepers: readonly ReplicaLink[]): void {
    // Whoever counted until now may be the only one with what others have yet to get.
    if (!this.#keepers.every((link) => keepers.includes(link)))
      for (const link of keepers) link.owe()
    this.#keepers = keepers
  }

  /** In the order of the row. */
  get all(): Iterable<FollowedReplica> {
    return this.#followed.values()
  }

  linkOf(node: NodeIdentity): ReplicaLink | undefined {
    return this.#followed.get(node.key)?.link
  }

  /** How many of them must have a write now. */
  get minAcks(): number {
    return acksOf(this.#settings.minAcks, this.#keepers.length)
  }

  /** How many of those that count are in reach, and have told what they had: what is written follows from that. */
  get inReach(): number {
    let count = 0
    for (const link of this.#keepers) if (link.isReachable && link.hasTold) count++
    return count
  }

  /** How many of those that count have no room for a copy of that id. */
  withoutRoomFor(id: string): number {
    let count = 0
    for (const link of this.#keepers) if (link.lacksRoomFor(id)) count++
    return count
  }

  /** How many of those that count have it as far as that. */
  acknowledged(id: string, version: CopyVersion): number {
    let count = 0
    for (const link of this.#keepers) if (link.has(id, version)) count++
    return count
  }

  /** Whether all that any in reach had is here. */
  get isMerged(): boolean {
    return [...this.all].every(({ link }) => link.isMerged)
  }

  /** Whether one of them has what the owner knows nothing of. */
  get isOfOtherLineage(): boolean {
    return [...this.all].some(({ link }) => link.isOfOtherLineage)
  }

  /** Whether those that are to keep copies have all that there was when the row became what it is. */
  get isFilled(): boolean {
    return [...this.all].every(({ link, isKeeper }) => !isKeeper || link.isFilled)
  }

  /** Whether all in reach have all. */
  get isWhole(): boolean {
    return [...this.all].every(({ link, isKeeper }) => (isKeeper ? link.isWhole : link.isMerged))
  }

  /** The owner has applied it. */
  replicate(entry: ReplicatedEntry, now: number): void {
    for (const link of this.#keepers) link.replicate(entry, now)
  }

  /** Sends those that are to keep copies what they lack, and the others nothing. */
  serve(now: number): void {
    const all = [...this.all] // What one of them brings about may end it.
    for (const { link, isKeeper } of all) {
      if (isKeeper) link.serve(now)
      else link.rest()
    }
  }

  /**
   * Where they are filled: whom nothing is needed of. Undefined where nobody need be told.
   *
   * @param isToBeSaid - whether it is to be told that they are, also where nobody is superfluous
   */
  takeSuperfluous(isToBeSaid: boolean): readonly NodeIdentity[] | undefined {
    const told = [...this.all].filter(({ link, isKeeper }) => !isKeeper && link.hasTold)
    const superfluous = told.map(({ node }) => node)
    const isKnown = superfluous.every(({ key }) => this.#superfluous.has(key))
    if (isKnown && (this.#isSaid || !isToBeSaid)) return undefined
    this.#isSaid = true
    this.#superfluous = new Set(superfluous.map(({ key }) => key))
    return superfluous
  }

  standings(): readonly ReplicaStanding[] {
    return Array.from(this.all, ({ node, isKeeper, link }) => ({
      node,
      isKeeper,
      isReachable: link.isReachable,
      hasTold: link.hasTold,
      keeps: link.keeps,
      isOfOtherLineage: link.isOfOtherLineage,
      lacking: link.lacking,
    }))
  }

  nextDeadline(): number {
    let next = Infinity
    for (const { link } of this.all) next = Math.min(next, link.nextDeadline())
    return next
  }

  tick(now: number): void {
    for (const { link } of this.all) link.tick(now)
  }

  /** None is followed any more. */
  clear(): void {
    this.#followed.clear()
    this.#keepers = []
  }
}
