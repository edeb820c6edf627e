import type { AskSlots } from './ask-slots.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Exports } from './exports.ts'
import type { Peers } from './peers.ts'
import type { Traffic } from './traffic.ts'
import type { RemoteWatchMetrics } from './watch/remote-watch.ts'

/** Counts since the layer was attached, and what it holds now. */
export interface RemotingMetrics extends Readonly<Traffic> {
  /** Questions to other nodes that wait for answers. */
  readonly pendingAsks: number
  /** Refs known to other nodes that are no actors in the tree. */
  readonly exports: number
  readonly peers: number
  readonly watch: RemoteWatchMetrics
}

/** What there is with one other node. */
export interface PeerExplanation {
  readonly node: string
  readonly isGone: boolean
  readonly isConnected: boolean
  /**
   * Messages, answers, and words that there will be none, each counted, however many of them share a frame; and messages that
   * other layers sent in frames of their own.
   */
  readonly partsSent: number
  /** The same, of what came, without that of other layers. */
  readonly partsReceived: number
  /** The same, of what did not come. */
  readonly missed: number
  readonly pendingAsks: number
  /** Actors there that messages name by number. */
  readonly recipients: number
  /** Actors here that its messages name by number. */
  readonly known: number
  /** Classes that messages to it name by number. */
  readonly classes: number
}

export interface RemotingExplanation {
  /** In a sentence. */
  readonly summary: string
  readonly self: string
  readonly serializer: string
  readonly peers: readonly PeerExplanation[]
}

export function metricsOf(
  traffic: Traffic,
  peers: Peers,
  slots: AskSlots,
  exports: Exports,
): Omit<RemotingMetrics, 'watch'> {
  return {
    ...traffic,
    pendingAsks: slots.size,
    exports: exports.size,
    peers: peers.all.length,
  }
}

export function explain(
  cluster: ClusterView,
  serializer: string,
  peers: Peers,
): RemotingExplanation {
  const self = cluster.self.key
  const reports = peers.all.map((peer) => ({
    node: peer.node.key,
    isGone: peer.isGone,
    isConnected: cluster.endpoint.isConnected(peer.node, 'data'),
    partsSent: peer.partsSent,
    partsReceived: peer.partsReceived,
    missed: peer.missed,
    pendingAsks: peer.pendingAsks,
    recipients: peer.recipients,
    known: peer.known.size,
    classes: peer.classes.size,
  }))
  const waiting = reports.filter(({ pendingAsks }) => pendingAsks > 0)
  const asks = waiting.map(({ node, pendingAsks }) => `${pendingAsks} of ${node}`)
  const others = `${reports.length} other ${reports.length === 1 ? 'node' : 'nodes'}`
  const summary =
    asks.length === 0
      ? `${self} has to do with ${others}, and waits for no answer.`
      : `${self} has to do with ${others}, and waits for answers: ${asks.join(', ')}.`
  return { summary, self, serializer, peers: reports }
}
