import type { ActorSystemOptions } from '@casty/actor'
import type { Cluster } from '@casty/membership'
import type { EventJournal } from '@casty/persistence'
import { Replicator, type KeepingOptions, type ReplicatorOptions } from '@casty/replicator'
import { journalStore } from '@casty/replicator/journal'
import { capable } from '../option-values.ts'

/** Options of `ClusteredActorSystem.replicator`: those of a `Replicator`, and where it keeps values. */
export interface SystemReplicatorOptions
  extends
    Omit<ReplicatorOptions, 'cluster' | 'clients' | 'clock' | 'random'>,
    Pick<KeepingOptions, 'isKept'> {
  /**
   * Where the values of this node outlive it: a journal in files is enough, since each node keeps its own.
   * @defaultValue nowhere: they live as long as one node does
   */
  readonly journal?: EventJournal
  /** Under which id, the same after a restart. @defaultValue `replicator/` and the node's address */
  readonly journalId?: string
}

/** What of a node it needs. */
export interface ReplicatingNode {
  readonly cluster: Cluster
  readonly actors: Pick<ActorSystemOptions, 'clock' | 'random' | 'logger'>
  /** What its clients may do, where it lets any in. */
  readonly clients: ReplicatorOptions['clients']
}

/** Rejects as `Replicator.restore` and the journal do, and with `CASTY_CLUSTER_INVALID_OPTION`. */
export async function startReplicator(
  { cluster, actors: { clock, random, logger }, clients }: ReplicatingNode,
  options: SystemReplicatorOptions,
): Promise<Replicator> {
  const { journal, journalId = `replicator/${cluster.self.address}`, isKept, ...settings } = options
  const all: ReplicatorOptions = {
    onError: (error) =>
      logger?.error({ error }, 'Replicated values: a listener or the journal failed'),
    ...(clock && { clock }),
    ...(random && { random }),
    ...(clients && { clients }),
    ...settings,
    cluster,
  }
  if (journal === undefined) return Replicator.attach(all)
  capable('journal', journal, ['append', 'claim', 'events', 'deleteEvents'], 'an EventJournal')
  const store = journalStore(journal, journalId)
  return await Replicator.restore({ ...all, store, ...(isKept && { isKept }) })
}
