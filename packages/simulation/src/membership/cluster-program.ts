import type { Cluster, ClusterConfig } from '@casty/membership'
import type { Program } from '../world/simulated-process.ts'
import { closed, loggerOf, startCluster } from './production-node.ts'

/** A program that is a node of a cluster, with production code throughout. */
export function clusterProgram(
  seedNodes: () => readonly string[],
  config: Partial<ClusterConfig> = {},
): Program<Cluster> {
  return async (surroundings) => {
    const logger = loggerOf(surroundings)
    const cluster = await startCluster(surroundings, seedNodes(), { logger, ...config })
    cluster.subscribe((event) => {
      if (event.type !== 'cluster-shutting-down') return
      void closed(cluster).then(() => surroundings.exit(event.reason))
    })
    return cluster
  }
}
