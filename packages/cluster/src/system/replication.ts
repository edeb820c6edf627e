import type { ReplicationConfig } from '../behaviors.ts'
import { ClusterSystemError } from '../errors.ts'

/** @throws ClusterSystemError `CASTY_CLUSTER_NOT_SUPPORTED`: nobody is to believe that there are copies */
export function checkReplication(name: string, { replicas = 0 }: ReplicationConfig): void {
  if (replicas === 0) return
  throw ClusterSystemError.notSupported(
    `${replicas} replicas were asked for of ${name}, and entities are not copied yet`,
    'Leave replication out, and keep what must outlive a node in a journal that all nodes reach',
  )
}
