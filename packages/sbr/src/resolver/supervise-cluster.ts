import { ClusterSupervisor, type ClusterConfig, type SupervisorOptions } from '@casty/membership'
import { withDowning } from './check-downing.ts'

/**
 * `ClusterSupervisor.start`, with split-brain resolution on in every life of the node: by
 * `keepMajority()`, unless `downing` says otherwise. A node that its cluster decided against starts anew.
 *
 * Rejects as `ClusterSupervisor.start` does, and with `CASTY_SBR_INVALID_OPTION` for a `downing` that is
 * none.
 */
export async function superviseCluster(
  config: ClusterConfig,
  options?: SupervisorOptions,
): Promise<ClusterSupervisor> {
  return await ClusterSupervisor.start(withDowning('superviseCluster()', config), options)
}
