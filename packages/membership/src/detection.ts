import type { Clock, Random } from '@casty/clock'
import type { Endpoint, NodeIdentity, NodeKey } from '@casty/transport'
import type { Timed } from './alarm.ts'
import type { CheckedConfig } from './check-config.ts'
import type { ClusterState } from './cluster-state.ts'
import type { ClusterEvent } from './events.ts'
import type { MembershipInput, MembershipState } from './membership-state.ts'
import type { Messenger } from './messenger.ts'
import type { ClusterConfig } from './options.ts'
import { PeerWatch } from './peer-watch.ts'
import type { WatchOptions, WatchSurroundings } from './watch-surroundings.ts'

/** The parts of a node that its failure detection works with. */
export interface WatchParts {
  readonly clock: Clock
  readonly random: Random
  readonly endpoint: Endpoint
  readonly messenger: Messenger
  dispatch(input: MembershipInput): void
  state(): MembershipState
  publish(event: ClusterEvent): void
}

/** The failure detection of a node, which begins anew with every incarnation of it. */
export class Detection implements Timed {
  readonly #options: WatchOptions
  readonly #parts: WatchParts
  #watch: PeerWatch
  #followed: ClusterState | undefined

  constructor(config: ClusterConfig, { monitoredBy, crossDc }: CheckedConfig, parts: WatchParts) {
    this.#options = {
      monitoredBy,
      crossDc,
      monitor: config.failureDetector ?? {},
      eventLoopDelay: config.eventLoopDelay,
    }
    this.#parts = parts
    this.#watch = this.#begin()
  }

  get watch(): PeerWatch {
    return this.#watch
  }

  /** Watches the members of `cluster`; false where neither they nor their reachability changed. */
  follow(cluster: ClusterState): boolean {
    const isSame =
      this.#followed?.records === cluster.records &&
      this.#followed.reachability === cluster.reachability
    if (isSame) return false
    this.#followed = cluster
    this.#watch.update(cluster)
    return true
  }

  get nextDeadline(): number {
    return this.#watch.nextDeadline
  }

  wake(): void {
    this.#watch.wake()
  }

  /** Forgets what the former incarnation heard. */
  restart(): void {
    this.#watch.stop()
    this.#watch = this.#begin()
  }

  #begin(): PeerWatch {
    return new PeerWatch(this.#parts.endpoint.self, this.#options, surroundingsOf(this.#parts))
  }
}

function surroundingsOf(parts: WatchParts): WatchSurroundings {
  const { clock, random, endpoint, messenger } = parts
  return {
    clock,
    random,
    send: (to, message) => messenger.send(to, message),
    isConnected: (peer) => endpoint.isConnected(peer, 'control'),
    lastHeardAt: (peer) => endpoint.lastHeardAt(peer),
    keepConnected: (peers) => messenger.keepConnected(peers),
    reconnect: (peer) => endpoint.reset(peer),
    observed: (subject, status) => parts.dispatch({ type: 'node-observed', subject, status }),
    linkFault(subject, reachedVia) {
      parts.dispatch({ type: 'link-observed', subject, isBad: reachedVia !== undefined })
      const event = linkEvent(parts.state(), subject, reachedVia)
      if (event) parts.publish(event)
    },
    doubtsChanged: (doubtful) => parts.dispatch({ type: 'doubts-changed', doubtful }),
  }
}

function linkEvent(
  { cluster, self }: MembershipState,
  node: NodeIdentity,
  reachedVia: NodeKey | undefined,
): ClusterEvent | undefined {
  const subject = cluster.member(node)
  if (!subject) return undefined
  const observer = self.key
  return reachedVia === undefined
    ? { type: 'link-restored', observer, subject }
    : { type: 'link-fault', observer, subject, reachedVia }
}
