// The faults of links. Several may lie on one link: of those of one kind the newest counts, and when
// it is over the one before it does again.
import type { CutMode, MemoryNetwork, NodeAddress } from '@casty/transport'

/** One direction between two hosts. */
export interface Link {
  readonly from: string
  readonly to: string
}

export type LinkFault =
  | { readonly type: 'cut'; readonly mode: CutMode }
  /** Writes vanish: gaps in the stream of a connection. */
  | { readonly type: 'drop'; readonly probability: number }
  /** Packets are lost and sent again: writes come late. */
  | { readonly type: 'retransmit'; readonly probability: number }
  | { readonly type: 'duplicate'; readonly probability: number }
  | { readonly type: 'reorder'; readonly probability: number; readonly delayMs: number }
  | { readonly type: 'delay'; readonly latencyMs: number; readonly jitterMs: number }
  | { readonly type: 'bandwidth'; readonly bytesPerSecond: number }

/** A link this good must not make anybody unreachable. */
export function isMild(fault: LinkFault): boolean {
  switch (fault.type) {
    case 'duplicate':
    case 'reorder':
      return true
    case 'retransmit':
      return fault.probability <= 0.1
    case 'delay':
      return fault.latencyMs + fault.jitterMs <= 300
    case 'cut':
    case 'drop':
    case 'bandwidth':
      return false
  }
}

export class Links {
  readonly #network: MemoryNetwork
  readonly #addressOf: (host: string) => NodeAddress
  readonly #active = new Map<string, LinkFault[]>()

  constructor(network: MemoryNetwork, addressOf: (host: string) => NodeAddress) {
    this.#network = network
    this.#addressOf = addressOf
  }

  /** Lays a fault on a link, until the result is disposed of. */
  add(link: Link, fault: LinkFault): Disposable {
    const faults = this.#faultsOf(link, fault.type)
    faults.push(fault)
    this.#set(link, fault.type, fault)
    return {
      [Symbol.dispose]: () => {
        const at = faults.indexOf(fault)
        if (at < 0) return
        faults.splice(at, 1)
        this.#set(link, fault.type, faults.at(-1))
      },
    }
  }

  #faultsOf({ from, to }: Link, type: LinkFault['type']): LinkFault[] {
    const key = `${from} ${to} ${type}`
    const existing = this.#active.get(key)
    if (existing !== undefined) return existing
    const faults: LinkFault[] = []
    this.#active.set(key, faults)
    return faults
  }

  #set(link: Link, type: LinkFault['type'], fault: LinkFault | undefined): void {
    const [from, to] = [this.#addressOf(link.from), this.#addressOf(link.to)]
    const network = this.#network
    if (fault === undefined) this.#clear(from, to, type)
    else if (fault.type === 'cut') network.cut(from, to, { mode: fault.mode, oneWay: true })
    else if (fault.type === 'duplicate') network.duplicate(from, to, fault.probability)
    else if (fault.type === 'bandwidth') network.bandwidth(from, to, fault.bytesPerSecond)
    else if (fault.type === 'delay') network.delay(from, to, fault)
    else if (fault.type === 'reorder') network.reorder(from, to, fault)
    else if (fault.type === 'drop') network.drop(from, to, { probability: fault.probability })
    else network.retransmit(from, to, { probability: fault.probability })
  }

  #clear(from: NodeAddress, to: NodeAddress, type: LinkFault['type']): void {
    const network = this.#network
    switch (type) {
      case 'cut':
        network.mend(from, to, { oneWay: true })
        return
      case 'duplicate':
        network.duplicate(from, to, 0)
        return
      case 'bandwidth':
      case 'delay':
      case 'reorder':
      case 'drop':
      case 'retransmit':
        network[type](from, to, undefined)
    }
  }
}
