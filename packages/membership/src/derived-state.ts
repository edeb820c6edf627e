import { ringOrder, ringPosition } from '@casty/failure-detector'
import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import { compareText } from './compare-text.ts'
import { digestOf, sumOfDigests, versionDigestOf } from './digest.ts'
import { byAddress, type Member } from './member.ts'
import { observersNeeded, unreachableMembers } from './unreachable.ts'

/** What was answered from each point of view, by its name. */
export interface Recall {
  readonly unreachable: Map<string, ReadonlySet<NodeKey>>
  readonly leaders: Map<string, Member | undefined>
  readonly neighbours: Map<NodeKey, readonly Member[]>
}

/** Whether a view has converged, where nobody waits for those that confirmed to exit. */
export interface Converged {
  readonly view: string
  readonly exitingConfirmed: ReadonlySet<NodeKey> | undefined
  readonly answer: boolean
}

/**
 * What follows from the parts of one state. Each answer is worked out when it is first asked for,
 * and handed on to the next state while the parts that it follows from stay the same.
 */
export class DerivedState {
  readonly #parts: ClusterStateParts
  #members: readonly Member[] | undefined
  #membersByKey: ReadonlyMap<NodeKey, Member> | undefined
  #unreachable: ReadonlySet<NodeKey> | undefined
  #versionDigest: number | undefined
  #seenDigest: number | undefined
  #membersDigest: number | undefined
  #hasOrphans: boolean | undefined
  #seenBits: Uint8Array | undefined
  #recall: Recall | undefined
  #converged: Converged | undefined
  #watchRing: readonly NodeKey[] | undefined
  #shortcutRing: readonly NodeKey[] | undefined
  /** Of a state before, with other records: its rings hold as long as the same nodes are members. */
  #formerRings: DerivedState | undefined

  /** @param former - of the state before: its answers are kept as far as they still hold */
  constructor(parts: ClusterStateParts, former?: DerivedState) {
    this.#parts = parts
    if (former) this.#keep(former)
  }

  #keep(former: DerivedState): void {
    const [now, before] = [this.#parts, former.#parts]
    if (now.seen === before.seen) this.#seenDigest = former.#seenDigest
    if (now.version === before.version && now.clusterId === before.clusterId)
      this.#versionDigest = former.#versionDigest
    if (now.records !== before.records) {
      // Never a chain: of a state that has no rings of its own, those that it was given are kept.
      this.#formerRings = former.#watchRing ? former : former.#formerRings
      return
    }
    this.#formerRings = former.#formerRings
    this.#watchRing = former.#watchRing
    this.#shortcutRing = former.#shortcutRing
    this.#members = former.#members
    this.#membersByKey = former.#membersByKey
    this.#membersDigest = former.#membersDigest
    if (now.seen === before.seen) this.#seenBits = former.#seenBits
    if (now.tombstones === before.tombstones) this.#hasOrphans = former.#hasOrphans
    const isSameView = now.viewer === before.viewer && now.monitoredBy === before.monitoredBy
    if (!isSameView || now.reachability !== before.reachability) return
    this.#unreachable = former.#unreachable
    this.#recall = former.#recall
    if (now.seen === before.seen) this.#converged = former.#converged
  }

  get members(): readonly Member[] {
    const { records } = this.#parts
    this.#members ??= [...records.values()].map((record) => record.member).toSorted(byAddress)
    return this.#members
  }

  get membersByKey(): ReadonlyMap<NodeKey, Member> {
    this.#membersByKey ??= new Map(this.members.map((member) => [member.key, member]))
    return this.#membersByKey
  }

  /** The ring on which members watch those that follow. */
  get watchRing(): readonly NodeKey[] {
    this.#makeRings()
    return this.#watchRing ?? []
  }

  /** A second ring, of an order that has nothing to do with the first. */
  get shortcutRing(): readonly NodeKey[] {
    this.#makeRings()
    return this.#shortcutRing ?? []
  }

  /** Orders thousands of hashes: not for every change of somebody's status. */
  #makeRings(): void {
    if (this.#watchRing && this.#shortcutRing) return
    const former = this.#formerRings
    this.#formerRings = undefined
    if (former && sameNodes(former.members, this.members)) {
      this.#watchRing = former.#watchRing
      this.#shortcutRing = former.#shortcutRing
      return
    }
    const keys = this.members.map(({ key }) => key)
    this.#watchRing = ringOrder(keys)
    this.#shortcutRing = shortcutOrder(keys)
  }

  get unreachable(): ReadonlySet<NodeKey> {
    const { reachability, viewer, monitoredBy } = this.#parts
    this.#unreachable ??= unreachableMembers(
      this.membersByKey,
      reachability,
      (size) => observersNeeded(size, monitoredBy),
      viewer,
    )
    return this.#unreachable
  }

  /** Answers given from some point of view: they hold until a record or reachability changes. */
  get recall(): Recall {
    this.#recall ??= { unreachable: new Map(), leaders: new Map(), neighbours: new Map() }
    return this.#recall
  }

  /** Whether the view has converged, as last asked for. */
  get converged(): Converged | undefined {
    return this.#converged
  }

  set converged(converged: Converged | undefined) {
    this.#converged = converged
  }

  /** A bit for each member that has seen the version, in address order. */
  get seenBits(): Uint8Array {
    this.#seenBits ??= bitsOf(this.members, this.#parts.seen)
    return this.#seenBits
  }

  get hasOrphans(): boolean {
    const { records, tombstones } = this.#parts
    this.#hasOrphans ??=
      tombstones.size > 0 &&
      [...records.values(), ...tombstones.values()].some((change) => tombstones.isOrphan(change))
    return this.#hasOrphans
  }

  get versionDigest(): number {
    const { clusterId, version } = this.#parts
    this.#versionDigest ??= versionDigestOf(clusterId, version)
    return this.#versionDigest
  }

  get membersDigest(): number {
    this.#membersDigest ??= digestOf(this.members.map((member) => member.key).join())
    return this.#membersDigest
  }

  /** The digest of those who saw `former`, and of these, is known without looking at them all. */
  addSeen(former: DerivedState, news: Iterable<NodeKey>): void {
    const digest = former.#seenDigest
    if (digest !== undefined) this.#seenDigest = sumOfDigests(news, digest)
  }

  get seenDigest(): number {
    this.#seenDigest ??= sumOfDigests(this.#parts.seen)
    return this.#seenDigest
  }
}

function sameNodes(left: readonly Member[], right: readonly Member[]): boolean {
  return left.length === right.length && left.every(({ key }, place) => key === right[place]?.key)
}

function shortcutOrder(keys: readonly NodeKey[]): readonly NodeKey[] {
  return keys
    .map((key) => ({ key, position: ringPosition(`shortcut ${key}`) }))
    .toSorted((left, right) => left.position - right.position || compareText(left.key, right.key))
    .map(({ key }) => key)
}

function bitsOf(members: readonly Member[], seen: ReadonlySet<NodeKey>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(members.length / 8))
  members.forEach(({ key }, place) => {
    if (seen.has(key)) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
  })
  return bits
}
