import type { Clock } from '@casty/clock'
import type { MemoryLink } from './memory-link.ts'
import { MemoryPipe, type PipeReceiver } from './memory-pipe.ts'
import type { MemoryProcess } from './memory-process.ts'
import type { NodeAddress } from './node-address.ts'
import type { Channel, ChannelCloseReason, ChannelSink } from './transport.ts'

/** What the ends of a connection need of the network between them. */
export interface MemoryWires {
  readonly clock: Clock
  readonly windowBytes: number
  route(from: NodeAddress, to: NodeAddress): MemoryLink
}

/** One end of a connection in memory. */
export class MemoryChannel implements Channel, PipeReceiver {
  readonly source: string
  readonly #process: MemoryProcess
  readonly #peer: MemoryProcess
  readonly #wires: MemoryWires
  #sink: ChannelSink | undefined
  #paused = false
  /** Why this end is over, from the moment it is; its sink may hear of it later. */
  #closedBy: ChannelCloseReason | undefined
  #other: MemoryChannel | undefined
  #out: MemoryPipe | undefined
  #in: MemoryPipe | undefined
  #route:
    | { readonly from: NodeAddress; readonly to: NodeAddress; readonly link: MemoryLink }
    | undefined

  private constructor(process: MemoryProcess, peer: MemoryProcess, wires: MemoryWires) {
    this.#process = process
    this.#peer = peer
    this.#wires = wires
    this.source = peer.host
  }

  /** A connection, as its two ends. */
  static pair(
    dialler: MemoryProcess,
    listener: MemoryProcess,
    wires: MemoryWires,
  ): { readonly dialled: MemoryChannel; readonly accepted: MemoryChannel } {
    const dialled = new MemoryChannel(dialler, listener, wires)
    const accepted = new MemoryChannel(listener, dialler, wires)
    dialled.#join(accepted)
    accepted.#join(dialled)
    return { dialled, accepted }
  }

  get bufferedBytes(): number {
    return this.#closedBy === undefined ? (this.#out?.bufferedBytes ?? 0) : 0
  }

  get isReading(): boolean {
    const listening = this.#sink !== undefined && !this.#paused
    // A closed end reads too: that is how the other one learns of it.
    return (listening && this.#process.isRunning) || this.#closedBy !== undefined
  }

  open(sink: ChannelSink): void {
    this.#sink = sink
    if (this.#closedBy !== undefined) this.#tellClosed(this.#closedBy)
    else this.#in?.deliver()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closedBy !== undefined || this.#out === undefined) return true
    return this.#out.write(bytes)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.stirred()
  }

  close({ graceful = false }: { readonly graceful?: boolean } = {}): void {
    if (!this.#process.isAlive) this.#finish('local')
    else if (this.#closedBy === undefined) {
      this.#out?.end('ended', { graceful })
      this.#finish('local')
    } else if (!graceful) this.#out?.end('ended', { graceful })
  }

  /** The process died: its host tells the other end. This one hears nothing until it closes. */
  die(): void {
    this.#closedBy ??= 'reset'
    this.#out?.end('reset', { graceful: false })
  }

  isBetween(left: NodeAddress, right: NodeAddress): boolean {
    const [here, there] = [this.#process.address, this.#peer.address]
    return (here.equals(left) && there.equals(right)) || (here.equals(right) && there.equals(left))
  }

  /** Whether what it carries, either way, goes over `link`. */
  isOn({ from, to }: MemoryLink): boolean {
    const [here, there] = [this.#process.address.toString(), this.#peer.address.toString()]
    return (here === from && there === to) || (here === to && there === from)
  }

  /** The connection is torn down from outside, at both ends. */
  reset(): void {
    this.#out?.stop()
    this.#in?.stop()
    this.#process.whenRunning(() => this.#finish('reset'))
    const other = this.#other
    if (other !== undefined) other.#process.whenRunning(() => other.#finish('reset'))
  }

  /** The process runs again, or the end was opened: whatever waited goes on. */
  stirred(): void {
    this.#process.whenRunning(() => {
      this.#out?.pump()
      this.#in?.deliver()
    })
  }

  received(bytes: Uint8Array): void {
    if (this.#closedBy === undefined) this.#sink?.received(bytes)
    else this.#out?.end('reset', { graceful: false }) // As a host answers for a closed socket.
  }

  ended(reason: ChannelCloseReason): void {
    this.#process.whenRunning(() => {
      if (this.#closedBy !== undefined) return
      this.#out?.end('ended', { graceful: false })
      this.#finish(reason)
    })
  }

  #join(other: MemoryChannel): void {
    this.#other = other
    this.#out = new MemoryPipe({
      clock: this.#wires.clock,
      windowBytes: this.#wires.windowBytes,
      link: () => this.#linkTo(other.#process.address),
      sender: this.#process,
      receiver: other,
      drained: () => this.#tellDrained(),
    })
    other.#in = this.#out
  }

  /** Asked for with every write: the names of links are long. */
  #linkTo(to: NodeAddress): MemoryLink {
    const from = this.#process.address
    const known = this.#route
    if (known?.from === from && known.to === to) return known.link
    const link = this.#wires.route(from, to)
    this.#route = { from, to, link }
    return link
  }

  #tellDrained(): void {
    queueMicrotask(() => {
      this.#process.whenRunning(() => {
        if (this.#closedBy === undefined && this.bufferedBytes === 0) this.#sink?.drained()
      })
    })
  }

  #finish(reason: ChannelCloseReason): void {
    this.#process.released(this)
    this.#closedBy ??= reason
    this.#tellClosed(reason)
    this.#in?.deliver()
  }

  /** Never from within the call that closed: a caller finishes its own thought first. */
  #tellClosed(reason: ChannelCloseReason): void {
    const sink = this.#sink
    this.#sink = undefined
    if (sink !== undefined) queueMicrotask(() => sink.closed(reason))
  }
}
