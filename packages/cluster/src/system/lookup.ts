// Finding actors by their paths, on whatever node.
import type { ActorRef } from '@casty/actor'
import { NodeIdentity, type Cluster, type NodeAddress } from '@casty/membership'
import { knownNames } from '../option-values.ts'
import type { Node } from './node.ts'

/** Where a ref is looked for. */
export interface LookupOptions {
  /** A member: what it is, its address, its `nodeId`, or its address as text. @defaultValue this node */
  readonly node?: NodeIdentity | NodeAddress | string
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function lookUpPath<M>(
  { cluster, system, remoting }: Node,
  path: string,
  options: LookupOptions,
): ActorRef<M> | undefined {
  knownNames('lookup()', options, ['node'])
  const { self } = cluster
  const node = memberOf(cluster, options.node ?? self)
  const from = path.startsWith('/') ? path : `/${path}`
  if (!node?.equals(self)) return node && remoting.ref<M>(node, from)
  // What it takes is for whoever looks it up to say.
  return system.lookup(from) as ActorRef<unknown> | undefined as ActorRef<M> | undefined
}

function memberOf(
  cluster: Cluster,
  node: NodeIdentity | NodeAddress | string,
): NodeIdentity | undefined {
  if (typeof node === 'string') return cluster.resolveNode(node)?.node
  return node instanceof NodeIdentity && node.equals(cluster.self)
    ? node
    : cluster.getState().member(node)?.node
}
