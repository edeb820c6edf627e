// What a coordinator knows when it decides who gets which shard, beside the table.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ViewMember } from '../core/view.ts'
import type { ReplicatedShardReport, TypeSettings } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import type { Found } from './found.ts'
import type { AllocationStrategy } from './strategy.ts'

/** Of one moment: what it asks for is answered from what was told until then. */
export interface Situation {
  readonly view: readonly ViewMember[]
  /** Types that somebody can run, as they told; the first who told decides. */
  readonly types: ReadonlyMap<string, TypeSettings>
  /** Whether this node can run shards of that type; undefined where it has not told yet. */
  canRun(node: NodeKey, typeName: string): boolean | undefined
  /** Whether all had the time to tell which types they run. */
  isGathered(typeName: string): boolean
  /** When all leases of that node, which gets no more of them, have certainly run out; may be past. */
  leaseEnds(node: NodeKey): number
  /** The epoch at which the owner said that nothing of a moving shard runs there any more. */
  releasedAt(typeName: string, shard: number): number | undefined
  /** An epoch that has written, where the owner's is lower: its number, and the owner's. */
  refused(
    typeName: string,
    shard: number,
  ): { readonly epoch: number; readonly written: number } | undefined
  /** What the owner told of just this row once those that are to keep copies had all. */
  replicated(typeName: string, shard: number, row: ShardRow): ReplicatedShardReport | undefined
  /** Whether the owner of just this row, which confirmed nothing, was told of copies that come from elsewhere. */
  isContested(typeName: string, shard: number, row: ShardRow): boolean
  /** Whether people have just said that this lineage counts, which the shard goes on with. */
  isDecided(typeName: string, shard: number, lineage: number): boolean
  /** Who has copies of a shard that has no owner, or whose owner is gone; undefined while that is being found out. */
  promote(
    type: TypeTable,
    shard: number,
    row: ShardRow,
    hosts: readonly NodeIdentity[],
    isContested: boolean,
  ): Found | undefined
  readonly strategy: AllocationStrategy
  /** At most so many shards of a type move at once for the sake of evenness: a share, and a number. */
  readonly maxMovingShare: number
  readonly maxMoving: number
  /** New shards begin at this epoch, in milliseconds since the Unix epoch: above any of a former cluster. */
  readonly firstEpoch: number
  /** Shards that are kept in copies have at least this one: those before may be below epochs of a former cluster. */
  readonly lowestEpoch: number
  readonly now: number
}
