import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import { digestOf } from './digest.ts'
import { byAddress, type Member } from './member.ts'
import { observersNeeded, unreachableMembers } from './unreachable.ts'

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
    if (now.records !== before.records) return
    this.#members = former.#members
    this.#membersByKey = former.#membersByKey
    this.#membersDigest = former.#membersDigest
    if (now.tombstones === before.tombstones) this.#hasOrphans = former.#hasOrphans
    const isSameView = now.viewer === before.viewer && now.monitoredBy === before.monitoredBy
    if (isSameView && now.reachability === before.reachability)
      this.#unreachable = former.#unreachable
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

  get hasOrphans(): boolean {
    const { records, tombstones } = this.#parts
    this.#hasOrphans ??=
      tombstones.size > 0 &&
      [...records.values(), ...tombstones.values()].some((change) => tombstones.isOrphan(change))
    return this.#hasOrphans
  }

  get versionDigest(): number {
    const { clusterId, version } = this.#parts
    this.#versionDigest ??= digestOf(
      `${clusterId};${[...version.entries()].map(([node, count]) => `${node}:${count}`).join()}`,
    )
    return this.#versionDigest
  }

  get membersDigest(): number {
    this.#membersDigest ??= digestOf(this.members.map((member) => member.key).join())
    return this.#membersDigest
  }

  get seenDigest(): number {
    this.#seenDigest ??= digestOf([...this.#parts.seen].toSorted().join())
    return this.#seenDigest
  }
}
