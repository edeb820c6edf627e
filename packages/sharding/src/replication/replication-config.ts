import { defined } from '@casty/options'
import { maxReplicas } from '../codec-limits.ts'
import { duration, flag, knownNames, whole } from '../option-values.ts'

/** How copies of what entities write are kept on other nodes. */
export interface ReplicationConfig {
  /** How many nodes beside the owner keep copies, 1 to 16. Each costs its memory and one message per write. */
  readonly replicas: number
  /**
   * How many of them must have a write before it is confirmed, up to `replicas`. 0: none, so that a write may be lost with the owner. A confirmed write outlives the loss of
   * so many nodes at once; higher also means that so many must be in reach. `majority`: as many as make a majority of the
   * copies that the shard has now, with the owner's; where a node is alone, that is none. @defaultValue 1
   */
  readonly minAcks?: number | 'majority'
  /**
   * A write that is not confirmed by then fails, in milliseconds; whether it is kept is not known. Above the round trip
   * between nodes, by much. @defaultValue 5_000
   */
  readonly ackTimeoutMs?: number
  /**
   * Whether a write must also be on the disk of the owner before it is confirmed, where the type has a journal. False: it need
   * only be on those of `minAcks` replicas, which answer perhaps sooner than the own disk. @defaultValue true
   */
  readonly ownAck?: boolean
  /**
   * Room for copies on each node, of all shards of the type, in bytes. Its owners leave a sixteenth for what others write, and for what makes room.
   * What arrives of copies counts as well, but for as much as those take in whose place they come. @defaultValue 268_435_456
   */
  readonly maxCopyBytes?: number
  /**
   * Whether entities save all of their state anew now and then, with `freesRoom: 'now'`, before they delete what was there. As much room is left for that as the largest
   * shard takes, and a quarter of that for what is appended with `'later'`: so one that has filled the room can be emptied, and takes four ninths of it at most.
   * @defaultValue false
   */
  readonly savesWhole?: boolean
}

export const replicationDefaults: Required<Omit<ReplicationConfig, 'replicas' | 'minAcks'>> & {
  readonly minAcks: number
} = Object.freeze({
  minAcks: 1,
  ackTimeoutMs: 5_000,
  ownAck: true,
  maxCopyBytes: 268_435_456,
  savesWhole: false,
})

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkReplication(config: ReplicationConfig): Required<ReplicationConfig> {
  knownNames('type.replication', config, ['replicas', ...Object.keys(replicationDefaults)])
  const { minAcks, ackTimeoutMs, ownAck, maxCopyBytes, savesWhole } = {
    ...replicationDefaults,
    ...defined(config),
  }
  const replicas = whole('type.replication.replicas', config.replicas, 1, maxReplicas)
  return {
    replicas,
    minAcks:
      minAcks === 'majority' ? minAcks : whole('type.replication.minAcks', minAcks, 0, replicas),
    ackTimeoutMs: duration('type.replication.ackTimeoutMs', ackTimeoutMs),
    ownAck: flag('type.replication.ownAck', ownAck),
    maxCopyBytes: whole('type.replication.maxCopyBytes', maxCopyBytes, 1, 2 ** 40),
    savesWhole: flag('type.replication.savesWhole', savesWhole),
  }
}

/** How many of the replicas that there are must have a write. */
export function acksOf(minAcks: number | 'majority', replicas: number): number {
  return minAcks === 'majority' ? Math.floor((replicas + 1) / 2) : minAcks
}

/** On how many disks a write is at least when it is confirmed, of a type with a journal on each node. */
export function disksOf({ minAcks, ownAck }: Required<ReplicationConfig>): number {
  // Of a majority, the shard may have had no other copy at the time.
  return Math.max(1, (minAcks === 'majority' ? 0 : minAcks) + (ownAck ? 1 : 0))
}
