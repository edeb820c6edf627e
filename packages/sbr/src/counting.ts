// Who is counted on which side of a partition, by status, role and data center.
import { isActive, type Member, type MemberStatus } from '@casty/membership'
import type { SbrView } from './view.ts'

/** Which statuses count on this side, and which on the other. */
export interface Counting {
  readonly here: readonly MemberStatus[]
  readonly there: readonly MemberStatus[]
}

/**
 * The ordinary way of counting. Whoever is not up yet may be unknown on the other side, and whoever is
 * exiting or down may be gone there.
 */
export const settled: Counting = { here: ['up', 'leaving'], there: ['up', 'leaving'] }

/** As few here and as many there as the other side, which may know more or less, can count. */
export const pessimistic: Counting = {
  here: ['up'],
  there: ['joining', 'weakly-up', 'up', 'leaving'],
}

/** The members counted of a view, by the side they are on as seen from its `self`. */
export interface Sides {
  readonly here: readonly Member[]
  readonly there: readonly Member[]
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
 * @param role - only members with this role are counted
 */
export function countSides(view: SbrView, counting: Counting, role: string | undefined): Sides {
  const own = ownMembers(view).filter((member) => role === undefined || member.hasRole(role))
  return {
    here: own.filter(
      ({ key, status }) => !view.unreachable.has(key) && counting.here.includes(status),
    ),
    there: own.filter(
      ({ key, status }) => view.unreachable.has(key) && counting.there.includes(status),
    ),
  }
}

/** As in '1 member'. */
export function countText(count: number): string {
  return count === 1 ? '1 member' : `${count} members`
}

/** As in 'this side counts 3 members and the other side 2'. */
export function countsText({ here, there }: Sides): string {
  return `this side counts ${countText(here.length)} and the other side ${there.length}`
}
