// Everybody is gone at once while an entity with copies on disks is written to, and some disks do not come back.
import { nodeDiskFaults, oneDiskAhead, type NodeDiskParts } from '../hosting/node-disk-faults.ts'
import type { ShardingHost } from './host.ts'
import { writeFromAll } from './lost-copies.ts'
import { lostHolders } from './lost-holders.ts'
import { recordOf } from './record.ts'
import { disksOf } from './settings.ts'
import type { ShardingAction } from './sharding-run.ts'
import { entityOf } from './workload.ts'

const parts: NodeDiskParts<ShardingHost> = {
  disksOf: (run) => recordOf(run).disks,
  copies: disksOf,
  write: (run, draw, forMs) => writeFromAll(run, entityOf(run, draw), forMs),
  reach: (run, state) => recordOf(run).reach(state),
}

export const shardingDiskFaults: readonly ShardingAction[] = [
  ...nodeDiskFaults(parts),
  lostHolders(parts),
]

/** Drawn from a stream of their own. */
export const shardingDiskAdditions: readonly ShardingAction[] = [oneDiskAhead(parts)]
