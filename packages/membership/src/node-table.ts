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
  readonly #places = new Map<string, number>()
  readonly #nodes: NodeIdentity[] = []

  /** The same by key; a node that was named before need not be read from it. */
  placeOfKey(key: NodeKey): number {
    return this.#places.get(key) ?? this.placeOf(NodeIdentity.parse(key))
  }

  placeOf(node: NodeIdentity): number {
    const held = this.#places.get(node.key)
    if (held !== undefined) return held
    const place = this.#nodes.push(node) - 1
    this.#places.set(node.key, place)
    return place
  }

  write(writer: ByteWriter): void {
    writer.count(this.#nodes.length)
    for (const { address, incarnation } of this.#nodes) {
      writer.string(address.host, maxHostBytes).u16(address.port).varint(incarnation)
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
