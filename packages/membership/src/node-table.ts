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
      const address = NodeAddress.of(reader.string(maxHostBytes), reader.u16())
      return NodeIdentity.of(address, reader.varint())
    })
  }
}

/** Of a key that its one maker made: there is nothing to check. Versions name thousands of nodes by key. */
function partsOf(key: NodeKey): {
  readonly host: string
  readonly port: number
  readonly incarnation: number
} {
  const hash = key.lastIndexOf('#')
  const colon = key.lastIndexOf(':', hash)
  const host = key.startsWith('[') ? key.slice(1, colon - 1) : key.slice(0, colon)
  return {
    host,
    port: Number(key.slice(colon + 1, hash)),
    incarnation: Number(key.slice(hash + 1)),
  }
}
