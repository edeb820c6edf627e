// One channel from its first byte to its last: the prelude, handshake frames, then frames of a lane.
// It reads and cuts; what the words of a handshake mean is its owner's business.
import type { Clock } from '@casty/clock'
import { FrameDecoder, type FrameSink } from './frame-decoder.ts'
import { decodeHandshake, type HandshakeMessage } from './handshake-messages.ts'
import type { Channel, ChannelCloseReason, ChannelSink } from './transport.ts'
import {
  decodePrelude,
  firstUserFrameType,
  headerBytes,
  lengthBytes,
  preludeBytes,
  startsLikeMagic,
  type Prelude,
} from './wire.ts'

/** Who answers for a connection: the acceptor or a dial during the handshake, then its lane. */
export interface ConnectionOwner {
  preludeReceived(connection: Connection, prelude: Prelude): void
  /** @param body - of its frame: reused after the call */
  messageReceived(connection: Connection, message: HandshakeMessage, body: Uint8Array): void
  drained(connection: Connection): void
  /** Last call; not made after `close`, for then the owner knows. */
  closed(connection: Connection, reason: ChannelCloseReason | 'malformed'): void
}

/** Takes what an open connection delivers. */
export interface FrameReceiver {
  /** Bytes arrived, whole frames or not. */
  heard(byteLength: number): void
  received(frameType: number, bytes: Uint8Array, start: number, end: number): void
}

/** After so many milliseconds of frames the rest of what arrived waits, so that others have their turn. */
const longestTurnMs = 5
/** The time is looked at once for so many frames of less than 128 bytes, or once for 2 KiB. */
const framesPerLook = 16

type Stage = 'prelude' | 'handshake' | 'open' | 'closed'

export class Connection implements ChannelSink, FrameSink {
  readonly channel: Channel
  readonly #decoder: FrameDecoder
  readonly #prelude = new Uint8Array(preludeBytes)
  readonly #clock: Clock
  readonly #released: (connection: Connection) => void
  #preludeLength = 0
  #stage: Stage = 'prelude'
  #owner: ConnectionOwner
  #receiver: FrameReceiver | undefined
  #turnEndsAt = 0
  #framesUntilLook = framesPerLook
  /** Goes on with what is left of the turn before. */
  #nextTurn: Disposable | undefined

  /** @param released - called once the channel has let go, however it ended */
  constructor(
    channel: Channel,
    owner: ConnectionOwner,
    maxHandshakeBytes: number,
    clock: Clock,
    released: (connection: Connection) => void,
  ) {
    this.channel = channel
    this.#owner = owner
    this.#clock = clock
    this.#released = released
    this.#decoder = new FrameDecoder(maxHandshakeBytes - preludeBytes - lengthBytes, this)
  }

  /** Starts delivery. On its own, so that the owner is set up when the first bytes arrive. */
  start(): void {
    this.channel.open(this)
  }

  get isClosed(): boolean {
    return this.#stage === 'closed'
  }

  /** The handshake is done: from here on frames go to `receiver`. */
  enter(owner: ConnectionOwner, receiver: FrameReceiver, maxFrameBytes: number): void {
    if (this.#stage === 'closed') return
    this.#stage = 'open'
    this.#owner = owner
    this.#receiver = receiver
    this.#decoder.maxFrameBytes = maxFrameBytes
  }

  /** Ends the connection from our side; the owner hears nothing more of it. */
  close(options?: { readonly graceful?: boolean }): void {
    if (this.#stage === 'closed') return
    this.#stop()
    this.channel.close(options)
  }

  /** As `close`, and without lingering for what a graceful close still has to write. */
  abort(): void {
    this.close()
    this.channel.close()
  }

  received(bytes: Uint8Array): void {
    const receiver = this.#receiver
    if (receiver !== undefined) {
      receiver.heard(bytes.length)
      this.#turnEndsAt = this.#clock.now() + longestTurnMs
    }
    const frames = this.#stage === 'prelude' ? this.#readPrelude(bytes) : bytes
    if (frames === undefined || this.#stage === 'closed') return
    if (!this.#decoder.push(frames)) this.#fail()
  }

  frame(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    const receiver = this.#receiver
    // All that comes before the handshake is done shares one budget.
    if (this.#stage === 'handshake') this.#decoder.maxFrameBytes -= end - start + headerBytes
    if (frameType < firstUserFrameType) this.#readMessage(frameType, bytes, start, end)
    else if (receiver === undefined) this.#fail()
    else {
      receiver.received(frameType, bytes, start, end)
      this.#framesUntilLook -= 1 + ((end - start) >>> 7)
      if (this.#framesUntilLook <= 0) this.#look()
    }
  }

  /** Frames may each take long, and thousands of them arrive at once. */
  #look(): void {
    this.#framesUntilLook = framesPerLook
    if (this.#stage === 'closed' || this.#clock.now() < this.#turnEndsAt) return
    this.#decoder.hold()
    this.channel.pause()
    this.#nextTurn = this.#clock.schedule(0, () => this.#goOn())
  }

  #goOn(): void {
    this.#nextTurn = undefined
    this.#turnEndsAt = this.#clock.now() + longestTurnMs
    if (!this.#decoder.goOn()) this.#fail()
    else if (this.#nextTurn === undefined && !this.isClosed) this.channel.resume()
  }

  /** What had arrived before the end, or before another one takes its place, still counts. */
  takeTheRest(): void {
    if (this.#nextTurn === undefined) return
    this.#nextTurn[Symbol.dispose]()
    this.#nextTurn = undefined
    this.#turnEndsAt = Infinity
    if (!this.#decoder.goOn()) this.#fail()
  }

  drained(): void {
    if (this.#stage !== 'closed') this.#owner.drained(this)
  }

  closed(reason: ChannelCloseReason): void {
    this.#released(this)
    this.takeTheRest()
    if (this.#stage === 'closed') return
    this.#stop()
    this.#owner.closed(this, reason)
  }

  /** Returns the bytes behind the prelude, once it is complete. */
  #readPrelude(bytes: Uint8Array): Uint8Array | undefined {
    const taken = Math.min(preludeBytes - this.#preludeLength, bytes.length)
    this.#prelude.set(bytes.subarray(0, taken), this.#preludeLength)
    this.#preludeLength += taken
    if (!startsLikeMagic(this.#prelude, this.#preludeLength)) {
      this.#fail()
      return undefined
    }
    if (this.#preludeLength < preludeBytes) return undefined
    this.#stage = 'handshake'
    this.#owner.preludeReceived(this, decodePrelude(this.#prelude))
    return bytes.subarray(taken)
  }

  #readMessage(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    let message: HandshakeMessage | undefined
    try {
      message = decodeHandshake(frameType, bytes, start, end)
    } catch {
      // Whatever was wrong with it, the sender is no peer of ours; it is counted where it is known.
      this.#fail()
      return
    }
    if (message !== undefined) {
      this.#owner.messageReceived(this, message, bytes.subarray(start, end))
    } else if (this.#receiver === undefined) this.#fail()
    // A later version's: nobody has a handler for it, and so it is counted and dropped as unknown.
    else this.#receiver.received(frameType, bytes, start, end)
  }

  #fail(): void {
    if (this.#stage === 'closed') return
    this.#stop()
    this.channel.close()
    this.#owner.closed(this, 'malformed')
  }

  #stop(): void {
    this.#stage = 'closed'
    this.#receiver = undefined
    this.#nextTurn?.[Symbol.dispose]()
    this.#nextTurn = undefined
    this.#decoder.stop()
  }
}
