import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import { dataCentersOf, type DataCenter } from './data-centers.ts'
import { digestOf, sumOfDigests, versionDigestOf } from './digest.ts'
import { byAddress, type Member } from './member.ts'
import { Verdicts } from './verdicts.ts'

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
  #dataCenters: ReadonlyMap<string, DataCenter> | undefined
  /** Of a state before, with other records. */
  #formerDataCenters: ReadonlyMap<string, DataCenter> | undefined
  #verdicts: Verdicts | undefined
  #versionDigest: number | undefined
  #seenDigest: number | undefined
  #membersDigest: number | undefined
  #hasOrphans: boolean | undefined
  #seenBits: Uint8Array | undefined
  #converged: Converged | undefined

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
      this.#formerDataCenters = former.#dataCenters ?? former.#formerDataCenters
      return
    }
    this.#formerDataCenters = former.#formerDataCenters
    this.#dataCenters = former.#dataCenters
    this.#members = former.#members
    this.#membersByKey = former.#membersByKey
    this.#membersDigest = former.#membersDigest
    if (now.seen === before.seen) this.#seenBits = former.#seenBits
    if (now.tombstones === before.tombstones) this.#hasOrphans = former.#hasOrphans
    const isSameView =
      now.viewer === before.viewer &&
      now.monitoredBy === before.monitoredBy &&
      now.crossDcConnections === before.crossDcConnections
    if (!isSameView || now.reachability !== before.reachability) return
    this.#verdicts = former.#verdicts
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

  get dataCenters(): ReadonlyMap<string, DataCenter> {
    this.#dataCenters ??= dataCentersOf(this.members, this.membersByKey, this.#formerDataCenters)
    this.#formerDataCenters = undefined
    return this.#dataCenters
  }

  /** They hold until a record or reachability changes. */
  get verdicts(): Verdicts {
    this.#verdicts ??= new Verdicts(this.#parts, this.membersByKey, this.dataCenters)
    return this.#verdicts
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

function bitsOf(members: readonly Member[], seen: ReadonlySet<NodeKey>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(members.length / 8))
  members.forEach(({ key }, place) => {
    if (seen.has(key)) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
  })
  return bits
}
