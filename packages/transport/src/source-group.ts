/** As people write it: groups of hexadecimal digits, perhaps with the name of an interface behind. */
const ipv6 = /^[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?:%.*)?$/i
/** As a socket for both writes an IPv4 address. */
const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i

/**
 * The source that a connection counts for, of those that may be tried, held or failed so often from one: an IPv4 address
 * by itself, and of IPv6 the network of 64 bits, since whoever has one has all addresses in it.
 *
 * @param source - as in `Channel.source`; what is no address counts as it is
 * @example sourceGroup('2001:db8::7') // => '2001:db8:0:0::/64'
 */
export function sourceGroup(source: string): string {
  const [, plain] = mapped.exec(source) ?? []
  if (plain !== undefined) return plain
  if (!ipv6.test(source)) return source
  const [address = ''] = source.split('%', 1)
  const [front = '', back] = address.split('::', 2)
  const head = groupsOf(front)
  const zeros = back === undefined ? 0 : 8 - head.length - groupsOf(back).length
  const groups = [...head, ...Array.from({ length: Math.max(0, zeros) }, () => '0')]
  const network = [...groups, ...groupsOf(back ?? '')].slice(0, 4)
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}
