import type { Socket } from 'node:net'
import { errorCode, plainAddress, resetConnection, type ConnectedSocket } from '@casty/net'
import type { Channel, ChannelCloseReason, ChannelProof, ChannelSink } from '@casty/transport'
import type { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'
import { gatherMs, messagesOf } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'

/** Close codes of an orderly end: done, going away, no code given. RFC 6455, §7.4.1 */
const orderly: readonly number[] = [1000, 1001, 1005]
/** Of one without a closing handshake: the connection broke. */
const abnormal = 1006

const binary = { binary: true, compress: false } as const

/**
 * One WebSocket. Each write is a message, or several; where one ends means nothing.
 *
 * Invariant: `#reason` is set once, by whatever ends the channel first; from then on nothing is
 * written or delivered any more, and the sink hears of it when the socket is gone.
 */
export class WsChannel implements Channel {
  readonly source: string
  declare readonly proof?: ChannelProof
  readonly gatherMs: number = gatherMs
  readonly #socket: WebSocket
  /** What the WebSocket is on, and the connection below that where it is TLS. */
  readonly #carrier: Socket
  readonly #connection: Socket
  readonly #inbox = new Inbox()
  readonly #lingerMs: number
  readonly #pings: ReturnType<typeof setInterval>
  #reason: ChannelCloseReason | undefined
  #linger: ReturnType<typeof setTimeout> | undefined
  #awaitsDrain = false
  #gone = false

  /**
   * @param carrier - what the WebSocket is on
   * @param source - where others say that it comes from; the carrier's address where nobody says so
   */
  constructor(
    socket: WebSocket,
    { socket: carrier, carrier: connection, proof }: ConnectedSocket,
    { lingerMs, pingIntervalMs }: ResolvedWsOptions,
    source?: string,
  ) {
    this.#socket = socket
    this.#carrier = carrier
    this.#connection = connection
    if (proof) this.proof = proof
    this.#lingerMs = lingerMs
    this.source = source ?? plainAddress(carrier.remoteAddress)
    this.#pings = setInterval(() => socket.ping(), pingIntervalMs).unref()
    socket.pause() // Nothing is read before the channel is opened.
    socket.on('message', (data, isBinary) => this.#received(data, isBinary))
    socket.on('error', (error) => (this.#reason ??= reasonOf(error)))
    socket.on('close', (code) => this.#closed(code))
    carrier.on('drain', () => this.#drained())
    // The other end is done: a WebSocket waits for ever until it has taken what was written to it.
    carrier.on('end', () => this.#limitLinger())
  }

  get bufferedBytes(): number {
    return this.#gone ? 0 : this.#socket.bufferedAmount
  }

  open(sink: ChannelSink): void {
    this.#inbox.open(sink)
    if (this.#reason === undefined && this.#inbox.isOpen) this.#socket.resume()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#reason !== undefined) return false
    for (const message of messagesOf(bytes)) this.#socket.send(message, binary)
    // A large write asks to wait even where the system took all of it within the call.
    this.#awaitsDrain = this.#carrier.writableNeedDrain && this.#carrier.writableLength > 0
    return !this.#awaitsDrain
  }

  /** What came before an end is held as well, and the end behind it. */
  pause(): void {
    this.#inbox.pause()
    if (this.#reason === undefined) this.#socket.pause()
  }

  resume(): void {
    this.#inbox.resume()
    if (this.#inbox.isOpen) this.#socket.resume()
  }

  close(options?: { readonly graceful?: boolean }): void {
    if (this.#gone) return
    const first = this.#reason === undefined
    this.#reason ??= 'local'
    this.#inbox.shut()
    if (!options?.graceful) this.#destroy()
    else if (first) this.#finish()
  }

  #received(data: unknown, isBinary: boolean): void {
    if (this.#reason !== undefined) return
    // Messages are whole buffers unless a WebSocket was told otherwise; text is not ours.
    if (!isBinary || !Buffer.isBuffer(data)) return this.#fail()
    // A Buffer is no plain Uint8Array: its `slice` does not copy.
    this.#inbox.received(new Uint8Array(data.buffer, data.byteOffset, data.length))
  }

  #fail(): void {
    this.#reason = 'failed'
    this.#inbox.shut()
    this.#socket.close(1003, 'binary messages only')
    this.#limitLinger()
  }

  #drained(): void {
    if (!this.#awaitsDrain || this.#reason !== undefined) return
    this.#awaitsDrain = false
    this.#inbox.drained()
  }

  #finish(): void {
    this.#socket.close(1000)
    this.#socket.resume() // The other end's farewell may be behind what nobody reads here.
    this.#limitLinger()
  }

  #limitLinger(): void {
    this.#linger ??= setTimeout(() => this.#destroy(), this.#lingerMs)
  }

  /** A stream that is cut short ends in a reset, lest the system keeps the rest for a peer that does not read. */
  #destroy(): void {
    if (this.#carrier.writableLength > 0) resetConnection(this.#connection)
    else this.#socket.terminate()
  }

  #closed(code: number): void {
    clearTimeout(this.#linger)
    clearInterval(this.#pings)
    this.#gone = true
    this.#reason ??= code === abnormal ? 'reset' : orderly.includes(code) ? 'ended' : 'failed'
    this.#inbox.ended(this.#reason)
  }
}

function reasonOf(error: Error): ChannelCloseReason {
  const code = errorCode(error)
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED' ? 'reset' : 'failed'
}
