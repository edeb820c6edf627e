import type { NodeIdentity, NodeKey } from '@casty/transport'
import { mergeMember, type Member } from './member.ts'

/**
 * One change by one node: the `counter`-th that `node` made. A peer whose version covers the dot has
 * the change, so an exchange carries only what is not covered.
 *
 * @see Preguiça et al., "Dotted Version Vectors", 2010 (the term; here a plain event name)
 */
export interface Dot {
  readonly node: NodeKey
  readonly counter: number
}

/** A member with the dot of the change that last touched it. */
export interface MemberRecord {
  readonly member: Member
  readonly dot: Dot
}

/**
 * All incarnations of an address up to this one are removed for good: none of them is ever taken in
 * again, and what they counted in version clocks is forgotten.
 */
export interface Tombstone {
  /** The latest incarnation that was removed. */
  readonly node: NodeIdentity
  /**
   * When the remover's wall clock said that it was removed, in milliseconds since the epoch. For
   * people: no node counts the age of a tombstone by it.
   */
  readonly removedAtMs: number
  /** It was let go in good order, rather than downed or replaced by a later incarnation. */
  readonly left: boolean
  readonly dot: Dot
}

/**
 * The lattice of member records. With equal knowledge the dot of a living node is kept, else the
 * greater one, so that everybody ends with the same.
 */
export function mergeRecord(
  left: MemberRecord,
  right: MemberRecord,
  isBuried: (node: NodeKey) => boolean,
): MemberRecord {
  if (left === right) return left
  if (!left.member.equals(right.member)) {
    return mergeMember(left.member, right.member) === left.member ? left : right
  }
  return laterDot(left.dot, right.dot, isBuried) === left.dot ? left : right
}

/** The later burial of one address; of equal ones the dot is chosen as for records. */
export function mergeTombstone(
  left: Tombstone,
  right: Tombstone,
  isBuried: (node: NodeKey) => boolean,
): Tombstone {
  if (left === right) return left
  if (left.node.incarnation !== right.node.incarnation) {
    return left.node.incarnation > right.node.incarnation ? left : right
  }
  if (left.removedAtMs !== right.removedAtMs)
    return left.removedAtMs > right.removedAtMs ? left : right
  if (left.left !== right.left) return left.left ? right : left
  return laterDot(left.dot, right.dot, isBuried) === left.dot ? left : right
}

function laterDot(left: Dot, right: Dot, isBuried: (node: NodeKey) => boolean): Dot {
  const leftBuried = isBuried(left.node)
  if (leftBuried !== isBuried(right.node)) return leftBuried ? right : left
  if (left.node !== right.node) return left.node > right.node ? left : right
  return left.counter >= right.counter ? left : right
}
