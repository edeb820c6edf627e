// What code and the config file say of replication, as one.
import { defined } from '@casty/options'
import type { EntityType } from '@casty/sharding'
import type { ReplicationSection } from '../config/replication-section.ts'
import type { ReplicationConfig } from '../replication-config.ts'

type Replication = NonNullable<EntityType<never>['replication']>

/**
 * Code counts, and what it leaves out is as the file says: but a default never makes wrong what code says, so it
 * gives way where both do not go together. A type with a journal of its own keeps its events there, perhaps in one
 * that all nodes share: only code can say that it is each node's own, and is to be replicated.
 */
export function replicationOf(
  inFile: ReplicationSection,
  inCode: ReplicationConfig | undefined,
  hasJournal: boolean,
): Replication | undefined {
  if (hasJournal && inCode?.replicas === undefined) return undefined
  const replicas = inCode?.replicas ?? Math.max(inFile.replicas ?? 0, neededFor(inCode?.minAcks))
  if (replicas === 0) return undefined
  const { minAcks } = inFile
  return {
    ...inFile,
    ...(minAcks !== undefined && { minAcks: Math.min(minAcks, replicas) }),
    ...defined(inCode ?? {}),
    replicas,
  }
}

/** A majority of those that there are is there with none. */
function neededFor(minAcks: ReplicationConfig['minAcks']): number {
  return typeof minAcks === 'number' ? minAcks : 0
}
