// One lane of an association: what waits to be sent, the connection that takes it, and the dial that
// brings the next one about. At any time a lane is in one of these states:
//
//   idle       no connection, nothing under way; the first frame dials
//   dialling   a dial is under way; frames queue
//   waiting    the next dial is due later (backoff, or the peer's own dial is awaited); frames queue
//   open       frames leave at the end of the turn
//   finishing  we said that our last frame was written; frames queue until the peer has closed
import { reconnectDelayMs } from './backoff.ts'
import type { Connection, ConnectionOwner, FrameReceiver } from './connection.ts'
import { Dial, type DialOutcome } from './dial.ts'
import type { EndpointContext, Flushable } from './endpoint-context.ts'
import type {
  DropReason,
  Lane,
  LaneCloseReason,
  Refusal,
  RefusalReason,
  SendOutcome,
} from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { HandshakeMessage, Welcome } from './handshake-messages.ts'
import type { LaneView } from './handshake-decision.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { SendQueue } from './send-queue.ts'
import type { ChannelCloseReason, DialFailure } from './transport.ts'
import { encodeFrame, frameTypes } from './wire.ts'

/** The association, as its lanes see it. */
export interface LaneOwner {
  readonly address: NodeAddress
  readonly peer: NodeIdentity | undefined
  lastHeardAt: number | undefined
  /** The lane is to be connected whether or not there is something to send. */
  wants(lane: Lane): boolean
  /** Whom to dial; `undefined` for whoever lives there. */
  target(): NodeIdentity | undefined
  welcomed(lane: PeerLane, connection: Connection, welcome: Welcome, dial: Dial): void
  /** A dial ended without a connection. Returns true to have it repeated at once. */
  dialEnded(lane: PeerLane, error: TransportError, dial: Dial | undefined): boolean
  opened(lane: PeerLane): void
  overflowed(): void
  /** Nothing happens on the lane any more: the association may have lost its purpose. */
  rested(): void
}

/** A turn's frames leave early once there are so many: the network works while the turn goes on. */
const earlyFlushBytes = 65_536
/** A connection that held so long starts the count of failed dials anew. */
const stableMs = 1_000
const noBytes = new Uint8Array(0)

export class PeerLane implements ConnectionOwner, FrameReceiver, Flushable {
  readonly lane: Lane
  readonly #context: EndpointContext
  readonly #owner: LaneOwner
  readonly #queue: SendQueue
  #connection: Connection | undefined
  #peerSequence = 0
  #openedAt = 0
  #dial: Dial | undefined
  #timer: Disposable | undefined
  #idleTimer: Disposable | undefined
  #attempts = 0
  #notBefore = 0
  /** Something will look at the queue: the end of the turn, `drained`, a dial, or a timer. */
  #awaited = false
  #finishing = false
  #active = false

  constructor(context: EndpointContext, owner: LaneOwner, lane: Lane) {
    const { limits } = context.settings
    this.lane = lane
    this.#context = context
    this.#owner = owner
    this.#queue = new SendQueue(
      {
        maxFrameBytes: this.#maxFrameBytes(),
        maxQueueBytes: lane === 'control' ? limits.maxControlQueueBytes : limits.maxDataQueueBytes,
        highWaterBytes: limits.highWaterBytes,
      },
      context.tally,
      context.slabs,
    )
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  /** Nothing is connected, under way or queued. */
  get isIdle(): boolean {
    const underWay = this.#dial !== undefined || this.#timer !== undefined
    return this.#connection === undefined && !underWay && this.#queue.frames === 0
  }

  /** The last dial failed, and the next must wait for its time. */
  get isBackingOff(): boolean {
    return this.#notBefore > this.#context.now()
  }

