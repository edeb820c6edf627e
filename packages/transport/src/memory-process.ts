import { TransportError } from './errors.ts'
import { MemoryChannel, type MemoryWires } from './memory-channel.ts'
import type { MemoryLink } from './memory-link.ts'
import { NodeAddress } from './node-address.ts'
import type { Channel, Listener, Transport, TransportDialOptions } from './transport.ts'

/** The network, as a process sees it. */
export interface MemorySystem extends MemoryWires {
  /** Gives `process` the address; picks a port for 0. Throws `CASTY_TRANSPORT_ADDRESS_IN_USE`. */
  bind(address: NodeAddress, process: MemoryProcess): NodeAddress
  unbind(address: NodeAddress, process: MemoryProcess): void
  listening(address: NodeAddress): MemoryProcess | undefined
}

/**
 * The transport of one process on a memory network. The first address that it listens on is the one
 * it dials from, and so the name of its links; before that it is `host:0`.
 */
export class MemoryProcess implements Transport {
  readonly name = 'memory'
  readonly host: string
  readonly #system: MemorySystem
  readonly #accepting = new Map<string, (channel: Channel) => void>()
  readonly #channels = new Set<MemoryChannel>()
  #address: NodeAddress
  #isNamed = false
  #isAlive = true
  #isPaused = false
  #waiting: (() => void)[] = []

  constructor(system: MemorySystem, host: string) {
    this.#system = system
    this.#address = NodeAddress.of(host, 0)
    this.host = this.#address.host
  }

  /** What its links are called by. */
  get address(): NodeAddress {
    return this.#address
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isRunning(): boolean {
    return this.#isAlive && !this.#isPaused
  }

  get channels(): readonly MemoryChannel[] {
    return [...this.#channels]
  }

  async listen(address: NodeAddress, accept: (channel: Channel) => void): Promise<Listener> {
    const bound = this.#system.bind(address, this)
    this.#accepting.set(bound.toString(), accept)
    if (!this.#isNamed) {
      this.#address = bound
      this.#isNamed = true
    }
    return {
      address: bound,
      [Symbol.asyncDispose]: async () => {
        if (!this.#accepting.delete(bound.toString())) return
        this.#system.unbind(bound, this)
      },
    }
  }

  async dial(address: NodeAddress, { signal }: TransportDialOptions = {}): Promise<Channel> {
    signal?.throwIfAborted()
    return await new Promise<Channel>((resolve, reject) => {
      const settled = (): void => signal?.removeEventListener('abort', aborted)
      const attempt = this.#attempt(
        address,
        (channel) => {
          settled()
          resolve(channel)
        },
        (error) => {
          settled()
          reject(error)
        },
      )
      const aborted = (): void => {
        attempt[Symbol.dispose]()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  /** Somebody's dial has arrived. */
  accept(address: NodeAddress, channel: MemoryChannel): void {
    this.#channels.add(channel)
    this.whenRunning(() => {
      const accept = this.#accepting.get(address.toString())
      if (accept === undefined) channel.close()
      else accept(channel)
    })
  }

  released(channel: MemoryChannel): void {
    this.#channels.delete(channel)
  }

  /** Runs `action` now, or once the process is resumed; never if it is dead. */
  whenRunning(action: () => void): void {
    if (this.isRunning) action()
    else if (this.#isAlive) this.#waiting.push(action)
  }

  kill(): void {
    this.#isAlive = false
    this.#waiting = []
    for (const address of this.#accepting.keys()) {
      this.#system.unbind(NodeAddress.parse(address), this)
    }
    this.#accepting.clear()
    for (const channel of this.#channels) channel.die()
    this.#channels.clear()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const action of waiting) this.whenRunning(action)
    for (const channel of this.channels) channel.stirred()
  }

  /** One packet there, one back. A process that is dead or cut off hears nothing. */
  #attempt(
    address: NodeAddress,
    connected: (channel: Channel) => void,
    failed: (error: TransportError) => void,
  ): Disposable {
    let timer: Disposable | undefined
    let isOver = false
    const after = (delayMs: number, action: () => void): void => {
      timer = this.#system.clock.schedule(delayMs, () => {
        if (!isOver) action()
      })
    }
    this.whenRunning(() => {
      const target = this.#system.listening(address)
      const there = this.#system.route(this.#address, target?.address ?? address)
      if (swallows(there)) return
      after(there.latencyMs, () => this.#knock(address, after, connected, failed))
    })
    return {
      [Symbol.dispose]() {
        isOver = true
        timer?.[Symbol.dispose]()
      },
    }
  }

  #knock(
    address: NodeAddress,
    after: (delayMs: number, action: () => void) => void,
    connected: (channel: Channel) => void,
    failed: (error: TransportError) => void,
  ): void {
    if (!this.#isAlive) return
    const target = this.#system.listening(address)
    const named = target?.address ?? address
    const there = this.#system.route(this.#address, named)
    const back = this.#system.route(named, this.#address)
    if (swallows(there) || swallows(back)) return
    const answer = (action: () => void): void =>
      after(back.latencyMs, () => this.whenRunning(action))
    if (there.cut === 'reset' || back.cut === 'reset') {
      answer(() => failed(TransportError.dialFailed(address, 'unreachable')))
      return
    }
    if (target === undefined) {
      answer(() => failed(TransportError.dialFailed(address, 'refused')))
      return
    }
    const { dialled, accepted } = MemoryChannel.pair(this, target, this.#system)
    this.#channels.add(dialled)
    target.accept(address, accepted)
    answer(() => connected(dialled))
  }
}

/** A dial that meets this link hangs. */
function swallows(link: MemoryLink): boolean {
  return link.cut === 'silent' || link.cut === 'hold'
}
