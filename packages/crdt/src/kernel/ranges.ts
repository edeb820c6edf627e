/**
 * Counters of one node, as `[from, to, from, to, …]`: inclusive, ascending, and never adjacent, so that
 * equal sets are equal lists.
 */
export type Ranges = readonly number[]

export function rangesCover(ranges: Ranges, counter: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (counter < (ranges[index] ?? 0)) return false
    if (counter <= (ranges[index + 1] ?? 0)) return true
  }
  return false
}

/** The union; the left list itself where the right one adds nothing. */
export function joinRanges(left: Ranges, right: Ranges): Ranges {
  if (isWithin(left, right)) return left
  const joined: number[] = []
  let [atLeft, atRight] = [0, 0]
  while (atLeft < left.length || atRight < right.length) {
    const isLeft = (left[atLeft] ?? Infinity) <= (right[atRight] ?? Infinity)
    const source = isLeft ? left : right
    const at = isLeft ? atLeft : atRight
    append(joined, source[at] ?? 0, source[at + 1] ?? 0)
    if (isLeft) atLeft += 2
    else atRight += 2
  }
  return joined
}

/** Those before `end`. */
export function rangesBelow(ranges: Ranges, end: number): Ranges {
  const below: number[] = []
  for (let index = 0; index < ranges.length; index += 2) {
    const [from = 0, to = 0] = [ranges[index], ranges[index + 1]]
    if (from < end) below.push(from, Math.min(to, end - 1))
  }
  return below
}

/** Adds a range that begins no earlier than the last one. */
function append(ranges: number[], from: number, to: number): void {
  const last = ranges.length - 1
  const end = ranges[last]
  if (end === undefined || from > end + 1) ranges.push(from, to)
  else if (to > end) ranges[last] = to
}

function isWithin(outer: Ranges, inner: Ranges): boolean {
  let at = 0
  for (let index = 0; index < inner.length; index += 2) {
    const [from = 0, to = 0] = [inner[index], inner[index + 1]]
    while (at < outer.length && (outer[at + 1] ?? 0) < from) at += 2
    if (at >= outer.length || from < (outer[at] ?? 0) || to > (outer[at + 1] ?? 0)) return false
  }
  return true
}
