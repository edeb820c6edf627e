// What two nodes compare, to find which keys they hold alike: a digest per key, and one per bucket of keys, so that
// nodes that agree say so in two kilobytes, however many keys they have.

/** How many buckets there are: the same on all nodes. */
export const bucketCount = 256

/** Two independent sums of 32 bits. */
export interface Digest {
  readonly high: number
  readonly low: number
}

/** FNV-1a over the bytes, with two beginnings. */
export function digestOf(bytes: Uint8Array): Digest {
  let [high, low] = [0x811c9dc5, 0x9747b28c]
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193)
    low = Math.imul(low ^ byte, 0x01000193) + high
  }
  return { high: mixed(high), low: mixed(low) }
}

/** The finalizer of MurmurHash3: every bit of the input changes half of the output. */
function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const textEncoder = new TextEncoder()

/** The same on every node. */
export function bucketOf(key: string): number {
  return digestOf(textEncoder.encode(key)).low % bucketCount
}

export function sameDigest(left: Digest, right: Digest): boolean {
  return left.high === right.high && left.low === right.low
}

/** The sum of a bucket: of its keys with their values, in any order. */
export function bucketDigest(entries: Iterable<readonly [key: string, digest: Digest]>): Digest {
  let [high, low] = [0, 0]
  for (const [key, digest] of entries) {
    const named = digestOf(textEncoder.encode(key))
    high = (high ^ mixed(digest.high ^ named.high)) >>> 0
    low = (low + mixed(digest.low ^ named.low)) >>> 0
  }
  return { high, low }
}
