// The faults of links. Several may lie on one link: of those of one kind the newest counts, and when
// it is over the one before it does again.
import type { Clock } from '@casty/clock'
import type { CutMode, MemoryNetwork, NodeAddress } from '@casty/transport'
import { addressOf } from './addresses.ts'
import type { Disturbances } from './disturbances.ts'

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
  /** Larger writes never get through, nor what follows them on their connection. */
  | { readonly type: 'black-hole'; readonly largestBytes: number }

/** A link this good must not make anybody unreachable. */
function isMild(fault: LinkFault): boolean {
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
    case 'black-hole':
      return false
  }
}

/** What links need of the world around them. */
export interface LinkSurroundings {
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly disturbances: Disturbances
}

export class Links {
  readonly #around: LinkSurroundings
  readonly #active = new Map<string, LinkFault[]>()
  /** Faults that end by themselves, until they have. */
  readonly #passing = new Set<Disposable>()

  constructor(around: LinkSurroundings) {
    this.#around = around
  }

  /** Lays a fault on a link for a while, and tells the disturbances of it unless it is mild. */
  disturb(link: Link, fault: LinkFault, forMs: number): void {
    const { clock, disturbances } = this.#around
    const laid = this.#lay(link, fault)
    const known = isMild(fault)
      ? undefined
      : disturbances.linkWorsens(link.from, link.to, clock.now())
    const end: Disposable = {
      [Symbol.dispose]: () => {
        if (!this.#passing.delete(end)) return
        laid[Symbol.dispose]()
        known?.over(clock.now())
      },
    }
    this.#passing.add(end)
    clock.schedule(forMs, () => end[Symbol.dispose]())
  }

  /** Ends every fault that would end by itself; who is cut off stays so. */
  heal(): void {
    for (const fault of this.#passing) fault[Symbol.dispose]()
  }

  /** Cuts every link of a host in silence, until the result is disposed of. */
  cutOff(host: string, others: readonly string[]): Disposable {
    const cut: LinkFault = { type: 'cut', mode: 'silent' }
    const cuts = others.flatMap((other) => [
      this.#lay({ from: host, to: other }, cut),
      this.#lay({ from: other, to: host }, cut),
    ])
    return {
      [Symbol.dispose]: () => {
        for (const one of cuts) one[Symbol.dispose]()
      },
    }
  }

  #lay(link: Link, fault: LinkFault): Disposable {
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
    const { network } = this.#around
    const [from, to] = [addressOf(link.from), addressOf(link.to)]
    if (fault === undefined) this.#clear(from, to, type)
    else if (fault.type === 'cut') network.cut(from, to, { mode: fault.mode, oneWay: true })
    else if (fault.type === 'duplicate') network.duplicate(from, to, fault.probability)
    else if (fault.type === 'bandwidth') network.bandwidth(from, to, fault.bytesPerSecond)
    else if (fault.type === 'black-hole') network.blackHole(from, to, fault.largestBytes)
    else if (fault.type === 'delay') network.delay(from, to, fault)
    else if (fault.type === 'reorder') network.reorder(from, to, fault)
    else if (fault.type === 'drop') network.drop(from, to, { probability: fault.probability })
    else network.retransmit(from, to, { probability: fault.probability })
  }

  #clear(from: NodeAddress, to: NodeAddress, type: LinkFault['type']): void {
    const { network } = this.#around
    switch (type) {
      case 'cut':
        network.mend(from, to, { oneWay: true })
        return
      case 'duplicate':
        network.duplicate(from, to, 0)
        return
      case 'black-hole':
        network.blackHole(from, to, undefined)
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
