// The orders in which the members of a data center stand on rings. Whoever comes or goes takes a place on
// a ring or leaves one; thousands of hashes are not made and sorted again for it.
import { ringPosition } from '@casty/failure-detector'
import type { NodeKey } from '@casty/transport'
import { compareText } from './compare-text.ts'
import type { Member } from './member.ts'
import { memberChanges } from './member-changes.ts'

/** Where a node stands on a ring, as a number; nodes of one position stand in the order of their keys. */
export type Position = (key: NodeKey) => number

/** On this ring members watch each other: that of `ringOrder`. */
export const watchPosition: Position = ringPosition

/** This ring has nothing to do with the first: over it news takes shortcuts. */
export const shortcutPosition: Position = (key) => ringPosition(`shortcut ${key}`)

/** A ring, and the members that stand on it. */
export interface FormerRing {
  readonly ring: readonly NodeKey[]
  readonly members: readonly Member[]
}

/**
 * The ring of `members`, by address.
 *
 * @param former - the same ring of other members
 */
export function ringOf(
  members: readonly Member[],
  position: Position,
  former?: FormerRing,
): readonly NodeKey[] {
  if (!former) return sorted(members, position)
  const changes = memberChanges(former.members, members)
  const gone = new Set(changes.flatMap(([was, is]) => (was && !is ? [was.key] : [])))
  const added = changes.flatMap(([was, is]) => (is && !was ? [is.key] : []))
  if (gone.size + added.length === 0) return former.ring
  if (added.length > mostInserted) return sorted(members, position)
  const ring = gone.size === 0 ? [...former.ring] : former.ring.filter((key) => !gone.has(key))
  for (const key of added) ring.splice(placeFor(key, ring, position), 0, key)
  return ring
}

/** Where more come at once, all are sorted anew. */
const mostInserted = 64

function sorted(members: readonly Member[], position: Position): readonly NodeKey[] {
  return members
    .map(({ key }) => ({ key, position: position(key) }))
    .toSorted((left, right) => left.position - right.position || compareText(left.key, right.key))
    .map(({ key }) => key)
}

/** By bisection: some of the positions are enough. */
function placeFor(key: NodeKey, ring: readonly NodeKey[], position: Position): number {
  const own = position(key)
  let [low, high] = [0, ring.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = ring[middle] ?? key
    if ((position(other) - own || compareText(other, key)) < 0) low = middle + 1
    else high = middle
  }
  return low
}
