// What is made of thousands of records. Where a few of them changed it follows from what was made of those
// before; else it is made anew.
import { NodeAddress } from '@casty/transport'
import type { Dot } from './dot.ts'
import { LayeredMap } from './layered-map.ts'
import { byAddress, type Member } from './member.ts'
import type { MemberRecord } from './member-record.ts'
import type { Tombstones } from './tombstones.ts'

type Records = ReadonlyMap<string, MemberRecord>

/** What was made of some records. */
export interface MadeOf<T> {
  readonly records: Records
  readonly made: T
}

/** Every member, by address. */
export function membersOf(records: Records, former?: MadeOf<readonly Member[]>): readonly Member[] {
  const changed = former && LayeredMap.changedBetween(former.records, records)
  const members = changed && [...former.made]
  for (const address of changed ?? []) {
    const member = records.get(address)?.member
    if (!members || !member) return sortedMembers(records)
    place(members, member)
  }
  return members ?? sortedMembers(records)
}

function sortedMembers(records: Records): readonly Member[] {
  return Array.from(records.values(), ({ member }) => member).toSorted(byAddress)
}

/** In place of whoever is held of its address, or where it belongs. */
function place(members: Member[], member: Member): void {
  let [low, high] = [0, members.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = members[middle]
    if (other && NodeAddress.compare(other.address, member.address) < 0) low = middle + 1
    else high = middle
  }
  const isHeld = members[low]?.address.equals(member.address) === true
  members.splice(low, isHeld ? 1 : 0, member)
}

/** Records by who changed them last. */
export type RecordsByAuthor = ReadonlyMap<string, readonly MemberRecord[]>

export function recordsByAuthor(
  records: Records,
  former?: MadeOf<RecordsByAuthor>,
): RecordsByAuthor {
  const changed = former && LayeredMap.changedBetween(former.records, records)
  const found = new Map<string, readonly MemberRecord[]>()
  const listOf = (author: string): readonly MemberRecord[] =>
    found.get(author) ?? (changed && former.made.get(author)) ?? []
  for (const address of changed ?? records.keys()) {
    const [was, is] = [changed && former.records.get(address), records.get(address)]
    if (was === is) continue
    if (was) {
      const left = listOf(was.dot.node).filter((record) => record !== was)
      found.set(was.dot.node, left)
    }
    if (is) found.set(is.dot.node, [...listOf(is.dot.node), is])
  }
  return changed ? LayeredMap.over(former.made, found) : found
}

/**
 * Whether some change was told by a removed node.
 *
 * @param former - records of which none was, by the same tombstones, as neither are those themselves
 */
export function haveOrphans(records: Records, tombstones: Tombstones, former?: Records): boolean {
  if (tombstones.size === 0) return false
  const isOrphan = (change: { readonly dot: Dot } | undefined): boolean =>
    change !== undefined && tombstones.isOrphan(change)
  const changed = former && LayeredMap.changedBetween(former, records)
  if (changed) return [...changed].some((address) => isOrphan(records.get(address)))
  return [...records.values(), ...tombstones.values()].some(isOrphan)
}
