/**
 * How far a copy of one id goes: who wrote last, and how many operations there were. Only the owner of an epoch makes
 * versions of it, each from the one before, so equal versions are equal copies.
 */
export interface CopyVersion {
  readonly epoch: number
  readonly count: number
}

/** Of an id that nobody wrote to. */
export const noCopy: CopyVersion = Object.freeze({ epoch: 0, count: 0 })

/** Below zero where `left` goes less far. The epoch decides first: whoever has the higher one knew what there was. */
export function compareCopies(left: CopyVersion, right: CopyVersion): number {
  return left.epoch - right.epoch || left.count - right.count
}
