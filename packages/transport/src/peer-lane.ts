// One lane of an association, and how its connection comes about. At any time it is in one of these
// states:
//
//   idle       no connection, nothing under way; the first frame dials
//   dialling   a dial is under way; frames queue
//   waiting    the next dial is due later (backoff, or the peer's own dial is awaited); frames queue
//   open       frames leave at the end of the turn
//   finishing  our last frame was written, since one of the two wants to close; frames queue until that is done
import type { Trust } from './authentication.ts'
import type { Connection } from './connection.ts'
import { Dial, type DialOutcome, type DialTarget } from './dial.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { DropReason, Lane, LaneCloseReason, Refusal, SendOutcome } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { LaneView } from './handshake-decision.ts'
import type { Welcome } from './handshake-messages.ts'
import { LaneLink, type LinkOwner } from './lane-link.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { isOrderly } from './orderly-end.ts'
import { dropReasonOf } from './refusal.ts'
import { RedialSchedule } from './redial-schedule.ts'
import type { LaneReport } from './reports.ts'

/** The association, as its lanes see it. */
export interface LaneOwner {
  readonly address: NodeAddress
  readonly peer: NodeIdentity | undefined
  readonly trust: Trust | undefined
  lastHeardAt: number | undefined
  /** The lane is to be connected whether or not there is something to send. */
  wants(lane: Lane): boolean
  /** Whom to dial; `undefined` for whoever lives there. */
  target(): Pick<DialTarget, 'expected' | 'namedBy'>
  /** Whoever answers at the address lives elsewhere. */
  livesElsewhere(lane: PeerLane, actual: NodeIdentity, dial: Dial): void
  welcomed(lane: PeerLane, connection: Connection, welcome: Welcome, dial: Dial): void
  /** A dial ended without a connection. Returns true to have it repeated at once. */
  dialEnded(lane: PeerLane, error: TransportError, dial: Dial | undefined): boolean
  /** The peer keeps the connection that it dials itself, and is `actual`. */
  yielded(actual: NodeIdentity | undefined): void
  opened(lane: PeerLane): void
  overflowed(): void
  /** Nothing happens on the lane any more: the association may have lost its purpose. */
  rested(): void
}

export class PeerLane implements LinkOwner {
  readonly lane: Lane
  readonly #context: EndpointContext
  readonly #owner: LaneOwner
  readonly #link: LaneLink
  readonly #redial: RedialSchedule
  #peerSequence = 0
  #dial: Dial | undefined
  #timer: Disposable | undefined

  constructor(context: EndpointContext, owner: LaneOwner, lane: Lane) {
    const { clock, random, limits } = context.settings
    const bounds = { minMs: limits.minReconnectMs, maxMs: limits.maxReconnectMs }
    this.lane = lane
    this.#context = context
    this.#owner = owner
    this.#redial = new RedialSchedule(clock, random, bounds)
    this.#link = new LaneLink(context, this)
  }

  get peer(): NodeIdentity | undefined {
    return this.#owner.peer
  }

  get trust(): Trust | undefined {
    return this.#owner.trust
  }

  get fingerprint(): string | undefined {
    return this.#link.fingerprint
  }

  get isOpen(): boolean {
    return this.#link.isOpen
  }

  get isWanted(): boolean {
    return this.#owner.wants(this.lane)
  }

  /** Nothing is connected, under way or queued. */
  get isIdle(): boolean {
    const underWay = this.#dial !== undefined || this.#timer !== undefined
    return !this.#link.isOpen && !underWay && this.#link.queue.frames === 0
  }

  /** The last dial failed, and the next must wait for its time. */
  get isBackingOff(): boolean {
    return this.#redial.waitMs > 0
  }

