import type { NodeIdentity, NodeKey } from '@casty/transport'
import { laterDot, type Dot } from './dot.ts'
import { mergeMember, type Member } from './member.ts'

/** A member with the dot of the change that last touched it. */
export interface MemberRecord {
  readonly member: Member
  readonly dot: Dot
}

/** The lattice of member records. With equal knowledge `laterDot` chooses. */
export function mergeRecord(
  left: MemberRecord,
  right: MemberRecord,
  isRemoved: (node: NodeKey) => boolean,
): MemberRecord {
  if (left === right) return left
  if (!left.member.equals(right.member)) {
    return mergeMember(left.member, right.member) === left.member ? left : right
  }
  return laterDot(left.dot, right.dot, isRemoved) === left.dot ? left : right
}

/** Whose change is the last that is known over a node. */
export function authorOf(
  records: { get(address: string): { readonly dot: Dot } | undefined },
  node: NodeIdentity,
): NodeKey | undefined {
  return records.get(node.address.toString())?.dot.node
}
