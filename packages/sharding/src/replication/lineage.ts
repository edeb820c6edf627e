/**
 * Where the copies of a shard come from: the owner that began it with nothing. Copies of one lineage follow one from another, so
 * the one that goes further replaces the others; of two lineages neither knows what was confirmed in the other.
 */
export interface Lineage {
  /** The epoch of that owner; 0 of copies that were written before lineages were. */
  readonly bornIn: number
  /** Whether something may have been confirmed in it. */
  readonly isConfirmed: boolean
}

/** Of copies on disks that say nothing of it. */
export const beforeLineages: Lineage = Object.freeze({ bornIn: 0, isConfirmed: true })

export function sameLineage(left: Lineage | undefined, right: Lineage | undefined): boolean {
  return left?.bornIn === right?.bornIn && left?.isConfirmed === right?.isConfirmed
}
