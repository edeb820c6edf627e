// A network in memory that encodes, bounds and fails as a real one does. Only the clock and the
// random source decide what happens, so a run can be repeated exactly.
//
// A link is one direction between two nodes, named by the addresses they listen on. Faults apply to
// whole writes, and a write of this package always holds whole frames: a lost one is a gap in the
// stream, never half a frame.
import { seededRandom, type Clock, type Random } from '@casty/clock'
import { TransportError } from './errors.ts'
import {
  MemoryLink,
  type CutMode,
  type DelayFault,
  type DropFault,
  type Latency,
  type LinkStatistics,
  type ObservedWrite,
  type ReorderFault,
  type RetransmitFault,
} from './memory-link.ts'
import { MemoryProcess, type MemorySystem } from './memory-process.ts'
import { NodeAddress } from './node-address.ts'
import type { Transport } from './transport.ts'

export interface MemoryNetworkOptions {
  readonly clock: Clock
  /** Decides which writes a fault hits. @defaultValue seededRandom(1) */
  readonly random?: Random
  /** Time from one node to another, in milliseconds, or a function that draws it. @defaultValue 0 */
  readonly latencyMs?: Latency
  /** Bytes under way per direction of a connection; a writer beyond it is told to wait. @defaultValue 262_144 */
  readonly windowBytes?: number
  /** Is told of every write when it leaves and when it arrives or is lost. Must not change it. */
  readonly observe?: (write: ObservedWrite) => void
}

export const memoryNetworkDefaults: Required<
  Omit<MemoryNetworkOptions, 'clock' | 'random' | 'observe'>
> = {
  latencyMs: 0,
  windowBytes: 262_144,
}

/** The transport of one process on a memory network. */
export interface MemoryTransport extends Transport {
  /** The first address that it listened on, by which its links are named; `host:0` before that. */
  readonly address: NodeAddress
}

export interface MemoryNetwork {
  /** A transport for one process. @param options.host - where it dials from until it listens */
  transport(options?: { readonly host?: string }): MemoryTransport
  /**
   * Cuts the link between two nodes, both ways unless `oneWay`. `silent`: bytes vanish, also those
   * under way, dials hang, and the end of a connection is not noticed. `hold`: the same, but what was
   * written comes once the link is mended. `reset`: connections are torn down, dials fail as
   * `unreachable`.
   */
  cut(
    from: NodeAddress,
    to: NodeAddress,
    options?: { readonly mode?: CutMode; readonly oneWay?: boolean },
  ): void
  /** Cuts every link between the two groups, both ways. */
  partition(
    left: readonly NodeAddress[],
    right: readonly NodeAddress[],
    options?: { readonly mode?: CutMode },
  ): void
  /** Takes the cut from the link between two nodes, both ways unless `oneWay`; other faults stay. */
  mend(from: NodeAddress, to: NodeAddress, options?: { readonly oneWay?: boolean }): void
  /** Takes every fault from the links between two nodes, both ways; from all links without them. */
  heal(left?: NodeAddress, right?: NodeAddress): void
  /** The following change one direction until healed; `undefined` takes that fault away. */
  delay(from: NodeAddress, to: NodeAddress, fault: DelayFault | undefined): void
  drop(from: NodeAddress, to: NodeAddress, fault: DropFault | undefined): void
  /** Loses packets, which TCP sends again: what was written comes late, but comes. */
  retransmit(from: NodeAddress, to: NodeAddress, fault: RetransmitFault | undefined): void
  duplicate(from: NodeAddress, to: NodeAddress, probability: number): void
  reorder(from: NodeAddress, to: NodeAddress, fault: ReorderFault | undefined): void
  bandwidth(from: NodeAddress, to: NodeAddress, bytesPerSecond: number | undefined): void
  /**
   * Swallows large packets without a word, as a tunnel with a smaller MTU may: a larger write never gets
   * through, and what follows on its connection waits behind it, while other connections work.
   */
  blackHole(from: NodeAddress, to: NodeAddress, largestBytes: number | undefined): void
  /** The process dies: connections are reset, dials refused, and it hears nothing any more. */
  kill(address: NodeAddress): void
  /**
   * The process stops (SIGSTOP): its host still accepts and buffers, but nobody answers. It is cut off
   * from the network only: what it schedules on the clock still runs, and is sent after `resume`.
   */
  pause(address: NodeAddress): void
  resume(address: NodeAddress): void
  /** Every link that was used or changed, sorted by name. */
  links(): readonly LinkStatistics[]
}

