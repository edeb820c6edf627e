import { compareText } from './compare-text.ts'

/** An integer; a bigint only beyond the safe integers, so that equal counts are written alike. */
export type Count = number | bigint

/** One part of what hangs on a dot: a count, a timestamp, a plain value as its text. */
export type Scalar = Count | string

/** What hangs on a dot: nothing in a set, totals in a counter, a value in a register. */
export type Payload = readonly Scalar[]

/** What a dot in a set carries. */
export const nothing: Payload = []

/** The sum, exact however large. */
export function addCounts(left: Count, right: Count): Count {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return sum
  }
  return countOf(BigInt(left) + BigInt(right))
}

/** A bigint in the form in which counts are kept. */
export function countOf(value: bigint): Count {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

/** Total order: by the first part that differs, then the shorter first. Numbers come before texts. */
export function comparePayloads(left: Payload, right: Payload): number {
  for (const [index, mine] of left.entries()) {
    const theirs = right[index]
    if (theirs === undefined) return 1
    const order = compareScalars(mine, theirs)
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareScalars(left: Scalar, right: Scalar): number {
  if (typeof left === 'string') return typeof right === 'string' ? compareText(left, right) : 1
  if (typeof right === 'string') return -1
  return left === right ? 0 : left < right ? -1 : 1
}

/**
 * One event has one payload, so both are the same. Where somebody broke that rule, by changing one state twice
 * with one name, the longer one is kept, or the greater of each part: the same on all sides.
 */
export function joinPayloads(left: Payload, right: Payload): Payload {
  if (left === right || left.length > right.length) return left
  if (left.length < right.length) return right
  const parts = left.map((part, place) => greater(part, right[place] ?? part))
  return parts.every((part, place) => part === left[place]) ? left : parts
}

function greater(left: Scalar, right: Scalar): Scalar {
  return compareScalars(left, right) >= 0 ? left : right
}
