import { Acceptor } from './acceptor.ts'
import type { Trust } from './authentication.ts'
import type { Association } from './association.ts'
import { AssociationRegistry } from './association-registry.ts'
import { connectionTo, type ConnectOptions } from './connecting.ts'
import { snapshotOf, type EndpointCounters } from './counters.ts'
import { EndpointContext } from './endpoint-context.ts'
import {
  checkEndpointOptions,
  checkIncarnation,
  type EndpointSettings,
} from './endpoint-options.ts'
import type {
  EndpointEvent,
  EndpointOptions,
  FrameHandler,
  Lane,
  SendOutcome,
} from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { Forbidden } from './forbidden-peers.ts'
import { checkFrameType } from './frame-router.ts'
import { Loopback } from './loopback.ts'
import { NodeAddress } from './node-address.ts'
import { NodeIdentity } from './node-identity.ts'
import type { EndpointReport } from './reports.ts'
import type { Channel, Listener, TurnedAway } from './transport.ts'
import { firstFreeFrameType } from './wire.ts'

/**
 * A node's end of all its connections: it listens, dials on demand, and carries frames to and from
 * peers, at most once and in order per peer and lane. A gap in that order is published as an event.
 */
export class Endpoint implements AsyncDisposable {
  readonly #context: EndpointContext
  readonly #registry: AssociationRegistry
  readonly #acceptor: Acceptor
  readonly #loopback: Loopback
  readonly #listener: Listener
  #departure: Promise<void> | undefined
  #disposal: Promise<void> | undefined
  #lastPeer: NodeIdentity | undefined
  #lastAssociation: Association | undefined