  get view(): LaneView {
    const { peer } = this.#owner
    if (this.#connection !== undefined && peer !== undefined) {
      return { type: 'open', incarnation: peer.incarnation, peerSequence: this.#peerSequence }
    }
    if (this.#dial === undefined) return { type: 'idle' }
    const { helloSent, expected } = this.#dial
    return { type: 'dialling', helloSent, ...(expected && { expected: expected.incarnation }) }
  }

  explain(): LaneReport {
    return {
      state: this.#state(),
      queuedFrames: this.#queue.frames,
      queuedBytes: this.#queue.bytes,
      blocked: this.#queue.isBlocked,
      failedDials: this.#attempts,
      nextDialInMs: Math.max(0, Math.round(this.#notBefore - this.#context.now())),
    }
  }

  send(frameType: number, bytes: Uint8Array, start: number, end: number): SendOutcome {
    const outcome = this.#queue.offer(frameType, bytes, start, end)
    if (outcome === 'frame-too-large' || outcome === 'queue-full') {
      return this.#refuseFrame(frameType, outcome)
    }
    if (!this.#awaited) this.#await()
    else if (this.#queue.bytes >= earlyFlushBytes) this.#flushEarly()
    return outcome
  }

  flush(): void {
    this.#awaited = false
    const connection = this.#connection
    if (connection === undefined || this.#finishing || this.#queue.isBlocked) {
      if (this.#queue.frames > 0) this.#await()
      return
    }
    this.#active = true
    this.#queue.flush(connection.channel)
    this.#relieve()
  }

  /** Dials unless connected or dialling, when the backoff allows it. */
  ensureDial(): void {
    if (this.#connection !== undefined || this.#dial !== undefined) return
    if (this.#timer !== undefined || this.#context.isClosing) return
    const waitMs = this.#notBefore - this.#context.now()
    if (waitMs > 0) this.#wait(waitMs)
    else this.#startDial()
  }

  /** Dials at once, whatever the backoff says: there is news of the peer, or somebody asks. */
  dialNow(): void {
    this.#notBefore = 0
    this.#clearTimer()
    this.ensureDial()
  }

  /** The peer is there: what waited for the backoff need not wait any longer. */
  wake(): void {
    this.#attempts = 0
    this.#notBefore = 0
    if (this.#timer !== undefined && this.#connection === undefined) this.dialNow()
  }

  /** Takes a connection whose handshake is done, in place of whatever there was. */
  adopt(connection: Connection, peerSequence: number): void {
    this.#dial?.cancel()
    this.#dial = undefined
    this.#clearTimer()
    if (this.#connection !== undefined) this.#close('replaced', undefined)
    if (this.#context.isClosing) {
      connection.close()
      return
    }
    this.#connection = connection
    this.#peerSequence = peerSequence
    this.#openedAt = this.#context.now()
    this.#notBefore = 0
    this.#owner.lastHeardAt = this.#openedAt
    this.#context.tally.connectionsOpened++
    connection.enter(this, this, this.#maxFrameBytes())
    this.#armIdleTimer()
    this.flush()
    const { peer } = this.#owner
    if (peer !== undefined) this.#context.publish({ type: 'lane-opened', peer, lane: this.lane })
    this.#owner.opened(this)
  }

  /** Waits for the peer's dial, which is to survive; dials again if it does not come. */
  yieldToPeer(): void {
    this.#clearTimer()
    this.#backOff()
    this.#wait(this.#context.settings.limits.handshakeTimeoutMs)
  }

  /** Ends whatever there is, and drops what is queued. Nothing is dialled again of itself. */
  end(reason: LaneCloseReason, dropReason: DropReason): void {
    this.#dial?.cancel()
    this.#dial = undefined
    this.#clearTimer()
    if (this.#connection !== undefined) this.#close(reason, dropReason)
    else this.#drop(dropReason)
    this.#awaited = false
  }

  /** Gives up the connection, which may be half-open, and makes another one if that is wanted. */
  reset(): void {
    if (this.#connection === undefined) return
    this.#close('local', 'lane-closed')
    this.#rest()
  }

  heard(byteLength: number): void {
    this.#active = true
    this.#owner.lastHeardAt = this.#context.now()
    this.#context.tally.bytesReceived += byteLength
  }

  received(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    const { peer } = this.#owner
    if (peer !== undefined)
      this.#context.router.route(peer, this.lane, frameType, bytes, start, end)
  }

  preludeReceived(): void {}

  messageReceived(connection: Connection, message: HandshakeMessage): void {
    switch (message.type) {
      case 'finish':
        this.#queue.flush(connection.channel)
        this.#close('idle', undefined, { graceful: true })
        this.#rest()
        return
      case 'refusal':
        this.#close('peer-gone', dropReasonOf(message.refusal.reason))
        this.refused(message.refusal, undefined)
        return
      case 'hello':
      case 'welcome':
        this.closed(connection, 'malformed')
    }
  }

  drained(): void {
    this.#queue.unblock()
    this.flush()
  }

  closed(_connection: Connection, reason: ChannelCloseReason | 'malformed'): void {
    if (this.#finishing) this.#close('idle', undefined)
    else this.#close(reason, 'lane-closed')
    this.#rest()
  }

  /** The peer said no, for `reason`; some reasons are for good, others only for now. */
  refused(refusal: Refusal, dial: Dial | undefined): void {
    const { address } = this.#owner
    this.#context.tally.refusedByPeers[refusal.reason]++
    if (refusal.reason === 'duplicate') {
      this.yieldToPeer()
      return
    }
    this.#backOff()
    const again = this.#owner.dialEnded(this, TransportError.refused(address, refusal), dial)
    const lostFrames = this.#drop(dropReasonOf(refusal.reason))
    this.#context.publish({
      type: 'dial-refused',
      address,
      lane: this.lane,
      refusal,
      lostFrames,
    })
    if (again) this.dialNow()
    else this.#rest()
  }

  #failed(failure: DialFailure, dial: Dial): void {
    const { address } = this.#owner
    this.#context.tally.dialsFailed[failure]++
    this.#backOff()
    const again = this.#owner.dialEnded(this, TransportError.dialFailed(address, failure), dial)
    const lostFrames = this.#drop('lane-closed')
    this.#context.publish({ type: 'dial-failed', address, lane: this.lane, failure, lostFrames })
    if (again) this.dialNow()
    else this.#rest()
  }

  #startDial(): void {
    const target = { lane: this.lane, address: this.#owner.address, expected: this.#owner.target() }
    const dial: Dial = new Dial(this.#context, target, (outcome) => this.#dialDone(dial, outcome))
    this.#dial = dial
  }

  #dialDone(dial: Dial, outcome: DialOutcome): void {
    this.#dial = undefined
    this.#awaited = false
    switch (outcome.type) {
      case 'welcomed':
        this.#owner.welcomed(this, outcome.connection, outcome.welcome, dial)
        return
      case 'refused':
        this.refused(outcome.refusal, dial)
        return
      case 'failed':
        this.#failed(outcome.failure, dial)
    }
  }

  /** Something is queued, and nobody is going to look: see to it that somebody does. */
  #await(): void {
    this.#awaited = true
    if (this.#connection === undefined) this.ensureDial()
    else if (!this.#finishing && !this.#queue.isBlocked) this.#context.flushSoon(this)
  }

  #flushEarly(): void {
    if (this.#connection === undefined || this.#finishing || this.#queue.isBlocked) return
    this.#queue.flush(this.#connection.channel)
  }

  #relieve(): void {
    const { peer } = this.#owner
    if (!this.#queue.takeRelief() || peer === undefined) return
    this.#context.publish({ type: 'lane-drained', peer, lane: this.lane })
  }

  #refuseFrame(frameType: number, reason: 'frame-too-large' | 'queue-full'): SendOutcome {
    const { peer } = this.#owner
    if (peer !== undefined) this.#context.dropped(peer, this.lane, frameType, reason)
    const overflow = reason === 'queue-full' && this.lane === 'control'
    if (overflow && this.#connection !== undefined) this.#owner.overflowed()
    return 'dropped'
  }

  /** Closes the connection; without a reason to drop what is queued, it waits for the next one. */
  #close(
    reason: LaneCloseReason,
    dropReason: DropReason | undefined,
    options?: { readonly graceful?: boolean },
  ): void {
    const connection = this.#connection
    const { peer } = this.#owner
    this.#connection = undefined
    this.#finishing = false
    this.#clearTimer()
    this.#idleTimer?.[Symbol.dispose]()
    connection?.close(options)
    this.#queue.disconnected()
    this.#awaited = false
    if (this.#context.now() - this.#openedAt >= stableMs) this.#attempts = 0
    if (reason !== 'replaced' && reason !== 'idle') this.#backOff()
    const lostFrames = dropReason === undefined ? 0 : this.#drop(dropReason)
    if (peer === undefined) return
    this.#context.publish({ type: 'lane-closed', peer, lane: this.lane, reason, lostFrames })
  }

  #drop(reason: DropReason): number {
    const frames = this.#queue.drop()
    this.#context.tally.dropped[reason] += frames
    return frames
  }

  /** After an end: goes on where there is a reason to, and otherwise says so. */
  #rest(): void {
    this.#awaited = false
    if (this.#owner.wants(this.lane)) this.ensureDial()
    else if (this.#queue.frames > 0) this.#await()
    else this.#owner.rested()
  }

  #backOff(): void {
    const { limits, random } = this.#context.settings
    const bounds = { minMs: limits.minReconnectMs, maxMs: limits.maxReconnectMs }
    this.#notBefore = this.#context.now() + reconnectDelayMs(this.#attempts, bounds, random)
    this.#attempts++
  }

  #wait(delayMs: number): void {
    this.#timer = this.#context.settings.clock.schedule(delayMs, () => {
      this.#timer = undefined
      this.#notBefore = 0
      if (this.#owner.wants(this.lane) || this.#queue.frames > 0) this.ensureDial()
      else this.#owner.rested()
    })
  }

  #clearTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #armIdleTimer(): void {
    const { clock, limits } = this.#context.settings
    this.#active = false
    this.#idleTimer = clock.schedule(limits.idleDataLaneMs, () => {
      if (this.#active || this.#queue.bytes > 0 || this.#owner.wants(this.lane)) {
        this.#armIdleTimer()
      } else this.#finish()
    })
  }

  /**
   * Asks the peer to close instead of closing: a frame that it has written meanwhile still arrives.
   * A peer that does not answer is half-open, and waited for no longer than for a handshake.
   */
  #finish(): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.#finishing = true
    this.#awaited = true
    connection.channel.write(encodeFrame(frameTypes.finish, noBytes))
    const { clock, limits } = this.#context.settings
    this.#timer = clock.schedule(limits.handshakeTimeoutMs, () => {
      this.#timer = undefined
      this.closed(connection, 'local')
    })
  }

  #maxFrameBytes(): number {
    const { limits } = this.#context.settings
    return this.lane === 'control' ? limits.maxControlFrameBytes : limits.maxDataFrameBytes
  }

  #state(): LaneReport['state'] {
    if (this.#connection !== undefined) return this.#finishing ? 'finishing' : 'open'
    if (this.#dial !== undefined) return 'dialling'
    return this.#timer !== undefined ? 'waiting' : 'idle'
  }
}

/** One lane, for people. */
export interface LaneReport {
  readonly state: 'idle' | 'dialling' | 'waiting' | 'open' | 'finishing'
  readonly queuedFrames: number
  readonly queuedBytes: number
  /** The network, or the peer, takes less than is sent. */
  readonly blocked: boolean
  /** Dials since the lane last held for a second. */
  readonly failedDials: number
  readonly nextDialInMs: number
}

/** Frames for a life that is over, or that does not want us, are lost for good: say so. */
function dropReasonOf(reason: RefusalReason): DropReason {
  switch (reason) {
    case 'busy':
    case 'closing':
    case 'malformed':
    case 'duplicate':
      return 'lane-closed'
    case 'wire-version':
    case 'cluster-name':
    case 'config':
    case 'wrong-incarnation':
    case 'stale-incarnation':
    case 'removed':
    case 'self':
      return 'peer-gone'
  }
}
