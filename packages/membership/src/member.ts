import { NodeIdentity, type Incarnation, type NodeAddress, type NodeKey } from '@casty/transport'
import { compareText } from './compare-text.ts'
import { memberDc } from './data-center.ts'
import { laterStatus, statusRank, type MemberStatus } from './member-status.ts'

declare const nodeIdBrand: unique symbol

/** The name a user gave a node; its address where none was given. */
export type NodeId = string & { readonly [nodeIdBrand]: true }

export interface MemberInit {
  readonly node: NodeIdentity
  /** @defaultValue the address */
  readonly id?: string
  /** @defaultValue 'joining' */
  readonly status?: MemberStatus
  readonly roles?: Iterable<string>
  readonly upNumber?: number
}

/**
 * A node as the membership knows it. Immutable.
 *
 * Invariant: `roles` is sorted and holds no role twice; `upNumber` is set from `up` on (also for a
 * member that was downed later), and missing for one that was never up.
 */
export class Member {
  readonly node: NodeIdentity
  readonly id: NodeId
  readonly status: MemberStatus
  readonly roles: readonly string[]
  /**
   * Order in which members of one data center became up: the lowest is the oldest. Unique among those of
   * a data center that are not down; each counts from 1.
   */
  readonly upNumber: number | undefined
  /** As its roles say. */
  readonly dataCenter: string

  private constructor(
    init: Required<Omit<MemberInit, 'upNumber' | 'id' | 'roles'>>,
    id: NodeId,
    roles: readonly string[],
    upNumber: number | undefined,
  ) {
    this.node = init.node
    this.id = id
    this.status = init.status
    this.roles = roles
    this.upNumber = upNumber
    this.dataCenter = memberDc({ roles })
  }

  static of({ node, id, status = 'joining', roles = [], upNumber }: MemberInit): Member {
    return new Member(
      { node, status },
      toNodeId(id ?? node.address.toString()),
      [...new Set(roles)].toSorted(),
      upNumber,
    )
  }

  get address(): NodeAddress {
    return this.node.address
  }

  get incarnation(): Incarnation {
    return this.node.incarnation
  }

  get key(): NodeKey {
    return this.node.key
  }

  hasRole(role: string): boolean {
    return this.roles.includes(role)
  }

  /** The same instance when nothing changes. */
  withStatus(status: MemberStatus, upNumber: number | undefined = this.upNumber): Member {
    if (status === this.status && upNumber === this.upNumber) return this
    return new Member({ node: this.node, status }, this.id, this.roles, upNumber)
  }

  equals(other: Member): boolean {
    return (
      this === other ||
      (this.node.equals(other.node) &&
        this.status === other.status &&
        this.upNumber === other.upNumber &&
        this.id === other.id &&
        this.roles.length === other.roles.length &&
        this.roles.every((role, index) => role === other.roles[index]))
    )
  }

  toString(): string {
    return `${this.id === this.address.toString() ? '' : `${this.id}=`}${this.node} ${this.status}`
  }
}

/** The one maker of node ids. */
export function toNodeId(text: string): NodeId {
  // A brand over any text: an id is only ever compared.
  return text as NodeId
}

/** Total order by address, then incarnation. */
export function byAddress(left: Member, right: Member): number {
  return NodeIdentity.compare(left.node, right.node)
}

/**
 * Oldest first: by `upNumber`, members without one last, then by address. A total order, also among
 * members of several data centers, although their numbers say nothing of each other's age: each data
 * center counts for itself.
 */
export function byAge(left: Member, right: Member): number {
  const leftAge = left.upNumber ?? Number.MAX_SAFE_INTEGER
  const rightAge = right.upNumber ?? Number.MAX_SAFE_INTEGER
  return leftAge - rightAge || byAddress(left, right)
}

const leaderRank: Readonly<Record<MemberStatus, number>> = {
  up: 0,
  leaving: 0,
  'weakly-up': 1,
  joining: 2,
  exiting: 3,
  down: 4,
  removed: 5,
}

/** Fitness to lead: up and leaving, then weakly up, joining, exiting, down; within each by address. */
export function byLeaderStatus(left: Member, right: Member): number {
  return leaderRank[left.status] - leaderRank[right.status] || byAddress(left, right)
}

/** The member that has been up longest, or undefined where there is none. */
export function oldest(members: Iterable<Member>): Member | undefined {
  let found: Member | undefined
  for (const member of members) if (!found || byAge(member, found) < 0) found = member
  return found
}

/** The member that became up last, or undefined where none ever did. */
export function youngest(members: Iterable<Member>): Member | undefined {
  let found: Member | undefined
  for (const member of members) {
    if (member.upNumber !== undefined && (!found || byAge(member, found) > 0)) found = member
  }
  return found
}

/**
 * Joins what two nodes know of one address. A lattice: commutative, associative, idempotent.
 *
 * The higher incarnation wins; within one incarnation the status further along; with equal status
 * the lower `upNumber`, so that two leaders who numbered a member apart agree on the older age.
 *
 * @returns one of the two arguments, `left` when they are equal
 */
export function mergeMember(left: Member, right: Member): Member {
  return compareKnowledge(left, right) >= 0 ? left : right
}

function compareKnowledge(left: Member, right: Member): number {
  if (left.incarnation !== right.incarnation) return left.incarnation - right.incarnation
  if (left.status !== right.status) {
    return laterStatus(left.status, right.status) === left.status ? 1 : -1
  }
  const leftAge = left.upNumber ?? Number.MAX_SAFE_INTEGER
  const rightAge = right.upNumber ?? Number.MAX_SAFE_INTEGER
  if (leftAge !== rightAge) return rightAge - leftAge
  // One incarnation announces one id and one set of roles. Two claims can only come of a lie or a
  // fault, and even then all nodes must settle on the same one.
  return compareText(right.id, left.id) || compareText(right.roles.join(), left.roles.join())
}

/** Whether a member is up or leaving: those may lead, and must have seen what a leader decides on. */
export function isEstablished({ status }: Member): boolean {
  return status === 'up' || status === 'leaving'
}

/** Whether a member takes part: it is neither exiting, down nor removed. */
export function isActive(member: Member): boolean {
  return statusRank(member.status) < statusRank('exiting')
}
