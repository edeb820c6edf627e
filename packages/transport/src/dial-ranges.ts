// Which hosts a node dials because others have named them. Nobody needs more than the secret to name an address to all
// nodes; these are where a cluster does not live, and where somebody else may be found who trusts whoever is near.
import type { NodeAddress } from './node-address.ts'

/** Where a host is: `other` is all that may be a node of any cluster, also names and private networks. */
type HostRange = 'loopback' | 'link-local' | 'nobody' | 'unclear' | 'other'

/**
 * Whether a node at `self` dials an address that others have named. Never where no single node can be (`0.0.0.0`,
 * multicast, broadcast), nor what is written so that resolvers read a number as an address (`2130706433`, `127.1`);
 * link-local addresses, among them those of metadata services (`169.254.169.254`), only where `self` has one; loopback
 * only where `self` is there. Private networks are where clusters live, and are dialled. So are names, which are judged again
 * by what they lead to: where `self` has the same name, that may be a loopback or link-local address too.
 *
 * @param named - what `address` was resolved from, where a name was named
 * @example mayDialByDefault(NodeAddress.parse('169.254.169.254:80'), NodeAddress.parse('10.0.0.1:2551')) // => false
 */
export function mayDialByDefault(
  address: NodeAddress,
  self: NodeAddress,
  named: NodeAddress = address,
): boolean {
  const range = rangeOf(address.host)
  if (range === 'nobody' || range === 'unclear') return false
  // Many systems resolve their own name to a loopback address.
  return range === 'other' || range === rangeOf(self.host) || named.host === self.host
}

function rangeOf(host: string): HostRange {
  if (host.includes(':')) return rangeOfV6(host)
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback'
  const last = host.replace(/\.$/, '').split('.').at(-1) ?? ''
  const isNumber = /^(?:\d+|0x[\da-f]*)$/.test(last)
  if (!isNumber) return 'other'
  const bytes = bytesOfV4(host)
  return bytes === undefined ? 'unclear' : rangeOfV4(bytes)
}

function rangeOfV4([first, second]: readonly number[]): HostRange {
  if (first === undefined || first === 0 || first >= 224) return 'nobody'
  if (first === 127) return 'loopback'
  return first === 169 && second === 254 ? 'link-local' : 'other'
}

function rangeOfV6(host: string): HostRange {
  const words = wordsOfV6(host.replace(/%.*$/, ''))
  if (words === undefined) return 'unclear'
  const [first = 0] = words
  const high = words[6] ?? 0
  const low = words[7] ?? 0
  const isLow = words.slice(0, 5).every((word) => word === 0)
  const embedsV4 = words[5] === 0xffff || (words[5] === 0 && high !== 0)
  if (isLow && embedsV4) return rangeOfV4([high >> 8, high & 0xff])
  // NAT64 carries an IPv4 address in its last words as well (RFC 6052).
  const isTranslated = first === 0x64 && words[1] === 0xff9b
  if (isTranslated) return rangeOfV4([high >> 8, high & 0xff])
  if (isLow && words[5] === 0 && high === 0) return low === 1 ? 'loopback' : 'nobody'
  if (first >= 0xff00) return 'nobody'
  return (first & 0xffc0) === 0xfe80 ? 'link-local' : 'other'
}

/** Only the plain form, four decimal numbers without leading zeros: all others are read differently here and there. */
function bytesOfV4(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  const isPlain = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))
  const bytes = parts.map(Number)
  return isPlain && bytes.every((byte) => byte <= 255) ? bytes : undefined
}

/** The eight words of an IPv6 address, also where its end is written as one of IPv4. */
function wordsOfV6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const v4 = tail?.[2] === undefined ? undefined : bytesOfV4(tail[2])
  if (tail !== null && v4 === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = v4 ?? []
  const hex =
    v4 === undefined
      ? text
      : `${tail?.[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  const halves = hex.split('::')
  const [before = [], after = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const isShortened = halves.length === 2
  const missing = 8 - before.length - after.length
  if (halves.length > 2 || (isShortened ? missing < 1 : missing !== 0)) return undefined
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  if (!groups.every((group) => /^[\da-f]{1,4}$/.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}
