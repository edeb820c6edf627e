// Who monitors whom. Nodes stand on a ring in the order of a hash, and each monitors those that
// follow it: so the work per node stays the same however large the cluster, and every node is
// watched by as many as it watches. All nodes must compute the same ring, on any platform.

const utf8 = new TextEncoder()
const offsetBasis = 0x811c9dc5
const prime = 0x01000193

/**
 * Where a node stands on the ring, from 0 to 2^32 - 1: the 32-bit FNV-1a hash of its name in UTF-8,
 * mixed by the finalizer of MurmurHash3, because FNV alone leaves names that differ in their last
 * character side by side.
 */
export function ringPosition(node: string): number {
  let hash = hashOfAscii(node) ?? hashOf(utf8.encode(node))
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function hashOf(bytes: Iterable<number>): number {
  let hash = offsetBasis
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime)
  return hash
}

/** The same without an array of bytes, since rings are of thousands of names; undefined for any other text. */
function hashOfAscii(text: string): number | undefined {
  let hash = offsetBasis
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return undefined
    hash = Math.imul(hash ^ code, prime)
  }
  return hash
}

/** The nodes, each once, by their position on the ring; nodes of one position by their name. */
export function ringOrder<K extends string>(nodes: Iterable<K>): readonly K[] {
  return [...new Set(nodes)]
    .map((node) => ({ node, position: ringPosition(node) }))
    .sort((left, right) => left.position - right.position || (left.node < right.node ? -1 : 1))
    .map(({ node }) => node)
}

export interface ReceiverSelection<K extends string = string> {
  /** All nodes, `self` among them, as `ringOrder` gives them. */
  readonly ringOrder: readonly K[]
  readonly self: K
  readonly unreachable: ReadonlySet<K>
  /** How many reachable nodes to monitor. */
  readonly count: number
}

/**
 * Those that `self` monitors, in the order of the ring. It walks on from `self` until it has `count`
 * reachable nodes. Unreachable ones on the way come along without being counted, until `count` are
 * found in all: so when many die at once, the dead are still watched and so are enough of the living.
 *
 * @param selection - a `self` that is not on the ring starts before its first node
 * @see Apache Pekko, HeartbeatNodeRing
 */
export function selectReceivers<K extends string>(selection: ReceiverSelection<K>): readonly K[] {
  const { ringOrder: ring, self, unreachable, count } = selection
  const start = ring.indexOf(self)
  const receivers: K[] = []
  let reachable = 0
  for (const node of [...ring.slice(start + 1), ...ring.slice(0, Math.max(start, 0))]) {
    if (reachable >= count) break
    if (!unreachable.has(node)) {
      reachable += 1
      receivers.push(node)
    } else if (receivers.length < count) receivers.push(node)
  }
  return receivers
}
