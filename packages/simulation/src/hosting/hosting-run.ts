// Runs of programs that host shards: what is asked of them, and done with them, in every scenario.
import type { Cluster, ClusterState } from '@casty/membership'
import type { Sharding, ShardExplanation } from '@casty/sharding'
import { leaveAndReturn } from '../membership/leaving.ts'
import type { Run } from '../run/run.ts'

/** A program that hosts shards. */
export interface Hosting {
  readonly cluster: Cluster
  readonly sharding: Sharding
}

/** A shard, in the eyes of one node. */
export interface ShardSeen {
  readonly host: string
  readonly region: Sharding['regions'][number]
  readonly explanation: ShardExplanation
}

export type HostingRun<P extends Hosting> = Run<P, ClusterState>

/** Those who run; a process that stands still does nothing by itself. */
export function withRunning<P extends Hosting>(
  run: HostingRun<P>,
  host: string,
  action: (program: P) => void,
): void {
  const program = run.world.running(host)?.program
  if (program && !run.world.isStopped(host)) action(program)
}

/** Who has the right to give out shards, as it sees it itself. */
export function coordinators<P extends Hosting>(run: HostingRun<P>): readonly string[] {
  return run.world.processes
    .filter(({ program, clock }) => clock.peek(() => program?.sharding.explain().isCoordinator))
    .map(({ host }) => host)
}

/** All shards that nodes know of that give them out, as those explain them. */
export function* shardsAtCoordinators<P extends Hosting>(run: HostingRun<P>): Iterable<ShardSeen> {
  for (const host of coordinators(run)) {
    const program = run.world.running(host)?.program
    if (!program || run.world.isStopped(host)) continue
    for (const region of program.sharding.regions) {
      for (let shard = 0; shard < region.numShards; shard++) {
        yield { host, region, explanation: region.explain(shard) }
      }
    }
  }
}

/**
 * Leaves in good order, and is started again when it is gone, as for a new version.
 *
 * @param leaving - what the program does for it, `cluster.leave()` in the end
 */
export function leaveInOrder<P extends Hosting>(
  run: HostingRun<P>,
  host: string,
  backAfterMs: number,
  leaving: (program: P) => Promise<unknown>,
): void {
  withRunning(run, host, (program) => {
    leaveAndReturn(run, host, program.cluster, backAfterMs, async () => await leaving(program))
  })
}
