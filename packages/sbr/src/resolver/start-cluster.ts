import { Cluster, type ClusterConfig } from '@casty/membership'
import { withDowning } from './check-downing.ts'

/**
 * `Cluster.start`, with split-brain resolution on: by `keepMajority()`, unless `downing` says otherwise.
 * To leave downing to people, give it `splitBrainResolver({ strategy: noDowning() })`.
 *
 * Rejects as `Cluster.start` does, and with `CASTY_SBR_INVALID_OPTION` for a `downing` that is none.
 */
export async function startCluster(config: ClusterConfig): Promise<Cluster> {
  return await Cluster.start(withDowning('startCluster()', config))
}
