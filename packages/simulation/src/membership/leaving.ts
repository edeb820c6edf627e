// Nodes that leave in good order, and come back, as for a new version.
import type { Cluster } from '@casty/membership'
import type { Run } from '../run/run.ts'

/** Those that were told to, and have not yet. */
const leaving = new WeakSet<Cluster>()

/** Whether it is on its way out, though nobody may have heard of that. */
export function isLeaving(cluster: Cluster): boolean {
  return leaving.has(cluster)
}

/**
 * Has a node leave, where it is up, and starts its host again when it is gone.
 *
 * @param leave - what the program does for it, `cluster.leave()` in the end
 */
export function leaveAndReturn<P, S>(
  run: Run<P, S>,
  host: string,
  cluster: Cluster,
  backAfterMs: number,
  leave: () => Promise<unknown>,
): void {
  if (cluster.selfMember?.status !== 'up') return
  run.note(host, 'workload', 'leave()')
  leaving.add(cluster)
  leave().then(
    () => run.later(backAfterMs, () => run.world.start(host)),
    // It may be downed meanwhile, which is told by its end.
    (error: unknown) => run.note(host, 'log', `leave: ${String(error)}`),
  )
}
