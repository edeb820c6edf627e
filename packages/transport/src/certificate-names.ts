// Whom a certificate is made out to: the rule that takes the place of comparing host names, on both
// sides of a connection.
import type { NodeAddress } from './node-address.ts'

/**
 * The names of which a certificate has to bear one, so that the node at `address` may show it: its
 * place in the cluster with or without the port, or its host.
 *
 * @returns as in `ChannelProof.names`, the narrowest first
 * @example certificateNames('shop', NodeAddress.parse('a.example:2551'))
 * // => ['URI:casty://shop/a.example:2551', 'URI:casty://shop/a.example', 'DNS:a.example']
 */
export function certificateNames(clusterName: string, address: NodeAddress): readonly string[] {
  const cluster = `URI:casty://${encodeURIComponent(clusterName)}`
  const { host } = address
  const isIPv6 = host.includes(':')
  const place = isIPv6 ? `[${host}]` : host
  const isIP = isIPv6 || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)
  return [`${cluster}/${address}`, `${cluster}/${place}`, `${isIP ? 'IP' : 'DNS'}:${host}`]
}

/** Whether a certificate with these names is the node's own. */
export function isMadeOutTo(
  names: readonly string[],
  clusterName: string,
  address: NodeAddress,
): boolean {
  return certificateNames(clusterName, address).some((name) => names.includes(name))
}
