import { TransportError } from './errors.ts'
import { NodeAddress } from './node-address.ts'

declare const incarnationBrand: unique symbol
declare const nodeKeyBrand: unique symbol

/** Tells two lives of one address apart: an integer that grows with every start there. */
export type Incarnation = number & { readonly [incarnationBrand]: true }

/** `host:port#incarnation`: the key under which whatever outlives a restart is kept. */
export type NodeKey = string & { readonly [nodeKeyBrand]: true }

/**
 * One life of one address. Two identities are the same node exactly when their `key`s are equal.
 */
export class NodeIdentity {
  readonly address: NodeAddress
  readonly incarnation: Incarnation
  readonly key: NodeKey

  private constructor(address: NodeAddress, incarnation: Incarnation) {
    this.address = address
    this.incarnation = incarnation
    // The one maker of node keys.
    this.key = `${address}#${incarnation}` as NodeKey
  }

  /** @throws TransportError `CASTY_TRANSPORT_INVALID_ADDRESS` if the incarnation is no safe integer ≥ 0 */
  static of(address: NodeAddress, incarnation: number): NodeIdentity {
    return new NodeIdentity(address, toIncarnation(incarnation))
  }

  /** Reads `host:port#incarnation`. @throws TransportError `CASTY_TRANSPORT_INVALID_ADDRESS` */
  static parse(text: string): NodeIdentity {
    const hash = text.lastIndexOf('#')
    const incarnation = text.slice(hash + 1)
    if (hash < 0 || !/^\d{1,16}$/.test(incarnation))
      throw TransportError.invalidAddress(text, 'it does not read host:port#incarnation')
    return NodeIdentity.of(NodeAddress.parse(text.slice(0, hash)), Number(incarnation))
  }

  /** Total order: by address, then by incarnation as a number. */
  static compare(this: void, left: NodeIdentity, right: NodeIdentity): number {
    return NodeAddress.compare(left.address, right.address) || left.incarnation - right.incarnation
  }

  equals(other: NodeIdentity): boolean {
    return this.key === other.key
  }

  toString(): string {
    return this.key
  }

  toJSON(): string {
    return this.key
  }
}

/** @throws TransportError `CASTY_TRANSPORT_INVALID_ADDRESS` if `value` is no safe integer ≥ 0 */
export function toIncarnation(value: number): Incarnation {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw TransportError.invalidAddress(
      String(value),
      'an incarnation is a safe integer of at least 0',
    )
  }
  // Validated on the line above.
  return value as Incarnation
}
