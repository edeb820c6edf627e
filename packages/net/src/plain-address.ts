/**
 * An address as people write it, for limits to count by: a dual-stack socket writes IPv4 peers as
 * `::ffff:10.0.0.1`.
 *
 * @param address - of a socket; undefined where that has none any more
 */
export function plainAddress(address: string | undefined): string {
  return address === undefined ? 'unknown' : address.replace(/^::ffff:(?=\d+\.)/i, '')
}
