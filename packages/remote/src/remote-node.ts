import type { ActorRef, ActorSystem } from '@casty/actor'
import type { Cluster, NodeIdentity } from '@casty/membership'
import type { ClusterView } from './cluster-view.ts'

/** What finding, broadcasting and publishing need of a node. A `Remoting` is one. */
export interface RemoteNode {
  readonly system: ActorSystem
  readonly cluster: Cluster
  /** A ref as text that means the same on every node. */
  refToText(ref: ActorRef<never>): string
  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  refFromText(text: string): ActorRef<never>
  /** Whoever lives at a path of a node; of this node, or of another. */
  ref<M>(node: NodeIdentity, path: string): ActorRef<M>
}

/** The same of whoever offers nothing itself: a client of the cluster is one too. */
export interface RemoteReader extends Omit<RemoteNode, 'cluster'> {
  readonly cluster: ClusterView
}
