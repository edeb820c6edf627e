import type { NodeIdentity } from '@casty/transport'
import type { ShardTable } from '../table/shard-table.ts'
import type { CoreEffect, CoreEvent, Moment } from './core-events.ts'

/**
 * All that one node contributes to the agreement on who runs which shard: it promises terms as every member
 * does, keeps the table, holds the lease of its region, and is the coordinator when it is its turn. No
 * timers, no network: events go in, effects come out, in order.
 *
 * A shard may run here exactly while `mayRun(now)` and the committed table names this node as its owner.
 * The first must be asked whenever a message is handled, by the same clock as the events.
 */
export interface ShardingCore {
  readonly self: NodeIdentity
  /** What has taken effect here. */
  readonly committed: ShardTable
  /** Until when the region has its lease; -Infinity where it has none, or its table is not as far as that asks for. */
  readonly leaseUntil: number
  /** Whether nothing here would be missed: no shard, no vote. For nodes on their way out. */
  readonly mayExit: boolean
  /** When `deadline-reached` is due. */
  nextDeadline(): number
  step(event: CoreEvent, moment: Moment): readonly CoreEffect[]
}
