// Who has seen a version, as bits over the members in address order: what thousands of nodes tell each
// other again and again is then copied, joined and compared some bytes at a time.
import type { NodeKey } from '@casty/transport'
import { addDigests, digestOf } from './digest.ts'

/** Nodes, each once: what can be asked of them. A `Set` is one. */
export interface NodeSet extends Iterable<NodeKey> {
  readonly size: number
  has(node: NodeKey): boolean
}

/** Nodes in address order, and the place of each. Immutable. */
export class NodeOrder {
  readonly keys: readonly NodeKey[]
  #places: ReadonlyMap<NodeKey, number> | undefined
  #digest: number | undefined
  readonly #digests: (number | undefined)[] = []

  constructor(keys: readonly NodeKey[]) {
    this.keys = keys
  }

  placeOf(key: NodeKey): number | undefined {
    this.#places ??= new Map(this.keys.map((held, place) => [held, place] as const))
    return this.#places.get(key)
  }

  /** The digest of the key at a place. */
  digestAt(place: number): number {
    return (this.#digests[place] ??= digestOf(this.keys[place] ?? ''))
  }

  /** Names the nodes, so that bits are never read against others. */
  get digest(): number {
    this.#digest ??= digestOf(this.keys.join())
    return this.#digest
  }
}

/**
 * Nodes of one order. Immutable.
 *
 * Invariant: no bit is set beyond the last node, `size` is the number of bits that are set.
 */
export class SeenNodes implements NodeSet {
  readonly order: NodeOrder
  /** A bit for each node of the order; not to be written to. */
  readonly bits: Uint8Array
  readonly size: number
  /** The sum of the digests of these keys. */
  readonly digest: number

  private constructor(order: NodeOrder, bits: Uint8Array, size: number, digest: number) {
    this.order = order
    this.bits = bits
    this.size = size
    this.digest = digest
  }

  /** Those of `nodes` that the order has. */
  static of(order: NodeOrder, nodes: Iterable<NodeKey>): SeenNodes {
    return new SeenNodes(order, new Uint8Array(Math.ceil(order.keys.length / 8)), 0, 0).with(nodes)
  }

  /** These and more; those that the order lacks are left out. The same instance where none is new. */
  with(nodes: Iterable<NodeKey>): SeenNodes {
    const places: number[] = []
    for (const node of nodes) {
      const place = this.order.placeOf(node)
      if (place !== undefined && !isSet(this.bits, place)) places.push(place)
    }
    return this.#withPlaces(places)
  }

  /** With those that other bits over the same order stand for; the same instance where none is new. */
  union(bits: Uint8Array): SeenNodes {
    return this.#withPlaces(this.#placesNewIn(bits))
  }

  #withPlaces(places: readonly number[]): SeenNodes {
    if (places.length === 0) return this
    const bits = this.bits.slice()
    let { size, digest } = this
    for (const place of places) {
      if (isSet(bits, place)) continue // It was named twice.
      bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
      size++
      digest = addDigests(digest, this.order.digestAt(place))
    }
    return new SeenNodes(this.order, bits, size, digest)
  }

  has(node: NodeKey): boolean {
    const place = this.order.placeOf(node)
    return place !== undefined && isSet(this.bits, place)
  }

  /** Whether some bit is set here that is not set in `bits`. */
  hasMoreThan(bits: Uint8Array): boolean {
    return this.bits.some((byte, index) => (byte & ~(bits[index] ?? 0)) !== 0)
  }

  /** Bits beyond the last node are passed by. */
  #placesNewIn(bits: Uint8Array): readonly number[] {
    const found: number[] = []
    for (let index = 0; index < this.bits.length; index++) {
      const news = (bits[index] ?? 0) & ~(this.bits[index] ?? 0)
      if (news === 0) continue
      const end = Math.min(index * 8 + 8, this.order.keys.length)
      for (let place = index * 8; place < end; place++) {
        if ((news & (1 << (place & 7))) !== 0) found.push(place)
      }
    }
    return found
  }

  /** The places of the nodes that are not among these, in order. */
  *placesMissing(): Iterable<number> {
    for (let index = 0; index < this.bits.length; index++) {
      if (this.bits[index] === 0xff) continue
      const end = Math.min(index * 8 + 8, this.order.keys.length)
      for (let place = index * 8; place < end; place++) if (!isSet(this.bits, place)) yield place
    }
  }

  *[Symbol.iterator](): Iterator<NodeKey> {
    for (const [place, key] of this.order.keys.entries()) if (isSet(this.bits, place)) yield key
  }
}

/** Whether a set is of nodes of this order, as its form tells. */
export function isOver(nodes: NodeSet, order: NodeOrder): nodes is SeenNodes {
  return nodes instanceof SeenNodes && nodes.order === order
}

function isSet(bits: Uint8Array, place: number): boolean {
  return ((bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0
}
