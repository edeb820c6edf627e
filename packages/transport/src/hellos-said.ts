import type { NodeAddress } from './node-address.ts'

/**
 * The hellos that this node has said within the time of a handshake, by their nonces, and to whom. Whoever dials back
 * names the hello that it asks about, so that nobody passes for a node which only happens to live where he says.
 */
export class HellosSaid {
  readonly #lastMs: number
  readonly #byNonce = new Map<string, { readonly to: NodeAddress; readonly at: number }>()

  constructor(lastMs: number) {
    this.#lastMs = lastMs
  }

  /** A hello was said, and `to` has answered it. */
  add(nonce: Uint8Array, to: NodeAddress, now: number): void {
    // The oldest come first.
    for (const [text, { at }] of this.#byNonce) {
      if (now - at <= this.#lastMs) break
      this.#byNonce.delete(text)
    }
    this.#byNonce.set(String(nonce), { to, at: now })
  }

  has(nonce: Uint8Array, to: NodeAddress, now: number): boolean {
    const said = this.#byNonce.get(String(nonce))
    return said !== undefined && now - said.at <= this.#lastMs && said.to.equals(to)
  }
}
