// What code says of replication, checked where it is said: without replicas nothing of it reaches the layer below, which
// checks the rest.
import type { ReplicationConfig as EntityReplication } from '@casty/sharding'
import { duration, flag, knownNames, whole } from './option-values.ts'

/** As the layer below takes at most. */
export const maxReplicas = 16
const maxCopyBytes = 2 ** 40

/** How copies of what entities write are kept on other nodes: as of `@casty/sharding`. */
export interface ReplicationConfig extends Partial<EntityReplication> {
  /**
   * How many nodes beside the owner keep copies, up to 16; 0: nothing is kept.
   * @defaultValue as the config file says, or as many as `minAcks` needs; else 0
   */
  readonly replicas?: number
}

const names = [
  'replicas',
  'minAcks',
  'ackTimeoutMs',
  'ownAck',
  'maxCopyBytes',
  'savesWhole',
] as const satisfies (keyof ReplicationConfig)[]

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`: a name misspelt would be events that nobody keeps */
export function checkReplication(config: ReplicationConfig): void {
  const of = 'replication of Behaviors.sharded()'
  knownNames(of, config, names)
  const { replicas, minAcks, ackTimeoutMs, ownAck, maxCopyBytes: copyBytes, savesWhole } = config
  if (replicas !== undefined) whole(`replicas of ${of}`, replicas, 0, maxReplicas)
  if (minAcks !== undefined && minAcks !== 'majority') {
    whole(`minAcks of ${of}`, minAcks, 0, replicas ?? maxReplicas)
  }
  if (ackTimeoutMs !== undefined) duration(`ackTimeoutMs of ${of}`, ackTimeoutMs)
  if (ownAck !== undefined) flag(`ownAck of ${of}`, ownAck)
  if (copyBytes !== undefined) whole(`maxCopyBytes of ${of}`, copyBytes, 1, maxCopyBytes)
  if (savesWhole !== undefined) flag(`savesWhole of ${of}`, savesWhole)
}
