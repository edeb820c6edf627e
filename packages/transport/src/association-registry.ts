import { Association, type AssociationHost, type ConnectWaiter } from './association.ts'
import type { Connection } from './connection.ts'
import type { Dial } from './dial.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { Refusal } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import { HandshakeJudge } from './handshake-judge.ts'
import {
  encodeRefusal,
  type HandshakeParty,
  type LaneHello,
  type Welcome,
} from './handshake-messages.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { PeerHistory } from './peer-history.ts'
import type { PeerLane } from './peer-lane.ts'
import type { Channel } from './transport.ts'
import { encodeFrame, frameTypes } from './wire.ts'

/** Every association of an endpoint, by the address of its peer; decides who gets one. */
export class AssociationRegistry implements AssociationHost {
  readonly #context: EndpointContext
  readonly #history = new PeerHistory()
  readonly #judge: HandshakeJudge
  readonly #byAddress = new Map<string, Association>()
  readonly #changed: () => void

  /** @param changed - called when what `forSending` answered may no longer hold */
  constructor(context: EndpointContext, changed: () => void) {
    this.#context = context
    this.#judge = new HandshakeJudge(context, this.#history)
    this.#changed = changed
  }

  /** Judges what is said and nothing else: see `judge` for whether a connection may come of it. */
  get handshakes(): HandshakeJudge {
    return this.#judge
  }

