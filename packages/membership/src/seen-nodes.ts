// Who has seen a version, as bits over the members in address order: what thousands of nodes tell each
// other again and again is then copied, joined and compared some bytes at a time.
import type { NodeKey } from '@casty/transport'
import { digestOf } from './digest.ts'

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

  constructor(keys: readonly NodeKey[]) {
    this.keys = keys
  }

  placeOf(key: NodeKey): number | undefined {
    this.#places ??= new Map(this.keys.map((held, place) => [held, place] as const))
    return this.#places.get(key)
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
 * Invariant: no bit is set beyond the last node, and `size` is the number of bits that are.
 */
export class SeenNodes implements NodeSet {
  readonly order: NodeOrder
  /** A bit for each node of the order; not to be written to. */
  readonly bits: Uint8Array
  readonly size: number

  private constructor(order: NodeOrder, bits: Uint8Array, size: number) {
    this.order = order
    this.bits = bits
    this.size = size
  }

  /** Those of `nodes` that the order has. */
  static of(order: NodeOrder, nodes: Iterable<NodeKey>): SeenNodes {
    const none = new SeenNodes(order, new Uint8Array(Math.ceil(order.keys.length / 8)), 0)
    return none.with(nodes)
  }

  /** These and more; those that the order lacks are left out. The same instance where none is new. */
  with(nodes: Iterable<NodeKey>): SeenNodes {
    let bits: Uint8Array | undefined
    let { size } = this
    for (const node of nodes) {
      const place = this.order.placeOf(node)
      if (place === undefined || isSet(bits ?? this.bits, place)) continue
      bits ??= this.bits.slice()
      bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
      size++
    }
    return bits === undefined ? this : new SeenNodes(this.order, bits, size)
  }

  has(node: NodeKey): boolean {
    const place = this.order.placeOf(node)
    return place !== undefined && isSet(this.bits, place)
  }

  /** Whether some bit is set here that is not set in `bits`. */
  hasMoreThan(bits: Uint8Array): boolean {
    return this.bits.some((byte, index) => (byte & ~(bits[index] ?? 0)) !== 0)
  }

  /** The nodes of the order that `bits` stand for and that are not among these. */
  newIn(bits: Uint8Array): readonly NodeKey[] {
    const found: NodeKey[] = []
    for (let index = 0; index < this.bits.length; index++) {
      const news = (bits[index] ?? 0) & ~(this.bits[index] ?? 0)
      if (news !== 0) this.#collect(news, index * 8, found)
    }
    return found
  }

  #collect(byte: number, from: number, found: NodeKey[]): void {
    for (let bit = 0; byte >> bit !== 0; bit++) {
      const key = (byte & (1 << bit)) === 0 ? undefined : this.order.keys[from + bit]
      if (key !== undefined) found.push(key)
    }
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

function isSet(bits: Uint8Array, place: number): boolean {
  return ((bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0
}
