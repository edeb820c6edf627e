import type { ClusterExplanation } from '@casty/membership'
import type { RemotingExplanation } from '@casty/remote'
import type { ShardingExplanation } from '@casty/sharding'
import type { Node } from './node.ts'

/** What a node knows and does, layer by layer, in one readable object. */
export interface SystemExplanation {
  /** In a few sentences, for people. */
  readonly summary: string
  readonly cluster: ClusterExplanation
  readonly sharding: ShardingExplanation
  readonly remoting: RemotingExplanation
}

/** @param life - a sentence on whether it runs, empty where there is nothing to say */
export function explainNode(node: Node, life: string): SystemExplanation {
  const cluster = node.cluster.explain()
  const sharding = node.sharding.explain()
  const remoting = node.remoting.explain()
  const sentences = [life, cluster.summary, sharding.summary]
  const summary = sentences.filter((sentence) => sentence !== '').join(' ')
  return { summary, cluster, sharding, remoting }
}
