import type { Trust } from './authentication.ts'
import type { Connection } from './connection.ts'
import type { Dial, DialTarget } from './dial.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { DropReason, Lane, LaneCloseReason, NamedBy, Refusal } from './endpoint-types.ts'
import type { TransportError } from './errors.ts'
import type { Welcome } from './handshake-messages.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { PeerLane, type LaneOwner } from './peer-lane.ts'
import { isForGood } from './refusal.ts'
import type { AssociationReport } from './reports.ts'

/** Somebody who asked for a connection, and is told how that went. */
export interface ConnectWaiter {
  /** Whose word the address is that it waits at. */
  readonly namedBy: NamedBy
  /** Whoever answered at its address lives elsewhere: it waits there from now on, by the word of `peer`. */
  sentTo(peer: NodeIdentity): void
  connected(peer: NodeIdentity): void
  failed(error: TransportError): void
}

/** What an association needs of the registry it stands in. */
export interface AssociationHost {
  welcomed(
    association: Association,
    lane: PeerLane,
    connection: Connection,
    welcome: Welcome,
    dial: Dial,
  ): void
  /** The peer refuses us for good, or is another one by now: nothing is sent to it any more. */
  gone(association: Association): void
  /** Our dial led to `actual`, which is believed only where it lives. */
  livesElsewhere(association: Association, lane: PeerLane, actual: NodeIdentity, dial: Dial): void
  /** Our dial led to `actual`, whose own dial to us is kept. */
  yielded(association: Association, actual: NodeIdentity): void
  /** Nothing happens here any more: without a purpose the association is let go. */
  rested(association: Association): void
}

/**
 * What we have with one peer address: two lanes, to one incarnation at a time.
 *
 * `peer` is unknown only while a first dial to whoever lives there is under way.
 */
export class Association implements LaneOwner {
  readonly address: NodeAddress
  readonly control: PeerLane
  readonly data: PeerLane
  lastHeardAt: number | undefined
  /** As what the peer proved itself; undefined before there was a connection. */
  trust: Trust | undefined
  isKept = false
  isGone = false
  /** Waits for the end of the backoff, to let the association go. */
  retirement: Disposable | undefined
  readonly #context: EndpointContext
  readonly #host: AssociationHost
  readonly #waiters = new Set<ConnectWaiter>()
  #peer: NodeIdentity | undefined

  constructor(
    context: EndpointContext,
    host: AssociationHost,
    address: NodeAddress,
    peer: NodeIdentity | undefined,
  ) {
    this.address = address
    this.#context = context
    this.#host = host
    this.#peer = peer
    this.control = new PeerLane(context, this, 'control')
    this.data = new PeerLane(context, this, 'data')
  }

  get peer(): NodeIdentity | undefined {
    return this.#peer
  }

  /** Whoever was dialled turned out to be `peer`. */
  learn(peer: NodeIdentity): void {
    this.#peer ??= peer
  }

  laneOf(lane: Lane): PeerLane {
    return lane === 'control' ? this.control : this.data
  }

  get hasPurpose(): boolean {
    const resting = this.control.isIdle && this.data.isIdle
    return this.isKept || this.#waiters.size > 0 || !resting
  }

  /** Somebody waits for whoever lives there. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0
  }

  get isBackingOff(): boolean {
    return this.control.isBackingOff || this.data.isBackingOff
  }

  explain(): AssociationReport {
    return {
      peer: this.#peer?.toString() ?? `${this.address}#?`,
      trust: this.trust,
      kept: this.isKept,
      gone: this.isGone,
      lastHeardAt: this.lastHeardAt,
      control: this.control.explain(),
      data: this.data.explain(),
    }
  }

  /** Adds somebody who waits for the control lane, and dials now if need be. */
  connect(waiter: ConnectWaiter): void {
    this.#waiters.add(waiter)
    this.control.dialNow()
  }

  giveUp(waiter: ConnectWaiter): void {
    if (this.#waiters.delete(waiter)) this.control.giveUpDial()
  }

  /** Hands those who wait to the association that their dial led to. */
  takeWaiters(): readonly ConnectWaiter[] {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    return waiters
  }

  end(reason: LaneCloseReason, dropReason: DropReason): void {
    this.isKept = false
    this.control.end(reason, dropReason)
    this.data.end(reason, dropReason)
  }

  /** Ends in order what there is, and begins nothing. */
  leave(): void {
    this.isKept = false
    this.control.leave()
    this.data.leave()
  }

  failWaiters(error: TransportError): void {
    for (const waiter of this.takeWaiters()) waiter.failed(error)
  }

  wants(lane: Lane): boolean {
    return lane === 'control' && (this.isKept || this.#waiters.size > 0)
  }

  target(): Pick<DialTarget, 'expected' | 'namedBy'> {
    if (this.#waiters.size === 0) return { expected: this.#peer, namedBy: 'others' }
    return { expected: undefined, namedBy: this.#isNamedByUs ? 'us' : 'others' }
  }

  livesElsewhere(lane: PeerLane, actual: NodeIdentity, dial: Dial): void {
    this.#host.livesElsewhere(this, lane, actual, dial)
  }

  welcomed(lane: PeerLane, connection: Connection, welcome: Welcome, dial: Dial): void {
    this.#host.welcomed(this, lane, connection, welcome, dial)
  }

  dialEnded(lane: PeerLane, error: TransportError, dial: Dial | undefined): boolean {
    const { refusal, failure } = error
    if (refusal !== undefined && this.#isGone(refusal)) {
      this.isGone = true
      this.#host.gone(this)
    }
    if (lane !== this.control || this.#waiters.size === 0) return false
    // Those who wait take whoever lives there; the dial was for a certain incarnation.
    if (refusal?.reason === 'wrong-incarnation' && dial?.expected !== undefined) return true
    // The dial was made on the word of others, and somebody waits by now whose own word it is.
    const isOthersWord = dial?.namedBy === 'others'
    if (failure === 'not-allowed' && isOthersWord && this.#isNamedByUs) return true
    this.failWaiters(error)
    return false
  }

  yielded(actual: NodeIdentity | undefined): void {
    if (actual !== undefined) this.#host.yielded(this, actual)
  }

  opened(lane: PeerLane): void {
    this.isGone = false
    const other = lane === this.control ? this.data : this.control
    other.wake()
    const peer = this.#peer
    if (lane !== this.control || peer === undefined) return
    for (const waiter of this.takeWaiters()) waiter.connected(peer)
  }

  overflowed(): void {
    this.control.end('overflow', 'queue-full')
    this.data.end('overflow', 'lane-closed')
    if (this.wants('control')) this.control.ensureDial()
    else this.#host.rested(this)
  }

  rested(): void {
    this.#host.rested(this)
  }

  get #isNamedByUs(): boolean {
    return [...this.#waiters].some(({ namedBy }) => namedBy === 'us')
  }

  /** The peer wants none of us, or another life has taken its place: a newer one, where those that were met are remembered. */
  #isGone({ reason, actual }: Refusal): boolean {
    const peer = this.#peer
    if (isForGood(reason)) return true
    if (reason !== 'wrong-incarnation' || actual === undefined || peer === undefined) return false
    const isOther = this.#context.settings.remembersPeers
      ? actual.incarnation > peer.incarnation
      : actual.incarnation !== peer.incarnation
    return isOther && actual.address.equals(peer.address)
  }
}
