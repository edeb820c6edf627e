/**
 * Names one content of the shard table: the `seq`-th change of a coordinator's `term`. A term is one
 * coordinator's alone, so equal versions are equal tables.
 */
export interface Version {
  readonly term: number
  /** Counts from 1 in each term. */
  readonly seq: number
}

/** Of the table before the first change. */
export const noVersion: Version = Object.freeze({ term: 0, seq: 0 })

/** Total order: by term, then by seq. Negative where `left` is the older. */
export function compareVersions(left: Version, right: Version): number {
  return left.term - right.term || left.seq - right.seq
}

export function sameVersion(left: Version, right: Version): boolean {
  return left.term === right.term && left.seq === right.seq
}

export function laterVersion(left: Version, right: Version): Version {
  return compareVersions(left, right) >= 0 ? left : right
}