/** A network of its own: nodes on different ones never meet. */
export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new Network(options)
}

const firstEphemeralPort = 49_152
const lastPort = 65_535

class Network implements MemoryNetwork, MemorySystem {
  readonly clock: Clock
  readonly windowBytes: number
  readonly #random: Random
  readonly #latency: Latency
  readonly #observe: ((write: ObservedWrite) => void) | undefined
  readonly #listening = new Map<string, MemoryProcess>()
  readonly #links = new Map<string, MemoryLink>()
  #nextPort = firstEphemeralPort

  constructor({ clock, random, latencyMs, windowBytes, observe }: MemoryNetworkOptions) {
    this.clock = clock
    this.#observe = observe
    this.#random = random ?? seededRandom(1)
    this.#latency = checkLatency(latencyMs ?? memoryNetworkDefaults.latencyMs)
    this.windowBytes = checkAtLeast(
      'windowBytes',
      windowBytes ?? memoryNetworkDefaults.windowBytes,
      1,
    )
  }

  transport({ host = '127.0.0.1' }: { readonly host?: string } = {}): MemoryTransport {
    return new MemoryProcess(this, host)
  }

  cut(
    from: NodeAddress,
    to: NodeAddress,
    {
      mode = 'silent',
      oneWay = false,
    }: { readonly mode?: CutMode; readonly oneWay?: boolean } = {},
  ): void {
    this.route(from, to).cut = mode
    if (!oneWay) this.route(to, from).cut = mode
    if (mode === 'reset') this.#resetBetween(from, to)
  }

  partition(
    left: readonly NodeAddress[],
    right: readonly NodeAddress[],
    options: { readonly mode?: CutMode } = {},
  ): void {
    for (const from of left) for (const to of right) this.cut(from, to, options)
  }

  mend(
    from: NodeAddress,
    to: NodeAddress,
    { oneWay = false }: { readonly oneWay?: boolean } = {},
  ): void {
    const links = [this.route(from, to), ...(oneWay ? [] : [this.route(to, from)])]
    this.#release(links, (link) => (link.cut = undefined))
  }

  heal(left?: NodeAddress, right?: NodeAddress): void {
    if (left !== undefined && right !== undefined) {
      this.#release([this.route(left, right), this.route(right, left)], (link) => link.heal())
      return
    }
    const names = [left, right].filter((address) => address !== undefined).map(String)
    const links = [...this.#links.values()].filter((link) =>
      names.every((name) => link.from === name || link.to === name),
    )
    this.#release(links, (link) => link.heal())
  }

