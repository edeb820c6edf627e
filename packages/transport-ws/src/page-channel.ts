import type { Channel, ChannelCloseReason, ChannelSink } from '@casty/transport'
import type { PageWsOptions } from './browser-options.ts'
import { Inbox } from './inbox.ts'
import { gatherMs, messagesOf } from './messages.ts'

/** The names of these codes: RFC 6455, §7.4.1. */
const done = 1000
const goingAway = 1001
const noCode = 1005
const abnormal = 1006

/** A page is not told when its socket has sent: it looks again after so long. */
const drainCheckMs = 5

/**
 * One WebSocket of a browser. It can be held up in writing, by looking at what waits to be sent; in reading
 * it cannot, so what comes while it is paused is held, within a bound.
 *
 * Invariant: `#reason` is set once, by whatever ends the channel first.
 */
export class PageChannel implements Channel {
  readonly source: string
  readonly gatherMs: number = gatherMs
  readonly #socket: WebSocket
  readonly #options: Required<PageWsOptions>
  readonly #inbox = new Inbox()
  #reason: ChannelCloseReason | undefined
  #drainCheck: ReturnType<typeof setTimeout> | undefined
  #linger: ReturnType<typeof setTimeout> | undefined

  /** @param socket - open, with `binaryType` `arraybuffer` */
  constructor(socket: WebSocket, source: string, options: Required<PageWsOptions>) {
    this.source = source
    this.#socket = socket
    this.#options = options
    socket.addEventListener('message', (event) => this.#received(event.data))
    socket.addEventListener('close', ({ code }) => this.#closed(code))
  }

  get bufferedBytes(): number {
    return this.#reason === undefined ? this.#socket.bufferedAmount : 0
  }

  open(sink: ChannelSink): void {
    this.#inbox.open(sink)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#reason !== undefined) return false
    // Bytes of shared memory are none that a channel is given.
    for (const message of messagesOf(bytes)) this.#socket.send(message as Uint8Array<ArrayBuffer>)
    if (this.#socket.bufferedAmount <= this.#options.highWaterBytes) return true
    this.#drainCheck ??= setTimeout(() => this.#checkDrain(), drainCheckMs)
    return false
  }

  pause(): void {
    this.#inbox.pause()
  }

  resume(): void {
    this.#inbox.resume()
  }

  close(options?: { readonly graceful?: boolean }): void {
    const first = this.#reason === undefined
    this.#reason ??= 'local'
    this.#inbox.shut()
    clearTimeout(this.#drainCheck)
    this.#socket.close(done)
    // A page cannot tear its connection down: it stops to wait for it.
    if (!options?.graceful) this.#endSoon(0)
    else if (first) this.#endSoon(this.#options.lingerMs)
  }

  #endSoon(afterMs: number): void {
    clearTimeout(this.#linger)
    this.#linger = setTimeout(() => this.#ended(), afterMs)
  }

  #received(data: unknown): void {
    if (this.#reason !== undefined) return
    if (!(data instanceof ArrayBuffer)) return this.#fail()
    this.#inbox.received(new Uint8Array(data))
    if (this.#inbox.heldBytes > this.#options.maxHeldBytes) this.#fail()
  }

  #fail(): void {
    this.#reason = 'failed'
    this.#inbox.shut()
    this.#socket.close(3000 + 3)
    this.#endSoon(this.#options.lingerMs)
  }

  #checkDrain(): void {
    this.#drainCheck = undefined
    if (this.#reason !== undefined) return
    if (this.#socket.bufferedAmount === 0) this.#inbox.drained()
    else this.#drainCheck = setTimeout(() => this.#checkDrain(), drainCheckMs)
  }

  #closed(code: number): void {
    if (code === abnormal) this.#reason ??= 'reset'
    else this.#reason ??= [done, goingAway, noCode].includes(code) ? 'ended' : 'failed'
    this.#ended()
  }

  #ended(): void {
    clearTimeout(this.#linger)
    clearTimeout(this.#drainCheck)
    this.#inbox.ended(this.#reason ?? 'failed')
  }
}
