// The sending and receiving side of a lane: what waits, the connection that takes it when there is
// one, and the watch over that connection. How connections come about is the lane's business.
import type { Trust } from './authentication.ts'
import type { Connection, ConnectionOwner, FrameReceiver } from './connection.ts'
import type { EndpointContext, Flushable } from './endpoint-context.ts'
import type { DropReason, Lane, LaneCloseReason, Refusal, SendOutcome } from './endpoint-types.ts'
import type { HandshakeMessage } from './handshake-messages.ts'
import type { NodeIdentity } from './node-identity.ts'
import { isOrderly, type OrderlyReason } from './orderly-end.ts'
import { heeded } from './refusal.ts'
import { SendQueue } from './send-queue.ts'
import { SilenceWatch } from './silence-watch.ts'
import type { ChannelCloseReason } from './transport.ts'
import { encodeFrame, frameTypes } from './wire.ts'

/** The lane, as its link sees it. */
export interface LinkOwner {
  readonly lane: Lane
  readonly peer: NodeIdentity | undefined
  /** As what the peer proved itself. */
  readonly trust: Trust | undefined
  /** The connection is wanted even when nothing is sent. */
  readonly isWanted: boolean
  heardAt(now: number): void
  /** Frames wait, and there is no connection. */
  needsConnection(): void
  /** The connection is over: broken, or closed for idleness. */
  disconnected(reason: LaneCloseReason, heldMs: number): void
  /** The peer says that it does not want us after all. */
  turnedAway(refusal: Refusal): void
  /** The control lane's queue is full. */
  overflowed(): void
}

/** A turn's frames leave early once there are so many: the network works while the turn goes on. */
const earlyFlushBytes = 65_536
/**
 * Or once they have gathered for so long, in milliseconds, so that the other end begins while this one goes on: else
 * two that ask and answer would work in turns. Twice as long each time, so that a long turn makes few writes more. A
 * channel may say otherwise.
 */
const usualGatherMs = 0.025
/** Between two looks at the time: what comes first. */
const framesPerLook = 16
const bytesPerLook = 512
const noBytes = new Uint8Array(0)
const finishFrame = encodeFrame(frameTypes.finish, noBytes)
const pingFrame = encodeFrame(frameTypes.ping, noBytes)
const pongFrame = encodeFrame(frameTypes.pong, noBytes)

/**
 * Whether the connection is to end without a loss. `asked`: we said that our last frame was written, and the peer is to
 * close. `asking`: the peer said so; we close once the network has taken what we had. In both, what comes waits for
 * the next connection.
 */
type Ending = 'none' | 'asked' | 'asking'

export class LaneLink implements ConnectionOwner, FrameReceiver, Flushable {
  readonly #context: EndpointContext
  readonly #owner: LinkOwner
  readonly #queue: SendQueue
  readonly #maxFrameBytes: number
  #connection: Connection | undefined
  #trust: Trust | undefined
  #openedAt = 0
  #activeAt = 0
  #isActive = false
  #ending: Ending = 'none'
  /** Why it ends in order, if it does. */
  #endsFor: OrderlyReason = 'idle'
  /** Somebody will look at the queue: the end of the turn, `drained`, or the next connection. */
  #isAwaited = false
  /** When what gathers in this turn is to leave, and for how long it gathers. */
  #enoughAt = 0
  #gatherMs = 0
  #looksAtBytes = 0
  #watch: SilenceWatch
  #timer: Disposable | undefined

