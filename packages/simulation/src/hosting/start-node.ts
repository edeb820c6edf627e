// How the nodes of all scenarios begin that have more on them than a cluster.
import type { FileJournal } from '@casty/journal-file'
import type { Cluster, ClusterState, Logger } from '@casty/membership'
import { keepMajority, splitBrainResolver } from '@casty/sbr'
import { seedsOn, startCluster } from '../membership/production-node.ts'
import type { Run } from '../run/run.ts'
import type { SimulatedProcess, Surroundings } from '../world/simulated-process.ts'
import type { NodeDisks } from './node-disks.ts'

export interface StartedNode<P> {
  readonly cluster: Cluster
  readonly process: SimulatedProcess<P>
  /** The journal of its own, on its disk. */
  readonly disk: FileJournal | undefined
  /** How long the losing side of a split may go on, in milliseconds. */
  readonly marginMs: number
}

/**
 * Starts the node of a process, in a cluster of which the majority goes on.
 *
 * @param disks - undefined where nodes have no journals of their own
 *
 * Rejects where the process was ended meanwhile.
 */
export async function startNode<P>(
  run: Run<P, ClusterState>,
  surroundings: Surroundings,
  {
    stableAfterMs,
    logger,
    disks,
  }: {
    readonly stableAfterMs: number
    readonly logger: Logger
    readonly disks: NodeDisks | undefined
  },
): Promise<StartedNode<P>> {
  const { host, life } = surroundings
  const disk = await disks?.open(surroundings)
  const downing = splitBrainResolver({ strategy: keepMajority(), stableAfterMs })
  const cluster = await startCluster(surroundings, seedsOn(run.world.hosts), { logger, downing })
  const process = run.world.running(host)
  // It was killed while it started, and another one may run there already.
  if (process?.life !== life) throw new Error(`${host} has ended`)
  return { cluster, process, disk, marginMs: downing.downRemovalMarginMs }
}