  all(): readonly Association[] {
    return [...this.#byAddress.values()]
  }

  /** The association with exactly that incarnation. */
  find(peer: NodeIdentity): Association | undefined {
    const association = this.#byAddress.get(peer.address.toString())
    return association?.peer?.incarnation === peer.incarnation ? association : undefined
  }

  /**
   * The association to send to `peer` on, made if need be; `undefined` if `peer` is gone.
   *
   * @param isBelieved - the owner itself sends: it is not asked whether there may be such a life
   */
  forSending(peer: NodeIdentity, isBelieved: boolean): Association | undefined {
    this.#judgeClientAt(peer.address)
    if (this.#isPast(peer) || peer.address.equals(this.#context.self.address)) return undefined
    const known = this.#byAddress.get(peer.address.toString())?.peer
    const isMet = known?.incarnation === peer.incarnation
    if (!isMet && !isBelieved && !this.#context.settings.believes(peer)) return undefined
    const association = this.claim(peer)
    return association.isGone ? undefined : association
  }

  keep(peer: NodeIdentity): void {
    this.#judgeClientAt(peer.address)
    if (this.#isPast(peer) || peer.address.equals(this.#context.self.address)) return
    const association = this.claim(peer)
    association.isKept = true
    association.control.ensureDial()
  }

  /** Tells `waiter` once there is a control lane to whoever lives at `address`, or why not. */
  connect(address: NodeAddress, waiter: ConnectWaiter): Association | undefined {
    const { self } = this.#context
    if (address.equals(self.address)) {
      const refusal: Refusal = { reason: 'self', actual: self, detail: `${self} would dial itself` }
      waiter.failed(TransportError.refused(address, refusal))
      return undefined
    }
    const association = this.#byAddress.get(address.toString())
    const peer = association?.peer
    const isOpen = association?.control.isOpen === true && peer !== undefined
    if (isOpen && association.trust !== 'client') {
      waiter.connected(peer)
      return undefined
    }
    // A client may have dialled from anywhere, and says of its address what it likes.
    if (isOpen) this.#displace(association)
    const dialling =
      association === undefined || isOpen ? this.#add(address, undefined) : association
    dialling.connect(waiter)
    return dialling
  }

  forget(peer: NodeIdentity, refusal: 'removed' | undefined): void {
    if (refusal === 'removed') this.#history.recordRemoved(peer)
    const association = this.find(peer)
    if (association === undefined) return
    this.#displace(association)
  }

  /** Ends what there is with all whom that is about, and whatever is under way there; tells who they were. */
  endForbidden(): readonly NodeIdentity[] {
    const ended: NodeIdentity[] = []
    for (const association of this.all()) {
      const { address, control, data } = association
      const { forbidden } = this.#context
      const isForbidden = [control, data].some((lane) => forbidden.has(address, lane.fingerprint))
      if (!isForbidden) continue
      if (association.peer !== undefined) ended.push(association.peer)
      this.#displace(association)
    }
    return ended
  }

  endAll(error: (association: Association) => TransportError): void {
    const associations = this.all()
    for (const association of associations) {
      this.#remove(association)
      association.end('local', 'lane-closed')
      association.failWaiters(error(association))
    }
  }

  /** Asks all peers to close, so that nothing is lost that they have written. */
  leaveAll(error: TransportError): void {
    this.#changed()
    for (const association of this.all()) {
      association.leave()
      association.failWaiters(error)
    }
  }

  /** Judges a hello, without changing anything. The owner's `admit` has the last word. */
  judge(hello: LaneHello, channel: Channel): Refusal | 'dial-back' | undefined {
    if (hello.trust === 'client' && this.#isAwaitedAt(hello.identity.address)) {
      const detail = `${this.#context.self} dials ${hello.identity.address} itself`
      return { reason: 'busy', detail }
    }
    return this.#judge.hello(hello, channel, this.#standing(hello))
  }

  /** Takes a connection whose hello was judged in order, and answered so. */
  accept(connection: Connection, hello: LaneHello): void {
    this.#met(hello)
    this.#claimProven(hello).laneOf(hello.lane).adopt(connection, hello.sequence)
  }

  welcomed(
    association: Association,
    lane: PeerLane,
    connection: Connection,
    welcome: Welcome,
    dial: Dial,
  ): void {
    const { channel } = connection
    const standing = this.#standing(welcome)
    const verdict = this.#judge.welcome(welcome, dial.expected, lane.lane, channel, standing)
    if (verdict === 'superseded') {
      connection.close()
      this.#redirect(association, welcome.identity)
      return
    }
    if (verdict !== undefined) {
      this.#context.tally.refusedByUs[verdict.reason]++
      channel.write(encodeFrame(frameTypes.refusal, encodeRefusal(verdict)))
      connection.close({ graceful: true })
      lane.refused(verdict, dial)
      return
    }
    this.#met(welcome)
    this.#redirect(association, welcome.identity)
    this.#claimProven(welcome).laneOf(lane.lane).adopt(connection, welcome.sequence)
  }

  /** Those who wait go there; nobody is sent on a second time. */
  livesElsewhere(association: Association, lane: PeerLane, actual: NodeIdentity, dial: Dial): void {
    if (dial.namedBy === 'others') {
      const detail = `${association.address} was dialled, ${actual} answers`
      lane.refused({ reason: 'unreachable-address', actual, detail }, dial)
      return
    }
    this.#redirect(association, actual, (waiter) => waiter.sentTo(actual))
  }

  gone(_association: Association): void {
    this.#changed()
  }

  yielded(association: Association, actual: NodeIdentity): void {
    this.#redirect(association, actual)
  }

  /** Lets an association go that serves nobody, but not before its backoff is over. */
  rested(association: Association): void {
    if (association.hasPurpose || !this.#isCurrent(association)) return
    if (!association.isBackingOff) {
      this.#remove(association)
      association.end('local', 'lane-closed')
      return
    }
    const { clock, limits } = this.#context.settings
    association.retirement ??= clock.schedule(limits.maxReconnectMs, () => {
      association.retirement = undefined
      this.rested(association)
    })
  }

  /** The association with `peer`, ending the one with an older life and making one if need be. */
  claim(peer: NodeIdentity): Association {
    const existing = this.#byAddress.get(peer.address.toString())
    if (existing === undefined) return this.#add(peer.address, peer)
    existing.learn(peer)
    return existing.peer?.incarnation === peer.incarnation
      ? existing
      : this.#replace(existing, peer)
  }

  /** The same with one whose trust is known: what there was with a client is not taken over by a member. */
  #claimProven({ identity, trust }: HandshakeParty): Association {
    const claimed = this.claim(identity)
    const isAnother = claimed.trust !== undefined && claimed.trust !== trust
    const association = isAnother ? this.#replace(claimed, identity) : claimed
    association.trust = trust
    return association
  }

  #replace(existing: Association, peer: NodeIdentity): Association {
    const waiters = existing.takeWaiters()
    this.#remove(existing)
    existing.end('peer-gone', 'peer-gone')
    const association = this.#add(peer.address, peer)
    for (const waiter of waiters) association.connect(waiter)
    return association
  }

  /** Somebody asked who lives there: a client that says that it does is no answer. */
  #isAwaitedAt(address: NodeAddress): boolean {
    return this.#byAddress.get(address.toString())?.isAwaited ?? false
  }

  /** A client is judged again before anything goes to its address: it may have become that of a member. */
  #judgeClientAt(address: NodeAddress): void {
    const association = this.#byAddress.get(address.toString())
    const { peer: identity, trust } = association ?? {}
    if (association === undefined || identity === undefined || trust !== 'client') return
    const refusal = this.#judge.admit({ identity, capabilities: [], trust }, undefined)
    if (refusal !== undefined) this.#displace(association)
  }

  #displace(association: Association): void {
    this.#remove(association)
    association.end('peer-gone', 'peer-gone')
    association.failWaiters(TransportError.dialFailed(association.address, 'local'))
  }

