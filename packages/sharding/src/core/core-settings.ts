import type { NodeIdentity } from '@casty/transport'
import { leastShards, type AllocationStrategy } from '../coordinator/strategy.ts'

/** Settings of the agreement on who runs which shard. All members must use the same `leaseMs`. */
export interface CoreSettings {
  /** May be another one until it is a member. */
  readonly self: NodeIdentity
  /**
   * How long a promise and a region's lease last, in milliseconds. Lower: the shards of a node that died are
   * served elsewhere sooner. Higher: a node may stand still for longer before its shards pause.
   */
  readonly leaseMs: number
  /**
   * How long members that were downed, and do not know it yet, may go on, in milliseconds: no table is begun
   * anew before. At least what the downing strategy waits for the view to settle, and `leaseMs`.
   */
  readonly downRemovalMarginMs: number
  /** How long nodes have to tell which types they run before shards are given out, in milliseconds. */
  readonly gatherMs: number
  /**
   * How long a shard without an owner waits for nodes with copies of it on their disks, in milliseconds. Then it begins with what there is.
   */
  readonly recoveryTimeoutMs: number
  readonly strategy: AllocationStrategy
  /** How many shards of a type may move at once for evenness: at most this share of them, above 0 and at most 1. */
  readonly maxMovingShare: number
  /** … and at most so many. */
  readonly maxMoving: number
}

/** What holds where nothing else is said. */
export const coreDefaults: Omit<CoreSettings, 'self'> = Object.freeze({
  leaseMs: 2_000,
  downRemovalMarginMs: 10_000,
  gatherMs: 500,
  recoveryTimeoutMs: Number.POSITIVE_INFINITY,
  strategy: leastShards,
  maxMovingShare: 0.1,
  maxMoving: 100,
})

/** Of durations that two clocks measure apart, so much is left when their rates differ by 1 % each. */
export const driftShare = 0.98