  /** What a cut held back comes once the link is mended. */
  #release(links: readonly MemoryLink[], mend: (link: MemoryLink) => void): void {
    const held = links.filter((link) => link.isHeld)
    for (const link of links) mend(link)
    if (held.length === 0) return
    for (const process of this.#listening.values()) {
      for (const channel of process.channels) {
        if (held.some((link) => channel.isOn(link))) channel.stirred()
      }
    }
  }

  delay(from: NodeAddress, to: NodeAddress, fault: DelayFault | undefined): void {
    if (fault !== undefined) checkAtLeast('delay.latencyMs', fault.latencyMs, 0)
    if (fault?.jitterMs !== undefined) checkAtLeast('delay.jitterMs', fault.jitterMs, 0)
    this.route(from, to).delay = fault
  }

  drop(from: NodeAddress, to: NodeAddress, fault: DropFault | undefined): void {
    if (fault !== undefined && 'probability' in fault) {
      checkProbability('drop.probability', fault.probability)
    }
    if (fault !== undefined && 'next' in fault) checkAtLeast('drop.next', fault.next, 0)
    this.route(from, to).drop = fault
  }

  retransmit(from: NodeAddress, to: NodeAddress, fault: RetransmitFault | undefined): void {
    if (fault !== undefined) {
      checkProbability('retransmit.probability', fault.probability)
      checkAtLeast('retransmit.timeoutMs', fault.timeoutMs ?? 1, 0)
    }
    this.route(from, to).retransmit = fault
  }

  duplicate(from: NodeAddress, to: NodeAddress, probability: number): void {
    this.route(from, to).duplicateProbability = checkProbability('probability', probability)
  }

  reorder(from: NodeAddress, to: NodeAddress, fault: ReorderFault | undefined): void {
    if (fault !== undefined) {
      checkProbability('reorder.probability', fault.probability)
      checkAtLeast('reorder.delayMs', fault.delayMs, 0)
    }
    this.route(from, to).reorder = fault
  }

  bandwidth(from: NodeAddress, to: NodeAddress, bytesPerSecond: number | undefined): void {
    if (bytesPerSecond !== undefined) checkAtLeast('bytesPerSecond', bytesPerSecond, 1)
    this.route(from, to).bytesPerSecond = bytesPerSecond
  }

  blackHole(from: NodeAddress, to: NodeAddress, largestBytes: number | undefined): void {
    if (largestBytes !== undefined) checkAtLeast('largestBytes', largestBytes, 0)
    this.#release([this.route(from, to)], (link) => (link.largestBytes = largestBytes))
  }

  kill(address: NodeAddress): void {
    this.listening(address)?.kill()
  }

  pause(address: NodeAddress): void {
    this.listening(address)?.pause()
  }

  resume(address: NodeAddress): void {
    this.listening(address)?.resume()
  }

  links(): readonly LinkStatistics[] {
    const name = (link: LinkStatistics): string => `${link.from}>${link.to}`
    return [...this.#links.values()]
      .map((link) => link.statistics())
      .toSorted((left, right) => (name(left) < name(right) ? -1 : 1))
  }

  route(from: NodeAddress, to: NodeAddress): MemoryLink {
    const key = `${from}>${to}`
    const existing = this.#links.get(key)
    if (existing !== undefined) return existing
    const link = new MemoryLink(from.toString(), to.toString(), {
      latency: this.#latency,
      random: this.#random,
      observe: this.#observe,
    })
    this.#links.set(key, link)
    return link
  }

  bind(address: NodeAddress, process: MemoryProcess): NodeAddress {
    const bound = address.port === 0 ? this.#freePort(address.host) : address
    if (this.#listening.has(bound.toString())) throw TransportError.addressInUse(bound)
    this.#listening.set(bound.toString(), process)
    return bound
  }

  unbind(address: NodeAddress, process: MemoryProcess): void {
    if (this.listening(address) === process) this.#listening.delete(address.toString())
  }

  listening(address: NodeAddress): MemoryProcess | undefined {
    return this.#listening.get(address.toString())
  }

  #freePort(host: string): NodeAddress {
    for (let tried = firstEphemeralPort; tried <= lastPort; tried++) {
      const address = NodeAddress.of(host, this.#nextPort)
      this.#nextPort = this.#nextPort === lastPort ? firstEphemeralPort : this.#nextPort + 1
      if (!this.#listening.has(address.toString())) return address
    }
    throw TransportError.listenFailed(NodeAddress.of(host, 0), 'every port is taken')
  }

  #resetBetween(left: NodeAddress, right: NodeAddress): void {
    const process = this.listening(left) ?? this.listening(right)
    for (const channel of process?.channels ?? []) {
      if (channel.isBetween(left, right)) channel.reset()
    }
  }
}

function checkLatency(latency: Latency): Latency {
  return typeof latency === 'function' ? latency : checkAtLeast('latencyMs', latency, 0)
}

function checkAtLeast(option: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw TransportError.invalidOption(option, value, `a number of at least ${least}`)
}

function checkProbability(option: string, value: number): number {
  if (value >= 0 && value <= 1) return value
  throw TransportError.invalidOption(option, value, 'a probability from 0 to 1')
}
