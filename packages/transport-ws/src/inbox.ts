import type { ChannelCloseReason, ChannelSink } from '@casty/transport'

/** What a message takes besides its bytes, about: many small ones must not take more than a few large ones. */
const messageOverheadBytes = 128

/**
 * What has come and may not be delivered yet: before the channel is opened, and while it is paused. Its end is
 * delivered behind it.
 */
export class Inbox {
  #held: Uint8Array[] = []
  /** How many of them are delivered. */
  #delivered = 0
  #sink: ChannelSink | undefined
  #isPaused = false
  #isShut = false
  #heldBytes = 0
  #end: ChannelCloseReason | undefined

  get isOpen(): boolean {
    return this.#sink !== undefined && !this.#isPaused
  }

  /** With what the messages themselves take. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  open(sink: ChannelSink): void {
    this.#sink = sink
    this.#deliver()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#deliver()
  }

  /** @param bytes - the inbox's from now on */
  received(bytes: Uint8Array): void {
    if (this.#isShut || bytes.length === 0) return
    if (this.isOpen && this.#held.length === 0) return this.#sink?.received(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length + messageOverheadBytes
  }

  drained(): void {
    if (!this.#isShut) this.#sink?.drained()
  }

  /** Delivers nothing any more, but the end. */
  shut(): void {
    this.#isShut = true
    this.#let()
  }

  /** The last that is delivered. */
  ended(reason: ChannelCloseReason): void {
    this.#end ??= reason
    this.#deliver()
  }

  #deliver(): void {
    const sink = this.#sink
    if (!sink) return
    while (this.isOpen) {
      const bytes = this.#held[this.#delivered]
      if (!bytes) break
      this.#delivered += 1
      this.#heldBytes -= bytes.length + messageOverheadBytes
      sink.received(bytes)
    }
    if (this.#delivered < this.#held.length) return
    this.#let()
    if (this.#end === undefined) return
    this.#sink = undefined
    sink.closed(this.#end)
  }

  #let(): void {
    this.#held = []
    this.#delivered = 0
    this.#heldBytes = 0
  }
}
