import type { Trust } from './authentication.ts'
import type { NodeAddress } from './node-address.ts'
import type { Incarnation, NodeIdentity } from './node-identity.ts'

interface Lives {
  readonly met?: Incarnation
  readonly removed?: Incarnation
}

/**
 * Which incarnations were met or removed at each address, so that a past life is told from the
 * present one.
 *
 * Bounded: the addresses used last are kept, 4,096 of them unless told otherwise (some 200 bytes
 * each). It is a number of addresses over time, not of members at once: where every start of a node
 * brings a new address (port 0, a pod's IP), the oldest fall out. An address that fell out is judged
 * as a new one, so that an incarnation removed long ago could connect again; who is a member is for
 * the owner's `admit` to decide, which has its own record of that.
 */
export class PeerHistory {
  readonly #lives = new Map<string, Lives>()
  readonly #maxAddresses: number

  /** @param maxAddresses - how many addresses are remembered; the one used longest ago falls out first */
  constructor(maxAddresses = 4_096) {
    this.#maxAddresses = maxAddresses
  }

  /** The highest incarnation that completed a handshake with us; of clients apart, which may say what they like. */
  met(address: NodeAddress, trust: Trust): Incarnation | undefined {
    return this.#lives.get(keyOf(address, trust))?.met
  }

  /** The highest incarnation that was removed from the cluster. */
  removed(address: NodeAddress): Incarnation | undefined {
    return this.#lives.get(keyOf(address, 'member'))?.removed
  }

  recordMet({ address, incarnation }: NodeIdentity, trust: Trust): void {
    const key = keyOf(address, trust)
    const lives = this.#lives.get(key)
    this.#record(key, { ...lives, met: highest(lives?.met, incarnation) })
  }

  recordRemoved({ address, incarnation }: NodeIdentity): void {
    const key = keyOf(address, 'member')
    const lives = this.#lives.get(key)
    this.#record(key, { ...lives, removed: highest(lives?.removed, incarnation) })
  }

  #record(key: string, lives: Lives): void {
    this.#lives.delete(key) // A map keeps insertion order: what was used last stands last.
    this.#lives.set(key, lives)
    for (const oldest of this.#lives.keys()) {
      if (this.#lives.size <= this.#maxAddresses) return
      this.#lives.delete(oldest)
    }
  }
}

function keyOf(address: NodeAddress, trust: Trust): string {
  return trust === 'member' ? `${address}` : `client ${address}`
}

function highest(known: Incarnation | undefined, incarnation: Incarnation): Incarnation {
  return known !== undefined && known > incarnation ? known : incarnation
}