  /** Moves those who wait at an alias of a peer's address to the peer's own association. */
  #redirect(
    alias: Association,
    peer: NodeIdentity,
    redirected?: (waiter: ConnectWaiter) => void,
  ): void {
    if (alias.address.equals(peer.address)) return
    const waiters = alias.takeWaiters()
    this.#remove(alias)
    alias.end('local', 'lane-closed')
    for (const waiter of waiters) {
      redirected?.(waiter)
      this.connect(peer.address, waiter)
    }
  }

  /** What is known of whoever has that address, for a judgement. */
  #standing({ identity, trust }: HandshakeParty): Association | undefined {
    const found = this.#byAddress.get(identity.address.toString())
    // What a client said of an address does not stand in the way of the member that has it.
    return trust === 'member' && found?.trust === 'client' ? undefined : found
  }

  #met({ identity, trust }: HandshakeParty): void {
    if (this.#context.settings.remembersPeers) this.#history.recordMet(identity, trust)
  }

  /** A newer life of the address is known, or this one was removed. */
  #isPast({ address, incarnation }: NodeIdentity): boolean {
    const removed = this.#history.removed(address)
    if (removed !== undefined && incarnation <= removed) return true
    if (this.#context.forbidden.has(address, undefined)) return true
    const association = this.#byAddress.get(address.toString())
    const current = association?.peer?.incarnation
    if (!this.#context.settings.remembersPeers && association !== undefined) {
      // A higher incarnation may be the earlier one: who is connected must not give way to what is sent to that.
      if (association.control.isOpen) return incarnation !== current
      if (association.isGone) return false
    }
    const met = this.#history.met(address, association?.trust ?? 'member')
    const known = Math.max(met ?? 0, current ?? 0)
    return incarnation < known
  }

  #add(address: NodeAddress, peer: NodeIdentity | undefined): Association {
    const association = new Association(this.#context, this, address, peer)
    this.#byAddress.set(address.toString(), association)
    return association
  }

  #remove(association: Association): void {
    association.retirement?.[Symbol.dispose]()
    if (!this.#isCurrent(association)) return
    this.#byAddress.delete(association.address.toString())
    this.#changed()
  }

  #isCurrent(association: Association): boolean {
    return this.#byAddress.get(association.address.toString()) === association
  }
}
