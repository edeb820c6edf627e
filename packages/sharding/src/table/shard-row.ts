import type { NodeIdentity } from '@casty/transport'

/**
 * Where one shard lives. Immutable; `movingTo` is set only where there is an owner, and is another
 * node than that.
 */
export interface ShardRow {
  /** Grows with every new owner; 0 where there never was one. */
  readonly epoch: number
  readonly owner: NodeIdentity | undefined
  /** To whom the owner is handing it over. */
  readonly movingTo: NodeIdentity | undefined
  /**
   * Who keeps copies of what its entities write, other than the owner: first those that are to, as many as the type
   * wants; behind them who kept some before, until the owner has told that nothing is with them alone.
   */
  readonly replicas: readonly NodeIdentity[]
  /**
   * Which copies on disks count: those that come from the owner of this epoch, which began the shard with nothing. 0 where they
   * are in memory only, and where nobody had it yet.
   */
  readonly lineage: number
  /**
   * Whether it is being found out which copies count: the table went back to a census before that lineage, so that others may have
   * what was confirmed. Its owner confirms nothing until then.
   */
  readonly isUndecided: boolean
  /**
   * Whether those that are to keep copies have all that was confirmed, as its owner told: from then on it is enough to hear so many of the row
   * that no confirmed write can be with the others alone.
   */
  readonly isReplicated: boolean
  /**
   * Whether people have said that this lineage counts, or that the shard goes on without what is missing: whatever a table that goes
   * back to an earlier census may bring, it stays so.
   */
  readonly isDecided: boolean
}

/** A shard that nobody ever owned. */
export const unowned: ShardRow = Object.freeze({
  epoch: 0,
  owner: undefined,
  movingTo: undefined,
  replicas: Object.freeze([]),
  lineage: 0,
  isUndecided: false,
  isReplicated: false,
  isDecided: false,
})

/** Whether two rows say the same. */
export function sameRow(left: ShardRow, right: ShardRow): boolean {
  return (
    left === right ||
    (left.epoch === right.epoch &&
      left.lineage === right.lineage &&
      left.isUndecided === right.isUndecided &&
      left.isReplicated === right.isReplicated &&
      left.isDecided === right.isDecided &&
      sameNode(left.owner, right.owner) &&
      sameNode(left.movingTo, right.movingTo) &&
      sameNodes(left.replicas, right.replicas))
  )
}

/** The same nodes in the same order. */
export function sameNodes(left: readonly NodeIdentity[], right: readonly NodeIdentity[]): boolean {
  return left.length === right.length && left.every((node, index) => sameNode(node, right[index]))
}

export function sameNode(left: NodeIdentity | undefined, right: NodeIdentity | undefined): boolean {
  return left === right || (left !== undefined && left.key === right?.key)
}

export function includesNode(nodes: readonly NodeIdentity[], { key }: NodeIdentity): boolean {
  return nodes.some((node) => node.key === key)
}

/** Where a row's shard is, or is about to be. */
export function placeOf({ movingTo, owner }: ShardRow): NodeIdentity | undefined {
  return movingTo ?? owner
}