  private constructor(settings: EndpointSettings, listener: Listener) {
    this.#listener = listener
    this.#context = new EndpointContext(settings, identityOf(settings, listener.address))
    this.#registry = new AssociationRegistry(this.#context, () => {
      this.#lastPeer = this.#lastAssociation = undefined
    })
    this.#acceptor = new Acceptor(this.#context, this.#registry)
    this.#loopback = new Loopback(this.#context)
  }

  /**
   * Listens, and is then open for frames both ways.
   *
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`, `CASTY_TRANSPORT_INSECURE_BIND`,
   * `CASTY_TRANSPORT_ADDRESS_IN_USE`, `CASTY_TRANSPORT_LISTEN_FAILED`
   */
  static async start(options: EndpointOptions): Promise<Endpoint> {
    const settings = checkEndpointOptions(options)
    const early: Channel[] = []
    let accept = (channel: Channel): void => void early.push(channel)
    let turnedAway = (_whom: TurnedAway): void => {}
    const listener = await settings.transport.listen(
      settings.address,
      (channel) => accept(channel),
      (whom) => turnedAway(whom),
    )
    const endpoint = new Endpoint(settings, listener)
    accept = (channel) => endpoint.#acceptor.accept(channel)
    turnedAway = (whom) => endpoint.#acceptor.turnedAway(whom)
    for (const channel of early) accept(channel)
    return endpoint
  }

  /** The address that peers dial, and the incarnation of this life. */
  get self(): NodeIdentity {
    return this.#context.self
  }

  /**
   * Hands every frame of `frameType` (16 to 31: membership; 32 to 255: free) to `handler`, until the
   * result is disposed of.
   *
   * @param from - who may send such frames: what comes from clients where only members may is dropped as `untrusted`.
   * Membership's own are never taken from clients
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` if the type is reserved or taken
   */
  handle(
    frameType: number,
    handler: FrameHandler,
    { from = 'all' }: { readonly from?: 'members' | 'all' } = {},
  ): Disposable {
    return this.#context.router.handle(frameType, handler, from)
  }

  /**
   * Queues a frame with the body `bytes[start, end)`, which is copied before the call returns; it
   * leaves at the end of the turn, with all others for that peer. Dials if there is no connection.
   * Nothing is sent to an incarnation that is over: such a frame is dropped as `peer-gone`. What is
   * sent to `self` reaches the own handler at the end of the turn, without a connection.
   *
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a frame type below 16 or above 255, a
   * range outside `bytes`, or a `to` that is no `NodeIdentity`
   */
  send(
    to: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
  ): SendOutcome {
    checkFrameType(frameType)
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw TransportError.invalidOption('start and end', `${start}, ${end}`, 'a range of bytes')
    }
    const cached = to === this.#lastPeer ? this.#lastAssociation : undefined
    const association = cached ?? this.#associationFor(to, frameType < firstFreeFrameType)
    if (association === undefined) {
      return this.#sendToNobody(to, lane, frameType, bytes, start, end)
    }
    const peerLane = lane === 'control' ? association.control : association.data
    return peerLane.send(frameType, bytes, start, end)
  }

  /**
   * As `send`, for frames that consist of a head and of parts, each of which tells where it ends: where the frame that was
   * sent there before it came from here as well, has the same type and waits still, only `bytes[part, end)` is added to it;
   * where not, it begins a frame with all of `bytes[start, end)`. A frame of several parts has no more than
   * `maxJoinedBytes`. A part that is lost is told as a frame is.
   *
   * @throws TransportError as `send`
   */
  join(
    to: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start: number,
    part: number,
    end: number,
  ): SendOutcome {
    checkFrameType(frameType)
    if (!(start >= 0 && start <= part && part <= end && end <= bytes.length)) {
      const range = `${start}, ${part}, ${end}`
      throw TransportError.invalidOption('start, part and end', range, 'a range of bytes')
    }
    const cached = to === this.#lastPeer ? this.#lastAssociation : undefined
    const association = cached ?? this.#associationFor(to, frameType < firstFreeFrameType)
    if (association === undefined) {
      return this.#sendToNobody(to, lane, frameType, bytes, start, end)
    }
    const peerLane = lane === 'control' ? association.control : association.data
    return peerLane.join(frameType, bytes, start, part, end)
  }

  /** Or to this node itself. */
  #sendToNobody(
    to: NodeIdentity,
    lane: Lane,
    frameType: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): SendOutcome {
    if (to.equals(this.self) && !this.#context.isClosing) {
      return this.#loopback.send(lane, frameType, bytes, start, end)
    }
    const reason = this.#context.isClosing ? 'lane-closed' : 'peer-gone'
    this.#context.dropped(to, lane, frameType, reason)
    return 'dropped'
  }

  /**
   * Opens a control lane to whoever lives at `address`, and tells who that is.
   *
   * Rejects with `CASTY_TRANSPORT_DIAL_FAILED` (see `failure`), `CASTY_TRANSPORT_REFUSED` (see
   * `refusal`), `CASTY_TRANSPORT_CLOSED`, or `signal.reason` once the signal is aborted.
   */
  async connect(address: NodeAddress, options: ConnectOptions = {}): Promise<NodeIdentity> {
    options.signal?.throwIfAborted()
    if (this.#context.isClosing) throw TransportError.closed('The endpoint')
    return await connectionTo(address, this.#registry, options)
  }

  /**
   * Keeps the control lane to that incarnation connected from now on. A lost connection is dialled
   * again at once, then with growing delays (`minReconnectMs` to `maxReconnectMs`, full jitter).
   */
  keep(peer: NodeIdentity): void {
    if (!this.#context.isClosing) this.#registry.keep(peer)
  }

  /** Leaves the control lane as it is, and does not dial again of itself. */
  unkeep(peer: NodeIdentity): void {
    const association = this.#registry.find(peer)
    if (association === undefined) return
    association.isKept = false
    association.rested()
  }

  /**
   * Tears down the control connection to that incarnation; one that is kept is dialled anew at once.
   * For a peer that stays silent: where its end is gone without a word, the network takes the
   * connection for sound for many minutes.
   */
  reset(peer: NodeIdentity): void {
    this.#registry.find(peer)?.control.reset()
  }

  /**
   * Closes both lanes to that incarnation and drops what is queued; with `removed`, it is refused
   * from now on, dialled or dialling. Remembered for the 4,096 addresses that were used last.
   */
  forget(peer: NodeIdentity, refusal?: 'removed'): void {
    this.#registry.forget(peer, refusal)
  }

  /**
   * Evicts whoever has that address or shows that certificate: closes what there is with it, at once, and refuses it as
   * `forbidden` from now on, dialled or dialling, in every life. At this endpoint alone; remembered for the 4,096 that were
   * forbidden last, and as long as the endpoint lives.
   *
   * @returns whose connections were closed by that
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for the own address
   */
  forbid(forbidden: Forbidden): readonly NodeIdentity[] {
    if ('address' in forbidden && forbidden.address.equals(this.self.address)) {
      throw TransportError.invalidOption('address', `${forbidden.address}`, 'of another node')
    }
    this.#context.forbidden.add(forbidden)
    return this.#registry.endForbidden()
  }

  /** Largest frame of a lane, type and body, in bytes. */
  maxFrameBytes(lane: Lane): number {
    const { maxControlFrameBytes, maxDataFrameBytes } = this.#context.settings.limits
    return lane === 'control' ? maxControlFrameBytes : maxDataFrameBytes
  }

  isConnected(peer: NodeIdentity, lane: Lane): boolean {
    return this.#registry.find(peer)?.laneOf(lane).isOpen ?? false
  }

  /**
   * As what that incarnation has proved itself, or says that it takes part where nothing has to be proved; undefined
   * before there was a connection.
   */
  trustOf(peer: NodeIdentity): Trust | undefined {
    return this.#registry.find(peer)?.trust
  }

  /** When the last bytes of that incarnation arrived, by `clock.now()`. */
  lastHeardAt(peer: NodeIdentity): number | undefined {
    return this.#registry.find(peer)?.lastHeardAt
  }

  /**
   * Ends every association and goes on under another incarnation, for a node that learns that its
   * own is not the newest of its address. What was kept has to be kept again.
   *
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` unless it is above the present one
   */
  reincarnate(incarnation: number): void {
    const next = checkIncarnation(incarnation)
    if (next <= this.self.incarnation) {
      const allowed = `above the present one (${this.self.incarnation})`
      throw TransportError.invalidOption('incarnation', incarnation, allowed)
    }
    this.#context.self = NodeIdentity.of(this.self.address, next)
    this.#acceptor.closeAll() // They were told of the incarnation that is over.
    this.#registry.endAll(({ address }) => TransportError.dialFailed(address, 'local'))
  }

  /** Tells `listener` of every event from now on. What it throws is counted and goes no further. */
  subscribe(listener: (event: EndpointEvent) => void): Disposable {
    return this.#context.events.subscribe(listener)
  }

  counters(): EndpointCounters {
    return snapshotOf(this.#context.tally)
  }

  explain(): EndpointReport {
    return {
      self: this.self.toString(),
      transport: this.#context.settings.transport.name,
      pendingHandshakes: this.#acceptor.pendingCount,
      associations: this.#registry.all().map((association) => association.explain()),
      counters: this.counters(),
    }
  }

  /**
   * Closes everything in order, for a node that leaves: nothing is sent or accepted any more, what was queued is written
   * out, and each peer is asked to do the same and to close. What they had written arrives; what they send from then on
   * is lost, and they are told so by the events of their endpoints. A peer that stands still is waited for no longer than
   * `limits.lingerMs`; then, or once it is disposed of, everything is closed at once.
   */
  leave(): Promise<void> {
    this.#departure ??= this.#leave()
    return this.#departure
  }

  async #leave(): Promise<void> {
    if (this.#disposal === undefined) {
      this.#context.isClosing = true
      this.#acceptor.closeAll()
      this.#registry.leaveAll(TransportError.closed('The endpoint'))
      await this.#context.released(this.#context.settings.limits.lingerMs)
    }
    await this[Symbol.asyncDispose]()
  }

  /**
   * Closes everything at once; what was queued this turn is still handed to the network. Waits for
   * sockets of its own to be let go, and for no peer.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    this.#context.isClosing = true
    for (const association of this.#registry.all()) {
      association.control.flush()
      association.data.flush()
    }
    this.#registry.endAll(() => TransportError.closed('The endpoint'))
    this.#acceptor.closeAll()
    await this.#listener[Symbol.asyncDispose]()
    await this.#context.quiesce()
  }

  #associationFor(to: NodeIdentity, isBelieved: boolean): Association | undefined {
    if (!(to instanceof NodeIdentity)) {
      throw TransportError.invalidOption(
        'to',
        to,
        'a NodeIdentity: of a member, that is member.node',
      )
    }
    if (this.#context.isClosing) return undefined
    const association = this.#registry.forSending(to, isBelieved)
    if (association === undefined) return undefined
    this.#lastPeer = to
    this.#lastAssociation = association
    return association
  }
}

function identityOf(settings: EndpointSettings, bound: NodeAddress): NodeIdentity {
  const { host = bound.host, port = bound.port } = settings.advertised
  return NodeIdentity.of(NodeAddress.of(host, port), settings.incarnation)
}
