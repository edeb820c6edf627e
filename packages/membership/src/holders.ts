import type { Endpoint, NodeIdentity } from '@casty/transport'

/**
 * Those who showed a forbidden certificate, and show no other now. Whoever was given a new one in time shows it with its
 * next connection, which is made if need be: who was connected by the old one until it was forbidden is no holder of it any more.
 */
export async function holdersOf(
  endpoint: Pick<Endpoint, 'isConnected' | 'connect'>,
  nodes: readonly NodeIdentity[],
): Promise<readonly NodeIdentity[]> {
  const isOther = await Promise.all(nodes.map(async (node) => await showsAnother(endpoint, node)))
  return nodes.filter((_, place) => isOther[place] !== true)
}

async function showsAnother(
  endpoint: Pick<Endpoint, 'isConnected' | 'connect'>,
  node: NodeIdentity,
): Promise<boolean> {
  if (endpoint.isConnected(node, 'control')) return true
  try {
    return (await endpoint.connect(node.address)).equals(node)
  } catch {
    return false // Refused here as forbidden, or not to be reached: it is downed either way.
  }
}
