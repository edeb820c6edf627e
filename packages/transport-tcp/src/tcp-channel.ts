import type { Socket } from 'node:net'
import { errorCode, plainAddress, resetConnection, type ConnectedSocket } from '@casty/net'
import type { Channel, ChannelCloseReason, ChannelProof, ChannelSink } from '@casty/transport'

/** Of frames that are to be encrypted: each write is a record of its own, with what that takes by itself. */
const secureGatherMs = 0.1

/**
 * One connected socket. It is paused when it comes in here, so nothing is read before `open`.
 *
 * Invariant: `#reason` is set once, by whatever ends the channel first; from then on nothing is
 * written or delivered any more, and the sink hears of it when the socket is gone.
 */
export class TcpChannel implements Channel {
  readonly source: string
  declare readonly proof?: ChannelProof
  declare readonly gatherMs?: number
  readonly #socket: Socket
  /** The connection below TLS; the socket itself without it. */
  readonly #carrier: Socket
  readonly #lingerMs: number
  #sink: ChannelSink | undefined
  #reason: ChannelCloseReason | undefined
  #linger: ReturnType<typeof setTimeout> | undefined
  #awaitsDrain = false
  #paused = false
  #gone = false

  constructor({ socket, carrier, proof }: ConnectedSocket, lingerMs: number) {
    this.#socket = socket
    this.#carrier = carrier
    if (proof) {
      this.proof = proof
      this.gatherMs = secureGatherMs
    }
    this.#lingerMs = lingerMs
    this.source = plainAddress(socket.remoteAddress)
    socket.on('drain', () => this.#drained())
    // Node restarts the reads of a socket that is paused in the same turn as it was resumed.
    socket.on('resume', () => this.#paused && socket.pause())
    socket.on('end', () => this.#ended())
    socket.on('error', (error) => (this.#reason ??= reasonOf(error)))
    socket.on('close', () => this.#closed())
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  open(sink: ChannelSink): void {
    this.#sink = sink
    // It may have ended between its making and now: the sink still gets its last call.
    if (this.#gone) process.nextTick(() => sink.closed(this.#reason ?? 'failed'))
    else if (this.#reason === undefined && !this.#paused) this.#socket.resume()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#reason !== undefined) return false
    if (this.#socket.write(bytes) || this.#socket.writableLength === 0) return true
    this.#awaitsDrain = true
    return false
  }

  pause(): void {
    if (this.#reason !== undefined) return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (this.#reason !== undefined) return
    this.#paused = false
    if (this.#sink) this.#socket.resume()
  }

  close(options?: { readonly graceful?: boolean }): void {
    if (this.#gone) return
    const first = this.#reason === undefined
    this.#reason ??= 'local'
    if (!options?.graceful) this.#destroy()
    else if (first) this.#finish()
  }

  /** Hands on what was read into a buffer that belongs to the caller. */
  deliver(bytes: Uint8Array): void {
    if (this.#reason === undefined) this.#sink?.received(bytes)
  }

  /** The same for what Node read. A Buffer is no plain Uint8Array: its `slice` does not copy. */
  deliverBuffer({ buffer, byteOffset, length }: Buffer): void {
    this.deliver(new Uint8Array(buffer, byteOffset, length))
  }

  #drained(): void {
    if (!this.#awaitsDrain || this.#reason !== undefined) return
    this.#awaitsDrain = false
    this.#sink?.drained()
  }

  /** The other end is done, and Node ends our side as well once everything is written. */
  #ended(): void {
    if (this.#reason !== undefined) return
    this.#reason = 'ended'
    this.#limitLinger()
  }

  #finish(): void {
    this.#socket.end()
    // Reading on is part of it: closing with bytes unread makes the system send a reset, which can
    // overtake our last bytes at the other end.
    this.#paused = false
    this.#socket.resume()
    this.#limitLinger()
  }

  #limitLinger(): void {
    this.#linger ??= setTimeout(() => this.#destroy(), this.#lingerMs)
  }

  /**
   * A stream that is cut short ends in a reset, lest the other end takes it for complete, and lest
   * the system keeps the rest for a peer that does not read. A complete one ends in order.
   */
  #destroy(): void {
    if (this.#socket.writableLength > 0) resetConnection(this.#carrier)
    else this.#socket.destroy()
  }

  #closed(): void {
    clearTimeout(this.#linger)
    this.#gone = true
    this.#reason ??= 'ended'
    this.#sink?.closed(this.#reason)
  }
}

function reasonOf(error: Error): ChannelCloseReason {
  const code = errorCode(error)
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' ? 'reset' : 'failed'
}
