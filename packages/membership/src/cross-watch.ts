// How an envoy watches the envoys of other data centers.
import { DeadlineDetector, HeartbeatMonitor } from '@casty/failure-detector'
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { counterparts, envoysOf } from './envoys.ts'
import type { WatchOptions } from './watch-surroundings.ts'

/**
 * A monitor of members of other data centers. It goes by a deadline and learns nothing of the past: over
 * long lines a change of delay tells of the line and not of the peer, and heartbeats are too few to tell
 * the one from the other. So silence is forgiven for as long as the settings say, always.
 */
export function acrossMonitor({ monitor, crossDc }: WatchOptions): HeartbeatMonitor<NodeKey> {
  const { heartbeatIntervalMs, acceptablePauseMs } = crossDc
  const { probeCount, probeTimeoutMs } = monitor
  return new HeartbeatMonitor({
    heartbeatIntervalMs,
    acceptablePauseMs,
    createDetector: () => new DeadlineDetector({ heartbeatIntervalMs, acceptablePauseMs }),
    ...(probeCount !== undefined && { probeCount }),
    ...(probeTimeoutMs !== undefined && { probeTimeoutMs }),
  })
}

/**
 * Whom `self` watches in other data centers, which is nobody unless it is an envoy of its own; and who
 * can be asked whether they reach a silent one: its fellow envoys, who have a connection to it as well.
 */
export function watchedAcross(
  cluster: ClusterState,
  self: NodeKey,
): { readonly watched: readonly NodeKey[]; readonly helpers: readonly NodeKey[] } {
  const watched = [...counterparts(cluster, self).values()].flat().map(({ key }) => key)
  const own = cluster.membersByKey.get(self)?.dataCenter
  if (watched.length === 0 || own === undefined) return { watched: [], helpers: [] }
  const fellows = envoysOf(cluster, own).filter(({ key }) => key !== self)
  return { watched, helpers: fellows.map(({ key }) => key) }
}
