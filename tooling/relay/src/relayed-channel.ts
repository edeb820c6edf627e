import type { Channel, ChannelCloseReason, ChannelSink } from '@casty/transport'
import { encodeGreeting, refused, type Greeting } from './greeting.ts'

/** What became of a greeting; `lost` where the connection to the relay ended before. */
export type Answer = 'connected' | 'refused' | 'lost'

const nothing = new Uint8Array()

/** A channel through the relay: a channel to it, less what both say to each other first. */
export class RelayedChannel implements Channel {
  readonly answer: Promise<Answer>
  readonly #inner: Channel
  #sink: ChannelSink | undefined
  /** What came in one piece with the answer. */
  #early = nothing
  #closed: ChannelCloseReason | undefined
  #isPaused = false

  constructor(inner: Channel, greeting: Greeting) {
    this.#inner = inner
    this.answer = new Promise((resolve) => {
      let isAnswered = false
      inner.open({
        received: (bytes) => {
          if (isAnswered) return this.#sink?.received(bytes)
          isAnswered = true
          inner.pause() // Nothing is delivered before this channel is opened.
          this.#early = bytes.slice(1)
          resolve(bytes[0] === refused ? 'refused' : 'connected')
        },
        drained: () => this.#sink?.drained(),
        closed: (reason) => {
          resolve('lost')
          this.#closed = reason
          this.#sink?.closed(reason)
        },
      })
    })
    inner.write(encodeGreeting(greeting))
  }

  get source(): string {
    return this.#inner.source
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  open(sink: ChannelSink): void {
    process.nextTick(() => {
      this.#sink = sink
      if (this.#closed === undefined) this.#deliver()
      else sink.closed(this.#closed)
    })
  }

  write(bytes: Uint8Array): boolean {
    return this.#inner.write(bytes)
  }

  pause(): void {
    this.#isPaused = true
    this.#inner.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#deliver()
  }

  close(options?: { readonly graceful?: boolean }): void {
    this.#early = nothing
    this.#inner.close(options)
  }

  #deliver(): void {
    if (!this.#sink || this.#isPaused) return
    const early = this.#early
    this.#early = nothing
    if (early.length > 0) this.#sink.received(early)
    if (!this.#isPaused) this.#inner.resume()
  }
}
