import type { ChannelCloseReason, ChannelSink } from '@casty/transport'

/**
 * What has come and may not be delivered yet: before the channel is opened, and while it is paused. Its end is
 * delivered behind it.
 */
export class Inbox {
  readonly #held: Uint8Array[] = []
  #sink: ChannelSink | undefined
  #isPaused = false
  #isShut = false
  #heldBytes = 0
  #end: ChannelCloseReason | undefined

  get isOpen(): boolean {
    return this.#sink !== undefined && !this.#isPaused
  }

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
    if (this.#isShut) return
    if (this.isOpen && this.#held.length === 0) return this.#sink?.received(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }

  drained(): void {
    if (!this.#isShut) this.#sink?.drained()
  }

  /** Delivers nothing any more, but the end. */
  shut(): void {
    this.#isShut = true
    this.#held.length = 0
    this.#heldBytes = 0
  }

  /** The last that is delivered. */
  ended(reason: ChannelCloseReason): void {
    this.#end ??= reason
    this.#deliver()
  }

  #deliver(): void {
    const sink = this.#sink
    if (!sink) return
    while (this.isOpen && this.#held.length > 0) {
      const [bytes] = this.#held.splice(0, 1)
      if (!bytes) break
      this.#heldBytes -= bytes.length
      sink.received(bytes)
    }
    if (this.#end === undefined || this.#held.length > 0) return
    this.#sink = undefined
    sink.closed(this.#end)
  }
}