  get view(): LaneView {
    const { peer } = this.#owner
    if (this.#link.isOpen && peer !== undefined) {
      return { type: 'open', incarnation: peer.incarnation, peerSequence: this.#peerSequence }
    }
    if (this.#dial === undefined) return { type: 'idle' }
    const { helloSent, expected } = this.#dial
    return { type: 'dialling', helloSent, ...(expected && { expected: expected.incarnation }) }
  }

  explain(): LaneReport {
    const { queue } = this.#link
    return {
      state: this.#state(),
      queuedFrames: queue.frames,
      queuedBytes: queue.bytes,
      blocked: queue.isBlocked,
      failures: this.#redial.failures,
      nextDialInMs: Math.round(this.#redial.waitMs),
    }
  }

  send(frameType: number, bytes: Uint8Array, start: number, end: number): SendOutcome {
    return this.#link.send(frameType, bytes, start, end)
  }

  /** As `send`, for a part of a frame: see `Endpoint.join`. */
  join(
    frameType: number,
    bytes: Uint8Array,
    start: number,
    part: number,
    end: number,
  ): SendOutcome {
    return this.#link.join(frameType, bytes, start, part, end)
  }

  /** Hands over what waits now, rather than at the end of the turn. */
  flush(): void {
    this.#link.flush()
  }

  /** Dials unless connected or dialling, as soon as the backoff allows it. */
  ensureDial(): void {
    if (this.#link.isOpen || this.#dial !== undefined) return
    if (this.#timer !== undefined || this.#context.isClosing) return
    const { waitMs } = this.#redial
    if (waitMs > 0) this.#wait(waitMs)
    else this.#startDial()
  }

  /** Dials at once, whatever the backoff says: there is news of the peer, or somebody asks. */
  dialNow(): void {
    this.#redial.hurry()
    this.#clearTimer()
    this.ensureDial()
  }

  /** Nobody waits for the dial any more: ends it, unless there is another reason for it. */
  giveUpDial(): void {
    if (this.#link.isOpen || this.isWanted || this.#link.queue.frames > 0) return
    this.#stopDialling()
    this.#owner.rested()
  }

  /** The peer is there: what waited for the backoff need not wait any longer. */
  wake(): void {
    this.#redial.reset()
    if (this.#timer !== undefined) this.dialNow()
  }

  /** Takes a connection whose handshake is done, in place of whatever there was. */
  adopt(connection: Connection, peerSequence: number): void {
    this.#stopDialling()
    this.#link.giveWay()
    if (this.#context.isClosing) {
      connection.close()
      return
    }
    this.#peerSequence = peerSequence
    this.#redial.hurry()
    this.#owner.lastHeardAt = this.#context.now()
    this.#context.tally.connectionsOpened++
    this.#link.attach(connection)
    const { peer } = this.#owner
    if (peer !== undefined) this.#context.publish({ type: 'lane-opened', peer, lane: this.lane })
    this.#owner.opened(this)
  }

  /** Gives up the connection, which may be half-open, and makes another one if that is wanted. */
  reset(): void {
    this.#link.reset()
  }

  /** Ends in order: see `LaneLink.finish`. What waits for a connection is dropped. */
  leave(): void {
    this.#stopDialling()
    if (this.#link.isOpen) this.#link.finish()
    else this.#link.detach('local', 'lane-closed')
  }

  /** Ends whatever there is, and drops what is queued. Nothing is dialled again of itself. */
  end(reason: LaneCloseReason, dropReason: DropReason): void {
    this.#stopDialling()
    this.#link.detach(reason, dropReason)
  }

  /** The dial came to nothing, for a reason that is for good or only for now. */
  refused(refusal: Refusal, dial: Dial | undefined): void {
    this.#redial.failed()
    if (refusal.reason === 'duplicate') {
      // The peer's own dial is to survive. Should it not come, ours is tried again.
      this.#clearTimer()
      this.#wait(this.#context.settings.limits.handshakeTimeoutMs)
      this.#owner.yielded(refusal.actual)
      return
    }
    const { address } = this.#owner
    const again = this.#owner.dialEnded(this, TransportError.refused(address, refusal), dial)
    const lostFrames = again ? 0 : this.#link.drop(dropReasonOf(refusal.reason))
    this.#context.publish({ type: 'dial-refused', address, lane: this.lane, refusal, lostFrames })
    this.#goOn(again)
  }

  heardAt(now: number): void {
    this.#owner.lastHeardAt = now
  }

  needsConnection(): void {
    this.ensureDial()
  }

  disconnected(reason: LaneCloseReason, heldMs: number): void {
    if (!isOrderly(reason)) this.#redial.broke(heldMs)
    this.#goOn(false)
  }

  turnedAway(refusal: Refusal): void {
    this.#context.tally.refusedByPeers[refusal.reason]++
    this.refused(refusal, undefined)
  }

  overflowed(): void {
    this.#owner.overflowed()
  }

  #startDial(): void {
    const target = { lane: this.lane, address: this.#owner.address, ...this.#owner.target() }
    const dial: Dial = new Dial(this.#context, target, (outcome) => this.#dialDone(dial, outcome))
    this.#dial = dial
  }

  #dialDone(dial: Dial, outcome: DialOutcome): void {
    this.#dial = undefined
    switch (outcome.type) {
      case 'welcomed':
        this.#owner.welcomed(this, outcome.connection, outcome.welcome, dial)
        return
      case 'elsewhere':
        this.#owner.livesElsewhere(this, outcome.identity, dial)
        return
      case 'refused':
        this.#context.tally.refusedByPeers[outcome.refusal.reason]++
        this.refused(outcome.refusal, dial)
        return
      case 'distrusted':
        this.#context.tally.refusedByUs[outcome.refusal.reason]++
        this.refused(outcome.refusal, dial)
        return
      case 'failed':
        this.#failed(outcome, dial)
    }
  }

  #failed({ failure, insecurity }: Extract<DialOutcome, { type: 'failed' }>, dial: Dial): void {
    const { address } = this.#owner
    const error =
      insecurity === undefined
        ? TransportError.dialFailed(address, failure)
        : TransportError.insecureDial(address, insecurity)
    this.#context.tally.dialsFailed[failure]++
    this.#redial.failed()
    const again = this.#owner.dialEnded(this, error, dial)
    const lostFrames = this.#link.drop('lane-closed')
    this.#context.publish({
      type: 'dial-failed',
      address,
      lane: this.lane,
      failure,
      ...(insecurity !== undefined && { insecurity }),
      lostFrames,
    })
    this.#goOn(again)
  }

  /** After an end: dials where there is a reason to, and otherwise says that there is none. */
  #goOn(atOnce: boolean): void {
    if (atOnce) this.dialNow()
    else if (this.isWanted || this.#link.queue.frames > 0) this.ensureDial()
    else this.#owner.rested()
  }

  #wait(delayMs: number): void {
    this.#timer = this.#context.settings.clock.schedule(delayMs, () => {
      this.#timer = undefined
      this.#redial.hurry()
      this.#goOn(false)
    })
  }

  #stopDialling(): void {
    this.#dial?.cancel()
    this.#dial = undefined
    this.#clearTimer()
  }

  #clearTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #state(): LaneReport['state'] {
    if (this.#link.isOpen) return this.#link.isFinishing ? 'finishing' : 'open'
    if (this.#dial !== undefined) return 'dialling'
    return this.#timer !== undefined ? 'waiting' : 'idle'
  }
}