  constructor(context: EndpointContext, owner: LinkOwner) {
    const { limits } = context.settings
    const isControl = owner.lane === 'control'
    this.#context = context
    this.#owner = owner
    this.#maxFrameBytes = isControl ? limits.maxControlFrameBytes : limits.maxDataFrameBytes
    this.#watch = this.#newWatch()
    this.#queue = new SendQueue(
      {
        maxFrameBytes: this.#maxFrameBytes,
        maxQueueBytes: isControl ? limits.maxControlQueueBytes : limits.maxDataQueueBytes,
        highWaterBytes: limits.highWaterBytes,
      },
      context.tally,
      context.slabs,
    )
  }

  get queue(): SendQueue {
    return this.#queue
  }

  /** Of the certificate that the peer showed. */
  get fingerprint(): string | undefined {
    return this.#connection?.channel.proof?.fingerprint
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  /** The last frame of this connection was written. */
  get isFinishing(): boolean {
    return this.#ending !== 'none'
  }

  send(frameType: number, bytes: Uint8Array, start: number, end: number): SendOutcome {
    return this.#offered(frameType, this.#queue.offer(frameType, bytes, start, end))
  }

  /** As `send`, for what may go on behind the frame before. */
  join(
    frameType: number,
    bytes: Uint8Array,
    start: number,
    part: number,
    end: number,
  ): SendOutcome {
    return this.#offered(frameType, this.#queue.offerPart(frameType, bytes, start, part, end))
  }

  #offered(frameType: number, outcome: ReturnType<SendQueue['offer']>): SendOutcome {
    if (outcome === 'frame-too-large' || outcome === 'queue-full') {
      return this.#refuseFrame(frameType, outcome)
    }
    if (!this.#isAwaited) this.#await()
    else if (this.#isEnough()) this.#write()
    return outcome
  }

  /** What has gathered leaves before the end of the turn. */
  #isEnough(): boolean {
    const { parts, waitingBytes } = this.#queue
    if (waitingBytes >= earlyFlushBytes) return true
    if (parts % framesPerLook !== 0 && waitingBytes < this.#looksAtBytes) return false
    this.#looksAtBytes = waitingBytes + bytesPerLook
    const now = this.#context.now()
    if (now < this.#enoughAt) return false
    this.#gatherMs *= 2
    this.#looksAtBytes = bytesPerLook
    this.#enoughAt = now + this.#gatherMs
    return true
  }

  flush(): void {
    this.#isAwaited = false
    this.#write()
    if (this.#queue.frames > 0) this.#await()
    const { peer, lane } = this.#owner
    if (this.#queue.takeRelief() && peer !== undefined) {
      this.#context.publish({ type: 'lane-drained', peer, lane })
    }
  }

  /** Takes a connection whose handshake is done, and what waited leaves by it. */
  attach(connection: Connection): void {
    this.#connection = connection
    this.#trust = this.#owner.trust
    this.#openedAt = this.#activeAt = this.#context.now()
    this.#watch = this.#newWatch()
    connection.enter(this, this, this.#maxFrameBytes)
    this.#armTimer()
    this.flush()
  }

  /** Gives way to another connection: what this one has brought comes before what that one brings. */
  giveWay(): void {
    this.#connection?.takeTheRest()
    if (this.isOpen) this.detach('replaced', undefined)
  }

  /** Closes the connection. What waits is dropped for `dropReason`; without one, it goes on waiting. */
  detach(
    reason: LaneCloseReason,
    dropReason: DropReason | undefined,
    options?: { readonly graceful?: boolean },
  ): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#ending = 'none'
    this.#endsFor = 'idle'
    this.#isAwaited = false
    this.#timer?.[Symbol.dispose]()
    this.#queue.disconnected()
    const lostFrames = dropReason === undefined ? 0 : this.drop(dropReason)
    if (connection === undefined) return
    connection.close(options)
    const { peer, lane } = this.#owner
    if (peer === undefined) return
    this.#context.publish({ type: 'lane-closed', peer, lane, reason, lostFrames })
  }

  /**
   * Writes out what waits, and asks the peer to close instead of closing: a frame that it has written meanwhile
   * still arrives. A peer that does not answer is half-open, and waited for no longer than for a handshake.
   */
  finish(reason: OrderlyReason = 'idle'): void {
    const connection = this.#connection
    if (connection === undefined || this.isFinishing) return
    this.#endsFor = reason
    this.#queue.flush(connection.channel)
    this.#ending = 'asked'
    this.#isAwaited = true
    connection.channel.write(finishFrame)
    this.#endSoon(reason)
  }

  /** Gives up a connection that may be half-open. */
  reset(): void {
    if (this.#connection !== undefined) this.#disconnect('local')
  }

  /** Drops what waits; returns how many frames that were. */
  drop(reason: DropReason): number {
    const frames = this.#queue.drop()
    this.#context.tally.dropped[reason] += frames
    this.#isAwaited = false
    return frames
  }

  heard(byteLength: number): void {
    this.#isActive = true
    this.#watch.heard()
    this.#context.tally.bytesReceived += byteLength
    this.#owner.heardAt(this.#context.now())
  }

  received(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    const { peer, lane } = this.#owner
    if (peer === undefined) return
    const { router } = this.#context
    if (this.#trust === 'member' || router.isOpenToClients(frameType)) {
      router.route(peer, lane, frameType, bytes, start, end)
    } else this.#context.dropped(peer, lane, frameType, 'untrusted')
  }

  preludeReceived(): void {}

  messageReceived(connection: Connection, message: HandshakeMessage): void {
    switch (message.type) {
      case 'ping':
        connection.channel.write(pongFrame)
        return
      case 'pong':
        this.#watch.answered()
        return
      case 'finish':
        // What came since we said the same waits for the next connection: the peer closes this one without it.
        if (this.#ending !== 'asked') this.#queue.flush(connection.channel)
        if (!this.#queue.isBlocked) {
          this.#disconnect(this.#endsFor, { graceful: true })
          return
        }
        // It waits no longer itself; one that takes nothing, and speaks on, would else stay for ever.
        if (this.#ending === 'none') this.#endSoon(this.#endsFor)
        this.#ending = 'asking'
        return
      case 'refusal':
        this.#turnedAway(message.refusal)
        return
      case 'hello':
      case 'challenge':
      case 'proof':
      case 'welcome':
        this.#disconnect('malformed')
    }
  }

  drained(): void {
    this.#queue.unblock()
    if (this.#ending === 'asking') this.#disconnect(this.#endsFor, { graceful: true })
    else this.flush()
  }

  closed(_connection: Connection, reason: ChannelCloseReason | 'malformed'): void {
    this.#disconnect(this.#ending === 'asked' ? this.#endsFor : reason)
  }

  #turnedAway(refusal: Refusal): void {
    const { peer: identity } = this.#owner
    const trust = this.#trust
    this.detach('peer-gone', 'peer-gone')
    if (identity === undefined) return
    this.#owner.turnedAway(heeded(refusal, { identity, trust }, this.#context.self))
  }

  /** The other end has no longer to do its part than for a handshake. */
  #endSoon(reason: OrderlyReason): void {
    const { clock, limits } = this.#context.settings
    this.#timer?.[Symbol.dispose]()
    this.#timer = clock.schedule(limits.handshakeTimeoutMs, () => this.#disconnect(reason))
  }

  #disconnect(reason: LaneCloseReason, options?: { readonly graceful?: boolean }): void {
    const heldMs = this.#context.now() - this.#openedAt
    this.detach(reason, isOrderly(reason) ? undefined : 'lane-closed', options)
    this.#owner.disconnected(reason, heldMs)
  }

  #write(): void {
    const connection = this.#connection
    if (connection === undefined || this.isFinishing || this.#queue.isBlocked) return
    this.#isActive = true
    this.#watch.wrote(this.#queue.flush(connection.channel))
  }

  /** Frames wait, and nobody is going to look: see to it that somebody does. */
  #await(): void {
    this.#isAwaited = true
    this.#looksAtBytes = bytesPerLook
    this.#gatherMs = this.#connection?.channel.gatherMs ?? usualGatherMs
    this.#enoughAt = this.#context.now() + this.#gatherMs
    if (this.#connection === undefined) this.#owner.needsConnection()
    else if (!this.isFinishing && !this.#queue.isBlocked) this.#context.flushSoon(this)
  }

  #refuseFrame(frameType: number, reason: 'frame-too-large' | 'queue-full'): SendOutcome {
    const { peer, lane } = this.#owner
    if (peer !== undefined) this.#context.dropped(peer, lane, frameType, reason)
    const overflow = reason === 'queue-full' && lane === 'control'
    if (overflow && this.#connection !== undefined) this.#owner.overflowed()
    return 'dropped'
  }

  #armTimer(): void {
    const { clock, limits } = this.#context.settings
    // A quarter until the ping, three more until the verdict, with room for the ping's own time.
    const intervalMs = Math.min(limits.maxSilenceMs / 4, limits.idleLaneMs)
    const dueAt = clock.now() + intervalMs
    this.#timer = clock.schedule(intervalMs, () => {
      const now = clock.now()
      this.#tick(now, now - dueAt > intervalMs / 2)
    })
  }

  #tick(now: number, wasLate: boolean): void {
    if (this.#isActive) this.#activeAt = now
    this.#isActive = false
    const verdict = this.#watch.tick(now, wasLate)
    if (verdict === 'silent') {
      this.#disconnect('silent')
      return
    }
    this.#armTimer()
    const lapse = this.#connection?.channel.proof?.lapse?.()
    if (lapse !== undefined) {
      this.finish(lapse)
      return
    }
    if (verdict === 'ping') this.#connection?.channel.write(pingFrame)
    const idleMs = now - this.#activeAt
    const isIdle = idleMs >= this.#context.settings.limits.idleLaneMs && this.#queue.bytes === 0
    if (isIdle && !this.#owner.isWanted) this.finish()
  }

  #newWatch(): SilenceWatch {
    const { maxSilenceMs } = this.#context.settings.limits
    return new SilenceWatch((maxSilenceMs * 5) / 8, this.#owner.lane === 'data')
  }
}
