import { createTally, type Tally } from './counters.ts'
import type { EndpointSettings } from './endpoint-options.ts'
import type { Admission, DropReason, EndpointEvent, Lane, PeerHello } from './endpoint-types.ts'
import { EventStream } from './event-stream.ts'
import { FailureBudget } from './failure-budget.ts'
import { ForbiddenPeers } from './forbidden-peers.ts'
import { FrameRouter } from './frame-router.ts'
import { HellosSaid } from './hellos-said.ts'
import type { HandshakeParty } from './handshake-messages.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { mayDialByDefault } from './dial-ranges.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { SlabPool } from './slab-pool.ts'
import type { Channel } from './transport.ts'

/** Something with frames to hand over at the end of the turn. */
export interface Flushable {
  flush(): void
}

/** What the parts of one endpoint share: settings, identity, counts, events, and the turn's end. */
export class EndpointContext {
  readonly settings: EndpointSettings
  readonly tally: Tally = createTally()
  readonly events: EventStream = new EventStream(() => this.tally.listenerErrors++)
  readonly router: FrameRouter
  readonly slabs: SlabPool = new SlabPool()
  readonly failures: FailureBudget
  /** Of those who were dialled back in vain, by where they came from. */
  readonly strayed: FailureBudget
  /** Of those whose certificates say that they are not who they should be: told, and held against nobody. */
  readonly uncertified: FailureBudget
  readonly forbidden: ForbiddenPeers = new ForbiddenPeers()
  readonly hellos: HellosSaid
  self: NodeIdentity
  isClosing = false
  readonly #connections = new Set<Connection>()
  readonly #work = new Set<Promise<unknown>>()
  #sequence = 0
  #flushing: Flushable[] = []
  #flushed: Flushable[] = []
  #whenReleased: (() => void)[] = []

  constructor(settings: EndpointSettings, self: NodeIdentity) {
    this.settings = settings
    this.failures = new FailureBudget(settings.limits)
    this.uncertified = new FailureBudget(settings.limits)
    const { maxVainDialBacksPerMinute: maxFailuresPerMinute, maxSources } = settings.limits
    this.hellos = new HellosSaid(settings.limits.handshakeTimeoutMs)
    this.strayed = new FailureBudget({ maxFailuresPerMinute, maxSources })
    this.self = self
    this.router = new FrameRouter(this.tally, (peer, lane, frameType, reason) =>
      this.dropped(peer, lane, frameType, reason),
    )
  }

  /** Whether an address that others have named, or that their name leads to, is one to dial. */
  mayDial(address: NodeAddress, named: NodeAddress = address): boolean {
    const { mayDial } = this.settings
    if (mayDial === undefined) return mayDialByDefault(address, this.self.address, named)
    try {
      return mayDial(address, named)
    } catch {
      this.tally.listenerErrors++
      return false
    }
  }

  /** The owner's word on a peer; where it has none, `undecided`. */
  admission(peer: PeerHello): Admission | { readonly type: 'undecided' } {
    try {
      return this.settings.admit(peer)
    } catch {
      this.tally.listenerErrors++
      return { type: 'undecided' }
    }
  }

  now(): number {
    return this.settings.clock.now()
  }

  publish(event: EndpointEvent): void {
    this.events.publish(event)
  }

  dropped(peer: NodeIdentity, lane: Lane, frameType: number, reason: DropReason): void {
    this.tally.dropped[reason]++
    this.events.publish({ type: 'frame-dropped', peer, lane, frameType, reason })
  }

  /** What we say of ourselves in the next hello or welcome. */
  introduction(): HandshakeParty {
    const { clusterName, capabilities, configDigest, trust } = this.settings
    return {
      clusterName,
      identity: this.self,
      sequence: ++this.#sequence,
      capabilities,
      trust,
      ...(configDigest !== undefined && { configDigest }),
    }
  }

  /** @param released - called once the channel has let go */
  connection(
    channel: Channel,
    owner: ConnectionOwner,
    released?: (connection: Connection) => void,
  ): Connection {
    const { maxHandshakeBytes } = this.settings.limits
    const connection = new Connection(
      channel,
      owner,
      maxHandshakeBytes,
      this.settings.clock,
      (gone) => {
        this.#connections.delete(gone)
        released?.(gone)
        if (this.#connections.size > 0) return
        for (const released of this.#whenReleased.splice(0)) released()
      },
    )
    this.#connections.add(connection)
    return connection
  }

  /** Flushes `lane` once at the end of the turn, together with all others that ask. */
  flushSoon(lane: Flushable): void {
    if (this.#flushing.push(lane) === 1) queueMicrotask(this.#flushAll)
  }

  /** Disposal waits for `work` to settle; a failure is its starter's business. */
  track(work: Promise<unknown>): void {
    this.#work.add(work)
    const settled = (): void => void this.#work.delete(work)
    work.then(settled, settled)
  }

  /** Resolves when all tracked work has settled and every channel has let go. */
  async quiesce(): Promise<void> {
    await Promise.allSettled(this.#work)
    for (const connection of this.#connections) connection.abort()
    await this.released()
  }

  /** Resolves when every channel has let go, or `withinMs` are over. */
  async released(withinMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = Number.isFinite(withinMs)
        ? this.settings.clock.schedule(withinMs, resolve)
        : undefined
      this.#whenReleased.push(() => {
        timer?.[Symbol.dispose]()
        resolve()
      })
    })
  }

  readonly #flushAll = (): void => {
    // Two lists take turns, so that a steady flow of turns allocates none.
    const lanes = this.#flushing
    this.#flushing = this.#flushed
    for (const lane of lanes) lane.flush()
    lanes.length = 0
    this.#flushed = lanes
  }
}
