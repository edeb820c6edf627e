import type { Clock, Random } from '@casty/clock'
import type { HeartbeatMonitorOptions } from '@casty/failure-detector'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { CrossDcSettings } from './cross-dc.ts'
import type { ClusterMessage } from './messages.ts'
import type { EventLoopDelay } from './options.ts'
import type { ReachabilityStatus } from './reachability.ts'

/** What the watch needs of the node around it. */
export interface WatchSurroundings {
  readonly clock: Clock
  readonly random: Random
  send(to: NodeIdentity, message: ClusterMessage): void
  /** Whether the control connection to a peer is open. */
  isConnected(peer: NodeIdentity): boolean
  /** When the last bytes of a peer arrived, on the monotonic clock. */
  lastHeardAt(peer: NodeIdentity): number | undefined
  /** Keep a control connection to exactly these. */
  keepConnected(peers: readonly NodeIdentity[]): void
  /** Replace the control connection to a peer that stays silent. */
  reconnect(peer: NodeIdentity): void
  observed(subject: NodeIdentity, status: ReachabilityStatus): void
  linkFault(subject: NodeIdentity, reachedVia: NodeKey | undefined): void
  doubtsChanged(doubtful: boolean): void
}

export interface WatchOptions {
  readonly monitoredBy: number
  /** Of peers in the own data center. */
  readonly monitor: HeartbeatMonitorOptions
  /** Of envoys of other data centers, where this node is one itself. */
  readonly crossDc: CrossDcSettings
  readonly eventLoopDelay: EventLoopDelay | undefined
}
