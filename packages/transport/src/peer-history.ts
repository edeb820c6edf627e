import type { NodeAddress } from './node-address.ts'
import type { Incarnation, NodeIdentity } from './node-identity.ts'

interface Lives {
  readonly met?: Incarnation
  readonly removed?: Incarnation
}

/**
 * Which incarnations were met or removed at each address, so that a past life is told from the
 * present one. Keeps the addresses used last; an address that fell out is judged as a new one.
 */
export class PeerHistory {
  readonly #lives = new Map<string, Lives>()
  readonly #maxAddresses: number

  constructor(maxAddresses = 4_096) {
    this.#maxAddresses = maxAddresses
  }

  /** The highest incarnation that completed a handshake with us. */
  met(address: NodeAddress): Incarnation | undefined {
    return this.#lives.get(address.toString())?.met
  }

  /** The highest incarnation that was removed from the cluster. */
  removed(address: NodeAddress): Incarnation | undefined {
    return this.#lives.get(address.toString())?.removed
  }

  recordMet({ address, incarnation }: NodeIdentity): void {
    const lives = this.#lives.get(address.toString())
    this.#record(address, { ...lives, met: highest(lives?.met, incarnation) })
  }

  recordRemoved({ address, incarnation }: NodeIdentity): void {
    const lives = this.#lives.get(address.toString())
    this.#record(address, { ...lives, removed: highest(lives?.removed, incarnation) })
  }

  #record(address: NodeAddress, lives: Lives): void {
    const key = address.toString()
    this.#lives.delete(key) // A map keeps insertion order: what was used last stands last.
    this.#lives.set(key, lives)
    for (const oldest of this.#lives.keys()) {
      if (this.#lives.size <= this.#maxAddresses) return
      this.#lives.delete(oldest)
    }
  }
}

function highest(known: Incarnation | undefined, incarnation: Incarnation): Incarnation {
  return known !== undefined && known > incarnation ? known : incarnation
}
