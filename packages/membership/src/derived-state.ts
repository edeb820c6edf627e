import type { NodeKey } from '@casty/transport'
import type { ClusterStateParts } from './cluster-state-parts.ts'
import { dataCentersOf, type DataCenter } from './data-centers.ts'
import { derivedFrom, versionDigestOf } from './digest.ts'
import type { Member } from './member.ts'
import type { MemberRecord } from './member-record.ts'
import { MembersByKey } from './members-by-key.ts'
import {
  haveOrphans,
  membersOf,
  recordsByAuthor,
  type MadeOf,
  type RecordsByAuthor,
} from './record-lists.ts'
import { isOver, NodeOrder, SeenNodes, type NodeSet } from './seen-nodes.ts'
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
  /** Of a state before, with other records. */
  #formerMembers: MadeOf<readonly Member[]> | undefined
  #membersByKey: ReadonlyMap<NodeKey, Member> | undefined
  #dataCenters: ReadonlyMap<string, DataCenter> | undefined
  /** Of a state before, with other records. */
  #formerDataCenters: ReadonlyMap<string, DataCenter> | undefined
  #verdicts: Verdicts | undefined
  /** Of a state before, with the same members and other observations. */
  #formerVerdicts: Verdicts | undefined
  #versionDigest: number | undefined
  #order: NodeOrder | undefined
  /** Of a state before, with other records: it holds as long as the same nodes are members. */
  #formerOrder: NodeOrder | undefined
  #hasOrphans: boolean | undefined
  /** Records of a state before without orphans, by the same tombstones. */
  #orphanless: ReadonlyMap<string, MemberRecord> | undefined
  #roles: readonly string[] | undefined
  #recordsByAuthor: RecordsByAuthor | undefined
  /** Of a state before, with other records. */
  #formerAuthors: MadeOf<RecordsByAuthor> | undefined
  #seen: SeenNodes | undefined
  #converged: Converged | undefined

  /** @param former - of the state before: its answers are kept as far as they still hold */
  constructor(parts: ClusterStateParts, former?: DerivedState) {
    this.#parts = parts
    if (former) this.#keep(former)
  }

  #keep(former: DerivedState): void {
    const [now, before] = [this.#parts, former.#parts]
    if (now.version === before.version && now.clusterId === before.clusterId)
      this.#versionDigest = former.#versionDigest
    derivedFrom(before.version, now.version)
    if (now.tombstones === before.tombstones) {
      this.#orphanless = former.#hasOrphans === false ? before.records : former.#orphanless
    }
    if (now.records !== before.records) {
      this.#formerDataCenters = former.#dataCenters ?? former.#formerDataCenters
      this.#formerOrder = former.#order ?? former.#formerOrder
      this.#formerMembers = former.#members
        ? { records: before.records, made: former.#members }
        : former.#formerMembers
      this.#formerAuthors = former.#recordsByAuthor
        ? { records: before.records, made: former.#recordsByAuthor }
        : former.#formerAuthors
      return
    }
    this.#formerDataCenters = former.#formerDataCenters
    this.#dataCenters = former.#dataCenters
    this.#members = former.#members
    this.#formerMembers = former.#formerMembers
    this.#membersByKey = former.#membersByKey
    this.#roles = former.#roles
    this.#recordsByAuthor = former.#recordsByAuthor
    this.#formerAuthors = former.#formerAuthors
    this.#order = former.#order
    this.#formerOrder = former.#formerOrder
    if (now.seen === before.seen) this.#seen = former.#seen
    if (now.tombstones === before.tombstones) this.#hasOrphans = former.#hasOrphans
    const isSameView =
      now.viewer === before.viewer &&
      now.monitoredBy === before.monitoredBy &&
      now.crossDcConnections === before.crossDcConnections
    if (!isSameView) return
    this.#formerVerdicts = former.#verdicts ?? former.#formerVerdicts
    if (now.reachability !== before.reachability) return
    this.#verdicts = former.#verdicts
    if (now.seen === before.seen) this.#converged = former.#converged
  }

  get members(): readonly Member[] {
    const { records } = this.#parts
    this.#members ??= membersOf(records, this.#formerMembers)
    this.#formerMembers = undefined
    return this.#members
  }

  get membersByKey(): ReadonlyMap<NodeKey, Member> {
    this.#membersByKey ??= new MembersByKey(this.members, this.order)
    return this.#membersByKey
  }

  get dataCenters(): ReadonlyMap<string, DataCenter> {
    this.#dataCenters ??= dataCentersOf(this.members, this.membersByKey, this.#formerDataCenters)
    this.#formerDataCenters = undefined
    return this.#dataCenters
  }

  /** They hold until a record or reachability changes. */
  get verdicts(): Verdicts {
    this.#verdicts ??= new Verdicts(
      this.#parts,
      this.membersByKey,
      this.dataCenters,
      this.#formerVerdicts,
    )
    this.#formerVerdicts = undefined
    return this.#verdicts
  }

  /** Whether the view has converged, as last asked for. */
  get converged(): Converged | undefined {
    return this.#converged
  }

  set converged(converged: Converged | undefined) {
    this.#converged = converged
  }

  /** The members in address order: what bits stand for. */
  get order(): NodeOrder {
    this.#order ??= orderOf(this.members, this.#formerOrder)
    this.#formerOrder = undefined
    return this.#order
  }

  /** Who has seen the version, as bits over `order`. */
  get seen(): SeenNodes {
    this.#seen ??= this.#asBits(this.#parts.seen)
    return this.#seen
  }

  #asBits(seen: NodeSet): SeenNodes {
    return isOver(seen, this.order) ? seen : SeenNodes.of(this.order, seen)
  }

  /** Every role that some member has, sorted. */
  get roles(): readonly string[] {
    this.#roles ??= [...new Set(this.members.flatMap(({ roles }) => roles))].toSorted()
    return this.#roles
  }

  /** Records by who changed them last. */
  get recordsByAuthor(): RecordsByAuthor {
    this.#recordsByAuthor ??= recordsByAuthor(this.#parts.records, this.#formerAuthors)
    this.#formerAuthors = undefined
    return this.#recordsByAuthor
  }

  get hasOrphans(): boolean {
    const { records, tombstones } = this.#parts
    this.#hasOrphans ??= haveOrphans(records, tombstones, this.#orphanless)
    this.#orphanless = undefined
    return this.#hasOrphans
  }

  get versionDigest(): number {
    const { clusterId, version } = this.#parts
    this.#versionDigest ??= versionDigestOf(clusterId, version)
    return this.#versionDigest
  }

  get membersDigest(): number {
    return this.order.digest
  }
}

/** The former one where the same nodes are members: their digest and places are known. */
function orderOf(members: readonly Member[], former: NodeOrder | undefined): NodeOrder {
  const isSame =
    former?.keys.length === members.length &&
    members.every(({ key }, place) => key === former.keys[place])
  return isSame ? former : new NodeOrder(members.map(({ key }) => key))
}
