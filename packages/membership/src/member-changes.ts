import { byAddress, type Member } from './member.ts'

/** A member that differs between two lists; undefined where a list has none of its incarnation. */
export type MemberChange = readonly [before: Member | undefined, after: Member | undefined]

/**
 * What differs between two lists of members, both by address, in that order. Of thousands of members a
 * change touches few: those whose instance is the same are passed by.
 */
export function memberChanges(
  before: readonly Member[],
  after: readonly Member[],
): readonly MemberChange[] {
  const changes: MemberChange[] = []
  if (before === after) return changes
  let [left, right] = [0, 0]
  for (;;) {
    const [was, is] = [before[left], after[right]]
    if (was === undefined && is === undefined) return changes
    const order = was === is ? 0 : orderOf(was, is)
    if (order === 0 && was !== is) changes.push([was, is])
    else if (order < 0) changes.push([was, undefined])
    else if (order > 0) changes.push([undefined, is])
    if (order <= 0) left++
    if (order >= 0) right++
  }
}

/** What is missing comes last. */
function orderOf(was: Member | undefined, is: Member | undefined): number {
  if (was === undefined) return 1
  return is === undefined ? -1 : byAddress(was, is)
}
