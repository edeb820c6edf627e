// Who is counted on which side of a partition, by status, role and data center.
import { isActive, type Member, type MemberStatus } from '@casty/membership'
import type { SbrView } from './view.ts'

/** Which statuses count: on this side, on the other, and of those whose age or address decides. */
export interface Counting {
  readonly here: readonly MemberStatus[]
  readonly there: readonly MemberStatus[]
  readonly deciding: readonly MemberStatus[]
}

/**
 * The ordinary way of counting. Whoever is not up yet may be unknown on the other side, and whoever is
 * exiting or down may be gone there.
 */
export const settled: Counting = {
  here: ['up', 'leaving'],
  there: ['up', 'leaving'],
  deciding: ['up', 'leaving'],
}

/** As few here, and as many there, as one step of a leader unseen by one of the sides allows. */
export const pessimistic: Counting = {
  here: ['up'],
  there: ['joining', 'weakly-up', 'up', 'leaving'],
  deciding: ['up'],
}

/** The members counted of a view, by the side they are on as seen from its `self`. */
export interface Sides {
  readonly here: readonly Member[]
  readonly there: readonly Member[]
  /** Members of either side who may decide by their age or address. */
  readonly deciding: readonly Member[]
  isHere(member: Member): boolean
}

/** All members of the own data center: others are never counted, nor downed. */
export function ownMembers(view: SbrView): readonly Member[] {
  return view.members.filter((member) => member.dataCenter === view.dataCenter)
}

/** Members that a decision may down: of the own data center, and neither exiting nor down. */
export function downableMembers(view: SbrView): readonly Member[] {
  return ownMembers(view).filter(isActive)
}

/**
 * @param role - only members with this role are counted, and decide
 */
export function countSides(view: SbrView, counting: Counting, role: string | undefined): Sides {
  const own = ownMembers(view).filter((member) => role === undefined || member.hasRole(role))
  const isHere = (member: Member): boolean => !view.unreachable.has(member.key)
  return {
    here: own.filter((member) => isHere(member) && counting.here.includes(member.status)),
    there: own.filter((member) => !isHere(member) && counting.there.includes(member.status)),
    deciding: own.filter((member) => counting.deciding.includes(member.status)),
    isHere,
  }
}

/** As in '1 member'. */
export function countText(count: number): string {
  return count === 1 ? '1 member' : `${count} members`
}
