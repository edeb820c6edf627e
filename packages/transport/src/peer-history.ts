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
 * Bounded: the addresses used last are kept, 4,096 of members and as many of clients unless told otherwise
 * (some 200 bytes each). It is a number of addresses over time, not of members at once: where every start of a node
 * brings a new address (port 0, a pod's IP), the oldest fall out. An address that fell out is judged
 * as a new one, so that an incarnation removed long ago could connect again; who is a member is for
 * the owner's `admit` to decide, which has its own record of that.
 */
export class PeerHistory {
  /** Clients say what they like: however many addresses they name, none of a member falls out for it. */
  readonly #lives: Readonly<Record<Trust, Map<string, Lives>>> = {
    member: new Map<string, Lives>(),
    client: new Map<string, Lives>(),
  }
  readonly #maxAddresses: number

  /** @param maxAddresses - how many addresses are remembered; the one used longest ago falls out first */
  constructor(maxAddresses = 4_096) {
    this.#maxAddresses = maxAddresses
  }

  /** The highest incarnation that completed a handshake with us; of clients apart, which may say what they like. */
  met(address: NodeAddress, trust: Trust): Incarnation | undefined {
    return this.#lives[trust].get(address.toString())?.met
  }

  /** The highest incarnation that was removed from the cluster. */
  removed(address: NodeAddress): Incarnation | undefined {
    return this.#lives.member.get(address.toString())?.removed
  }

  recordMet({ address, incarnation }: NodeIdentity, trust: Trust): void {
    this.#record(trust, address, ({ met }) => ({ met: highest(met, incarnation) }))
  }

  recordRemoved({ address, incarnation }: NodeIdentity): void {
    this.#record('member', address, ({ removed }) => ({ removed: highest(removed, incarnation) }))
  }

  #record(trust: Trust, address: NodeAddress, change: (lives: Lives) => Lives): void {
    const known = this.#lives[trust]
    const key = address.toString()
    const lives = known.get(key) ?? {}
    known.delete(key) // A map keeps insertion order: what was used last stands last.
    known.set(key, { ...lives, ...change(lives) })
    for (const oldest of known.keys()) {
      if (known.size <= this.#maxAddresses) return
      known.delete(oldest)
    }
  }
}

function highest(known: Incarnation | undefined, incarnation: Incarnation): Incarnation {
  return known !== undefined && known > incarnation ? known : incarnation
}
