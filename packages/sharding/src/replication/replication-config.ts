import { ShardingError } from '../errors.ts'
import { maxReplicas } from '../codec-limits.ts'
import { duration, knownNames, whole } from '../option-values.ts'

/** How copies of what entities write are kept on other nodes. */
export interface ReplicationConfig {
  /** How many nodes beside the owner keep copies, 1 to 16. Each costs its memory and one message per write. */
  readonly replicas: number
  /**
   * How many of them must have a write before it is confirmed, up to `replicas`. 0: none, so that a write may be lost with the owner. A confirmed write outlives the loss of
   * so many nodes at once; higher also means that so many must be in reach. @defaultValue 1
   */
  readonly minAcks?: number
  /**
   * A write that is not confirmed by then fails, in milliseconds; whether it is kept is not known. Above the round trip
   * between nodes, by much. @defaultValue 5_000
   */
  readonly ackTimeoutMs?: number
  /** Room for copies on each node, of all shards of the type, in bytes. @defaultValue 268_435_456 */
  readonly maxCopyBytes?: number
}

export const replicationDefaults: Required<Omit<ReplicationConfig, 'replicas'>> = Object.freeze({
  minAcks: 1,
  ackTimeoutMs: 5_000,
  maxCopyBytes: 268_435_456,
})

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkReplication(
  config: ReplicationConfig,
  hasJournal: boolean,
): Required<ReplicationConfig> {
  knownNames('type.replication', config, ['replicas', ...Object.keys(replicationDefaults)])
  if (hasJournal) {
    const allowed = 'a type without a journal, since copies are kept in memory instead'
    throw ShardingError.invalidOption('type.replication', config, allowed)
  }
  const { minAcks, ackTimeoutMs, maxCopyBytes } = { ...replicationDefaults, ...config }
  const replicas = whole('type.replication.replicas', config.replicas, 1, maxReplicas)
  return {
    replicas,
    minAcks: whole('type.replication.minAcks', minAcks, 0, replicas),
    ackTimeoutMs: duration('type.replication.ackTimeoutMs', ackTimeoutMs),
    maxCopyBytes: whole('type.replication.maxCopyBytes', maxCopyBytes, 1, 2 ** 40),
  }
}
