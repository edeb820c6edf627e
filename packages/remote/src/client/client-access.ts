// What a member does for clients of its cluster: lets them in, tells them of the cluster, bounds what they send, and
// notices when they are gone.
import type { ClusterState, NodeIdentity } from '@casty/membership'
import { RemoteError } from '../errors.ts'
import { remoteFrameTypes } from '../frame-types.ts'
import type { Remoting } from '../remoting.ts'
import {
  ClientBook,
  type BookLimits,
  type ClientDropReason,
  type ClientRecord,
  type Known,
} from './client-book.ts'
import {
  decodeClientMessage,
  encodeClientMessage,
  type ClientMessage,
  type Standing,
} from './client-messages.ts'
import { knownAfter, newsFor } from './cluster-news.ts'
import { ClientRights, type ClientAllowance } from './client-rights.ts'
import { contentDigest } from './content-digest.ts'
import { LimitsOfClients } from './limits-of-clients.ts'
import { TopicsForClients } from './topics-for-clients.ts'

export interface ClientAccessOptions {
  /**
   * How many clients this member has at most; one more is refused. A client greets up to `maxConnections` members, so in a
   * small cluster this is as many as there can be in all. Each takes two connections. @defaultValue 1_000
   */
  readonly maxClients?: number
  /**
   * A client that was not heard of for so long, in milliseconds, is gone: refs to its actors lead nowhere then. At least
   * three times `heartbeatIntervalMs` of the clients. @defaultValue 15_000
   */
  readonly clientTimeoutMs?: number
  /** Frames of one client that are handled in a second; more are dropped. A message is one. @defaultValue 20_000 */
  readonly maxFramesPerSecond?: number
  /** Bytes of one client that are handled in a second; more are dropped. @defaultValue 33_554_432 */
  readonly maxBytesPerSecond?: number
  /** What clients may use. What it does not name is not there for them. @defaultValue everything */
  readonly allow?: ClientAllowance
}

export const clientAccessDefaults: Required<Omit<ClientAccessOptions, 'allow'>> = Object.freeze({
  maxClients: 1_000,
  clientTimeoutMs: 15_000,
  maxFramesPerSecond: 20_000,
  maxBytesPerSecond: 33_554_432,
})

/** What one client did so far. */
export interface ClientReport {
  readonly client: string
  readonly sinceMs: number
  /** Whether it learns of the cluster from this member. */
  readonly isContact: boolean
  readonly frames: number
  readonly bytes: number
  readonly dropped: number
}

export interface ClientAccessMetrics {
  readonly clients: number
  /** Times that a client was refused, because there were too many. */
  readonly refused: number
  /** Frames of clients that were dropped. */
  readonly dropped: Readonly<Record<ClientDropReason, number>>
  /** Times that clients asked for what they may not use. */
  readonly denied: number
}

/** Changes of the cluster are told to clients together where they come within so long, in milliseconds. */
const gatherMs = 20
/** A client that sends too much is told so no more often, in milliseconds. */
const busyEveryMs = 100

/**
 * Lets clients of the cluster in at this member, see `ClusterClient`, until it is disposed of. To be had on every
 * member, or on those that clients are to know: others have nothing to do with them.
 */
export class ClientAccess implements Disposable {
  readonly #remoting: Remoting
  readonly #book: ClientBook
  readonly #guests = new Map<string, Disposable>()
  readonly #topics: TopicsForClients
  readonly #limits: LimitsOfClients | undefined
  readonly #subscriptions: readonly Disposable[]
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #telling: Disposable | undefined
  #refused = 0
  #isDisposed = false

