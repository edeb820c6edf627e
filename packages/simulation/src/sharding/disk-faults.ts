// Everybody is gone at once while an entity with copies on disks is written to, and some disks do not come back.
import { nodeDiskFaults } from '../hosting/node-disk-faults.ts'
import type { ShardingHost } from './host.ts'
import { writeFromAll } from './lost-copies.ts'
import { recordOf } from './record.ts'
import { copiesOf } from './settings.ts'
import type { ShardingAction } from './sharding-run.ts'
import { entityOf } from './workload.ts'

export const shardingDiskFaults: readonly ShardingAction[] = nodeDiskFaults<ShardingHost>({
  disksOf: (run) => recordOf(run).disks,
  copies: (run) => {
    const { minAcks, ownAck } = copiesOf(run)
    return minAcks + (ownAck ? 1 : 0)
  },
  write: (run, draw, forMs) => writeFromAll(run, entityOf(run, draw), forMs),
  reach: (run, state) => recordOf(run).reach(state),
})
