import { Cluster, type ClusterConfig } from '@casty/membership'
import { splitBrainResolver } from './split-brain-resolver.ts'

/**
 * `Cluster.start`, with split-brain resolution on: by `keepMajority()`, unless `downing` says otherwise.
 * To leave downing to people, give it `splitBrainResolver({ strategy: noDowning() })`.
 *
 * Rejects as `Cluster.start` does.
 */
export async function startCluster(config: ClusterConfig): Promise<Cluster> {
  return await Cluster.start({ ...config, downing: config.downing ?? splitBrainResolver() })
}