  /**
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`; TransportError `CASTY_TRANSPORT_INVALID_OPTION`,
   * MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` where clients are let in already
   */
  constructor(remoting: Remoting, options: ClientAccessOptions = {}) {
    this.#remoting = remoting
    const { allow, ...bounds } = options
    this.#book = new ClientBook(checked(bounds))
    this.#topics = new TopicsForClients(remoting)
    this.#limits =
      allow === undefined ? undefined : new LimitsOfClients(remoting, new ClientRights(of, allow))
    const { cluster } = remoting
    const isMember = (node: NodeIdentity): boolean => this.#state.member(node) !== undefined
    this.#subscriptions = [
      this.#topics,
      ...(this.#limits ? [remoting.limitGuests(this.#limits)] : []),
      cluster.endpoint.handle(remoteFrameTypes.client, (from, bytes, start, end) =>
        this.#received(from, decodeClientMessage(bytes, start, end)),
      ),
      // What clients and members tell each other has bounds of its own.
      cluster.endpoint.filter((from, frameType, sizeBytes) => {
        if (frameType === remoteFrameTypes.client) return true
        const isTaken = this.#book.takes(from, sizeBytes, this.#now, isMember)
        if (!isTaken) this.#sayBusy(from)
        return isTaken
      }),
      cluster.subscribeTopology(() => this.#tellSoon()),
      cluster.subscribe(({ type }) => {
        if (type === 'self-downed' || type === 'cluster-shutting-down') this[Symbol.dispose]()
      }),
    ]
  }

  /** Who is a client of this member now. */
  get clients(): readonly NodeIdentity[] {
    return [...this.#book.all].map(({ node }) => node)
  }

  metrics(): ClientAccessMetrics {
    const { size, dropped } = this.#book
    return { clients: size, refused: this.#refused, dropped, denied: this.#limits?.denied ?? 0 }
  }

  explain(): readonly ClientReport[] {
    return [...this.#book.all].map(({ node, since, known, frames, bytes, dropped }) => ({
      client: node.key,
      sinceMs: this.#now - since,
      isContact: known !== undefined,
      frames,
      bytes,
      dropped,
    }))
  }

  /** Clients find that by themselves: to this member they are gone. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    for (const guest of this.#guests.values()) guest[Symbol.dispose]()
    this.#guests.clear()
    this.#timer?.timer[Symbol.dispose]()
    this.#telling?.[Symbol.dispose]()
  }

  get #now(): number {
    return this.#remoting.system.clock.now()
  }

  #received(from: NodeIdentity, message: ClientMessage): void {
    switch (message.type) {
      case 'greeting':
        this.#greeted(from, message)
        return
      case 'pull': {
        const client = this.#book.pulled(from, this.#now)
        if (client) this.#tell(client, message, this.#state)
        return
      }
      case 'bye':
        if (this.#book.left(from)) this.#gone(from)
        return
      case 'topics': {
        const client = this.#book.find(from)
        const cost = 1 + message.topics.length
        if (client && this.#book.takesTopics(client, cost, this.#now)) {
          const mayHave = ({ name }: { readonly name: string }): boolean =>
            this.#limits?.mayUse(from, 'topics', name) ?? true
          this.#topics.wanted(from, { ...message, topics: message.topics.filter(mayHave) })
        }
        return
      }
      case 'touch':
        return
      case 'welcome':
      case 'busy':
      case 'news': // Members say that, and not to each other.
        throw RemoteError.malformed(`A client sent a ${message.type}`)
    }
  }

  #greeted(
    from: NodeIdentity,
    { sequence, isContact }: Extract<ClientMessage, { readonly type: 'greeting' }>,
  ): void {
    // Whoever is a member needs no letting in.
    const outcome = this.#state.member(from) ? 'known' : this.#book.greeted(from, this.#now)
    if (outcome === 'full') this.#refused++
    if (outcome === 'new') this.#guests.set(from.key, this.#remoting.welcome(from))
    const client = this.#book.find(from)
    if (client && !isContact) {
      client.known = undefined
      this.#topics.forget(from)
    }
    const standing = outcome === 'full' ? 'full' : this.#standing
    this.#welcome(from, sequence, standing, Math.floor(client?.since ?? 0))
    this.#arm()
  }

  get #standing(): Standing {
    const status = this.#remoting.cluster.selfMember?.status
    return status === 'up' || status === 'weakly-up' ? 'welcome' : 'not-up'
  }

  get #state(): ClusterState {
    return this.#remoting.cluster.getState()
  }

  #welcome(to: NodeIdentity, sequence: number, standing: Standing, life: number): void {
    const { registry } = this.#state
    this.#send(to, 'control', {
      type: 'welcome',
      sequence,
      standing,
      life,
      contentDigest: contentDigest(this.#state),
      registryDigest: registry.digest,
    })
  }

  /** A client that sends too much is told, now and then: nobody answers what was dropped. */
  #sayBusy(from: NodeIdentity): void {
    const client = this.#book.find(from)
    if (!client || this.#now - client.toldBusyAt < busyEveryMs) return
    client.toldBusyAt = this.#now
    this.#send(from, 'control', { type: 'busy', dropped: client.dropped })
  }

  /** Tells a client what it lacks, and remembers what it has then. */
  #tell(client: ClientRecord, known: Known, state: ClusterState): void {
    client.known = knownAfter(state, known)
    for (const message of newsFor(state, known)) {
      if (this.#send(client.node, 'data', message)) continue
      client.known = undefined // It finds that it is behind when it is greeted next.
      return
    }
  }

  #tellSoon(): void {
    if (this.#isDisposed || this.#telling || this.#book.size === 0) return
    this.#telling = this.#remoting.system.clock.schedule(gatherMs, () => {
      this.#telling = undefined
      this.#tellAll()
    })
  }

  #tellAll(): void {
    const state = this.#state
    for (const client of this.#book.all) {
      if (client.known) this.#tell(client, client.known, state)
    }
  }

  #send(to: NodeIdentity, lane: 'control' | 'data', message: ClientMessage): boolean {
    const { endpoint } = this.#remoting.cluster
    const bytes = encodeClientMessage(message)
    return endpoint.send(to, lane, remoteFrameTypes.client, bytes) !== 'dropped'
  }

  #gone(client: NodeIdentity): void {
    this.#topics.forget(client)
    this.#guests.get(client.key)?.[Symbol.dispose]()
    this.#guests.delete(client.key)
    this.#arm()
  }

  #arm(): void {
    const at = this.#isDisposed ? undefined : this.#book.nextDeadline
    // A timer that comes too early arms the next one: greetings only move the deadline.
    if (at === undefined || (this.#timer && this.#timer.at <= at)) return
    this.#timer?.timer[Symbol.dispose]()
    const timer = this.#remoting.system.clock.schedule(Math.max(0, at - this.#now), () => {
      this.#timer = undefined
      for (const client of this.#book.takeOverdue(this.#now)) this.#gone(client)
      this.#arm()
    })
    this.#timer = { at, timer }
  }
}

const of = 'new ClientAccess()'

function checked(options: Omit<ClientAccessOptions, 'allow'>): BookLimits {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const names = Object.keys(clientAccessDefaults)
  for (const [name, value] of given) {
    if (!names.includes(name)) {
      throw RemoteError.invalidOption(of, name, value, `only ${names.join(', ')}, allow`)
    }
    if (Number.isInteger(value) && value >= 1 && value <= 0x7fff_ffff) continue
    throw RemoteError.invalidOption(of, name, value, 'an integer from 1 to 2147483647')
  }
  // Known names, each with a number.
  return { ...clientAccessDefaults, ...(Object.fromEntries(given) as Partial<BookLimits>) }
}
