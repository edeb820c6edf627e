import type { ActorRef, ActorSystem } from '@casty/actor'
import type { Cluster, NodeIdentity } from '@casty/membership'
import type { RefCodec } from './serializer.ts'

/** What finding, broadcasting and publishing need of a node. A `Remoting` is one. */
export interface RemoteNode {
  readonly system: ActorSystem
  readonly cluster: Cluster
  /** How refs travel as text: works where it arrives. */
  readonly refs: Pick<RefCodec, 'toText' | 'fromText'>
  /** Whoever lives at a path of a node; of this node, or of another. */
  ref<M>(node: NodeIdentity, path: string): ActorRef<M>
}
