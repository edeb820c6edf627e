import {
  NodeAddress,
  NodeIdentity,
  type ByteReader,
  type ByteWriter,
  type NodeKey,
} from '@casty/transport'

const maxHostBytes = 255

/** Nodes named in one message: each is written once and referred to by its place. */
export class NodeTable {
  readonly #places = new Map<NodeKey, number>()

  placeOfKey(key: NodeKey): number {
    const held = this.#places.get(key)
    if (held !== undefined) return held
    const place = this.#places.size
    this.#places.set(key, place)
    return place
  }

  placeOf(node: NodeIdentity): number {
    return this.placeOfKey(node.key)
  }

  write(writer: ByteWriter): void {
    writer.count(this.#places.size)
    for (const key of this.#places.keys()) {
      const { host, port, incarnation } = partsOf(key)
      writer.string(host, maxHostBytes).u16(port).varint(incarnation)
    }
  }

  static read(reader: ByteReader): readonly NodeIdentity[] {
    // A host takes two bytes at least, a port two, an incarnation one.
    return Array.from({ length: reader.count(5) }, () => {
      return recentNode(reader.string(maxHostBytes), reader.u16(), reader.varint())
    })
  }
}

// Messages of large clusters name the same nodes again and again. One that was read lately is not made
// anew; which those are changes nothing but the time.
const recentNodes: (NodeIdentity | undefined)[] = Array.from({ length: 16_384 })

function recentNode(host: string, port: number, incarnation: number): NodeIdentity {
  let hash = Math.imul(port, 0x9e3779b1) ^ Math.imul(incarnation | 0, 0x85ebca6b)
  for (let index = 0; index < host.length; index++) {
    hash = Math.imul(hash ^ host.charCodeAt(index), 0x01000193)
  }
  const slot = (hash ^ (hash >>> 15)) & (recentNodes.length - 1)
  const known = recentNodes[slot]
  const { address } = known ?? {}
  const isKnown =
    known?.incarnation === incarnation && address?.port === port && address.host === host
  return isKnown
    ? known
    : (recentNodes[slot] = NodeIdentity.of(NodeAddress.of(host, port), incarnation))
}

interface KeyParts {
  readonly host: string
  readonly port: number
  readonly incarnation: number
}

const mostRecentParts = 8_192
const recentParts = new Map<NodeKey, KeyParts>()

function partsOf(key: NodeKey): KeyParts {
  const known = recentParts.get(key)
  if (known) return known
  if (recentParts.size >= mostRecentParts) recentParts.clear()
  const parts = takenApart(key)
  recentParts.set(key, parts)
  return parts
}

/** Of a key that its one maker made: there is nothing to check. Versions name thousands of nodes by key. */
function takenApart(key: NodeKey): KeyParts {
  const hash = key.lastIndexOf('#')
  const colon = key.lastIndexOf(':', hash)
  const host = key.startsWith('[') ? key.slice(1, colon - 1) : key.slice(0, colon)
  return {
    host,
    port: Number(key.slice(colon + 1, hash)),
    incarnation: Number(key.slice(hash + 1)),
  }
}
