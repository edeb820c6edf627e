// A process outside of a cluster that uses it: the shell around `ContactCore`, with all that reaches actors laid on top
// of what the contact tells of the cluster.
import { EventStream, type ActorRef, type ActorSystem, type AskOptions } from '@casty/actor'
import { systemRandom } from '@casty/clock'
import { ClusterState, type NodeIdentity } from '@casty/membership'
import { Endpoint, NodeAddress } from '@casty/transport'
import type { ClusterView } from '../cluster-view.ts'
import { RemoteError } from '../errors.ts'
import { remoteFrameTypes } from '../frame-types.ts'
import { Listings, type ListingSubscriber } from '../receptionist/listings.ts'
import type { Listing, ServiceKey } from '../receptionist/service-key.ts'
import type { RemoteReader } from '../remote-node.ts'
import { Remoting } from '../remoting.ts'
import type { Topic } from '../topics/topic.ts'
import {
  checkClientOptions,
  type ClientSettings,
  type ClusterClientOptions,
} from './client-options.ts'
import { decodeClientMessage, encodeClientMessage, type ClientMessage } from './client-messages.ts'
import { ClientTopics } from './client-topics.ts'
import { clientTransport, unlistedAddress } from './client-transport.ts'
import { ClientView } from './client-view.ts'
import { knownOf, learnt } from './cluster-news.ts'
import {
  ContactCore,
  type ContactEffect,
  type ContactEvent,
  type ContactLoss,
  type LinkReport,
} from './contact-core.ts'

export type ClientEvent =
  /** From now on the client learns of the cluster from that member; from none, where it is undefined. */
  | {
      readonly type: 'contact-changed'
      readonly contact: NodeIdentity | undefined
      /** Why the one before is none any more. */
      readonly reason: ContactLoss | undefined
    }
  /** Members came into reach, or went out of it. */
  | { readonly type: 'reach-changed' }

/** What a client knows, in one readable object. */
export interface ClientExplanation {
  /** In a sentence or two, for people. */
  readonly summary: string
  readonly self: string
  readonly contact: string | undefined
  /** How long ago the contact told something, in milliseconds. */
  readonly toldForMs: number | undefined
  readonly members: readonly LinkReport[]
  /** What came of the last attempt at each address that was dialled. */
  readonly dialled: Readonly<Record<string, string>>
  /** How often another member became the contact. */
  readonly contactChanges: number
}

const touch: ClientMessage = { type: 'touch' }
/** What keeps lanes open through which members reach this client, in milliseconds. */
const touchEveryMs = 60_000
/** A member out of reach is dialled again at least this often, in milliseconds. */
const maxReconnectMs = 1_000
/** Everything is asked for anew so often, so that nothing is remembered that the members forgot. */
const wholeEveryMs = 3_600_000

/**
 * Uses a cluster without being a member of it: finds services, talks to actors, and is talked to. It learns of the
 * cluster from one member, its contact; when that one is gone, from another, whether or not it was told of it at first.
 *
 * @example
 * await using client = await ClusterClient.connect({ system, transport, contactPoints: ['10.0.0.7:2551'] })
 * const [printer] = client.lookup(printers).instances
 */
export class ClusterClient implements RemoteReader, AsyncDisposable {
  readonly system: ActorSystem
  /** What is known of the cluster. */
  readonly cluster: ClusterView
  /** For layers above, such as entities. */
  readonly remoting: Remoting<ClusterView>
  readonly #settings: ClientSettings
  readonly #endpoint: Endpoint
  readonly #view: ClientView
  readonly #core: ContactCore
  readonly #events: EventStream<ClientEvent>
  readonly #listings: Listings
  readonly #topics: ClientTopics
  readonly #subscriptions: readonly Disposable[]
  readonly #queue: ContactEvent[] = []
  readonly #abort = new AbortController()
  /** When the data lane to a member was last kept open. */
  readonly #touchedAt = new WeakMap<NodeIdentity, number>()
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #sequence = 0
  #toldAt: number | undefined
  #wholeAt = -Infinity
  #contactChanges = 0
  #isResolving = false
  #firstTold: (() => void) | undefined
  #disposal: Promise<void> | undefined

  private constructor(options: ClusterClientOptions, settings: ClientSettings, endpoint: Endpoint) {
    const { system, serializer, random = systemRandom, limits } = options
    this.system = system
    this.#settings = settings
    this.#endpoint = endpoint
    const report = (error: unknown): void =>
      system.logger?.error({ error }, 'A listener of a cluster client threw')
    this.#view = new ClientView(endpoint, report)
    this.cluster = this.#view
    this.#events = new EventStream({ onError: report })
    this.remoting = Remoting.attach<ClusterView>({
      system,
      cluster: this.#view,
      random,
      ...(serializer && { serializer }),
      ...(limits && { limits }),
    })
    this.#listings = new Listings(this)
    this.#topics = new ClientTopics(this, () => this.#tellTopics())
    this.#core = new ContactCore({ ...settings, draw: random() })
    this.#subscriptions = [
      this.#view.endpoint.handle(remoteFrameTypes.client, (from, bytes, start, end) =>
        this.#received(from, decodeClientMessage(bytes, start, end)),
      ),
      this.#view.subscribeTopology(() => this.#membersChanged()),
    ]
  }

  /**
   * Connects to a member, and resolves once it has told of the cluster.
   *
   * Rejects with RemoteError `CASTY_REMOTE_INVALID_OPTION`, or `CASTY_REMOTE_NO_CONTACT` where no member answered within
   * `connectTimeoutMs`; with `signal.reason`; with the TransportErrors of listening, where `listen` is given.
   */
  static async connect(options: ClusterClientOptions): Promise<ClusterClient> {
    const settings = checkClientOptions(options)
    options.signal?.throwIfAborted()
    const endpoint = await startEndpoint(options, settings)
    let client: ClusterClient | undefined
    try {
      client = new ClusterClient(options, settings, endpoint)
      await client.#begin(options)
      return client
    } catch (error) {
      await (client ?? endpoint)[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The name and incarnation by which members know this client. */
  get self(): NodeIdentity {
    return this.#view.self
  }

  /** The member from which this client learns of the cluster; undefined while none answers. */
  get contact(): NodeIdentity | undefined {
    return this.#core.contact
  }

  /** Whether that member answered within `contactTimeoutMs`. */
  isInReach(member: NodeIdentity): boolean {
    return this.#core.isLive(member)
  }

  /** Has that member greeted from now on, beyond `maxConnections` if need be. For layers above. */
  want(member: NodeIdentity): void {
    this.#dispatch({ type: 'wanted', node: member })
  }

  /** Whoever lives at a path of a member, now or when a message arrives. */
  ref<M>(node: NodeIdentity, path: string): ActorRef<M> {
    return this.remoting.ref<M>(node, path)
  }

  /** @throws RemoteError as `Remoting.refToText` */
  refToText(ref: ActorRef<never>): string {
    return this.remoting.refToText(ref)
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  refFromText(text: string): ActorRef<never> {
    return this.remoting.refFromText(text)
  }

  /** Asks an actor, and waits for its answer: as `ActorSystem.ask`. */
  async ask<M, R, const Q extends M = M>(
    ref: ActorRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R> {
    return await this.system.ask<M, R, Q>(ref, makeMessage, options)
  }

  /** Who is registered under a key, as far as this client was told. */
  lookup<M>(key: ServiceKey<M>): Listing<M> {
    return this.#listings.find(key)
  }

  /**
   * Tells who is registered under a key: now, and whenever that changes. As `Receptionist.subscribe`.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node
   */
  subscribeListing<M>(key: ServiceKey<M>, subscriber: ListingSubscriber<M>): Disposable {
    return this.#listings.subscribe(key, subscriber)
  }

  /**
   * A topic, to publish to and to subscribe to as on a member. What is published while the contact changes may not come.
   * At most 500 are subscribed to.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a name that is none
   */
  topic<M>(name: string): Topic<M> {
    return this.#topics.topic(name)
  }

  /** Tells of contacts that come and go. What a listener throws is logged, and disturbs nobody. */
  subscribe(listener: (event: ClientEvent) => void): Disposable {
    return this.#events.subscribe(listener)
  }

  explain(): ClientExplanation {
    const now = this.#now
    const members = this.#core.report(now)
    const live = members.filter(({ isLive }) => isLive).length
    const contact = this.contact?.key
    const summary =
      contact === undefined
        ? `${this.self} has no contact: of ${members.length} members that it knows, none answers.`
        : `${this.self} learns of the cluster from ${contact}, and reaches ${live} of ${members.length} members.`
    return {
      summary,
      self: this.self.key,
      contact,
      toldForMs: this.#toldAt === undefined ? undefined : now - this.#toldAt,
      members,
      dialled: Object.fromEntries(this.#core.outcomes),
      contactChanges: this.#contactChanges,
    }
  }

  /** Says goodbye and closes all connections; questions that wait fail. Waits for no member. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    this.#timer?.timer[Symbol.dispose]()
    for (const node of this.#core.live) this.#send(node, 'control', { type: 'bye' })
    this.#abort.abort()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#listings[Symbol.dispose]()
    this.#topics[Symbol.dispose]()
    this.remoting[Symbol.dispose]()
    await this.#endpoint[Symbol.asyncDispose]()
  }

  async #begin({ signal }: Pick<ClusterClientOptions, 'signal'>): Promise<void> {
    signal?.throwIfAborted()
    const { connectTimeoutMs } = this.#settings
    await new Promise<void>((resolve, reject) => {
      const timer = this.system.clock.schedule(connectTimeoutMs, () => {
        end()
        reject(RemoteError.noContact(connectTimeoutMs, this.#attempts()))
      })
      const abort = (): void => {
        end()
        const reason: unknown = signal?.reason
        reject(reason instanceof Error ? reason : new Error(String(reason)))
      }
      const end = (): void => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        this.#firstTold = undefined
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#firstTold = () => {
        end()
        resolve()
      }
      this.#dispatch({ type: 'started' })
    })
  }

  /** What came of each attempt, for people. */
  #attempts(): string {
    const dialled = [...this.#core.outcomes].map(([address, outcome]) => `${address}: ${outcome}`)
    const members = this.#core.report(this.#now).map(({ node, standing }) => `${node}: ${standing}`)
    return [...dialled, ...members].join('; ') || 'no address is known'
  }

  get #now(): number {
    return this.system.clock.now()
  }

  #received(from: NodeIdentity, message: ClientMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#dispatch({ ...message, type: 'welcomed', from })
        if (this.contact?.equals(from)) this.#compare(from, message)
        return
      case 'news':
        this.#told(message)
        return
      default:
        throw RemoteError.malformed(`A member sent a ${message.type}`)
    }
  }

  /** Asks the contact for what is missing, where something is. */
  #compare(
    contact: NodeIdentity,
    { versionDigest, registryDigest }: Extract<ClientMessage, { readonly type: 'welcome' }>,
  ): void {
    const { versionDigest: own, registry } = this.#view.getState()
    const isDue = this.#now - this.#wholeAt >= wholeEveryMs
    if (own !== versionDigest || registry.digest !== registryDigest || isDue) {
      this.#pull(contact, isDue)
    }
  }

  #pull(contact: NodeIdentity, isWhole = false): void {
    const { version, registry } = knownOf(isWhole ? ClusterState.empty : this.#view.getState())
    this.#send(contact, 'data', { type: 'pull', version, registry })
  }

  #told({ content, isWhole, isLast }: Extract<ClientMessage, { readonly type: 'news' }>): void {
    const state = learnt(this.#view.getState(), content, isWhole)
    if (state === undefined) {
      this.#wholeAt = -Infinity // It is of another cluster: all is asked for anew, with the next greeting.
      return
    }
    this.#toldAt = this.#now
    this.#view.become(state)
    if (!isLast || !isWhole) return
    this.#wholeAt = this.#now
    this.#firstTold?.()
  }

  #membersChanged(): void {
    const { members, unreachable } = this.#view.getState()
    this.#dispatch({
      type: 'members-changed',
      members: members
        .filter(({ status }) => status !== 'down' && status !== 'removed')
        .map(({ node, status, key }) => ({
          node,
          isEligible: (status === 'up' || status === 'weakly-up') && !unreachable.has(key),
        })),
    })
  }

  /** Runs each event to completion: one raised by an effect waits its turn. */
  #dispatch(event: ContactEvent): void {
    if (this.#disposal || this.#queue.push(event) > 1) return
    for (const next of this.#queue) {
      for (const effect of this.#core.step(next, this.#now)) this.#perform(effect)
    }
    this.#queue.length = 0
    this.#arm()
  }

  #perform(effect: ContactEffect): void {
    switch (effect.type) {
      case 'resolve-points':
        void this.#resolve()
        return
      case 'dial':
        void this.#dial(effect.address)
        return
      case 'greet':
        this.#greet(effect.node, effect.isContact)
        return
      case 'contact-changed':
        this.#contactChanges++
        if (effect.contact) this.#pull(effect.contact, this.#wholeAt === -Infinity)
        this.#topics.contactChanged()
        this.#tellTopics()
        this.#events.publish(effect)
        return
      case 'reach-changed':
        this.#events.publish(effect)
        return
      case 'disconnect':
        this.#endpoint.forget(effect.node)
        return
      case 'begin-anew':
        this.remoting.beginAnew(effect.node)
        if (this.contact?.equals(effect.node)) this.#tellTopics()
    }
  }

  #greet(node: NodeIdentity, isContact: boolean): void {
    this.#send(node, 'control', { type: 'greeting', sequence: ++this.#sequence, isContact })
    // A member that cannot dial this client reaches it only through a data lane that is open.
    const isOpen = this.#view.endpoint.isConnected(node, 'data')
    if (isOpen && this.#now - (this.#touchedAt.get(node) ?? -Infinity) < touchEveryMs) return
    this.#touchedAt.set(node, this.#now)
    this.#send(node, 'data', isContact && this.#topics.size > 0 ? this.#topics.message : touch)
  }

  #tellTopics(): void {
    if (this.contact) this.#send(this.contact, 'data', this.#topics.message)
  }

  #send(to: NodeIdentity, lane: 'control' | 'data', message: ClientMessage): void {
    // What is dropped is said again, or found missing, with the next greeting.
    this.#view.endpoint.send(to, lane, remoteFrameTypes.client, encodeClientMessage(message))
  }

  /** Never rejects. */
  async #resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    try {
      const points = await this.#settings.resolvePoints()
      this.#dispatch({ type: 'points-resolved', points })
    } catch (error) {
      this.system.logger?.warn({ error }, 'Contact points of a cluster could not be found')
    } finally {
      this.#isResolving = false
    }
  }

  /** Never rejects. */
  async #dial(address: NodeAddress): Promise<void> {
    try {
      const node = await this.#endpoint.connect(address, { signal: this.#abort.signal })
      this.#dispatch({ type: 'dialled', address, node })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#dispatch({ type: 'dial-failed', address, why })
    }
  }

  #arm(): void {
    const at = this.#core.nextDeadline
    if (at === this.#timer?.at || this.#disposal) return
    this.#timer?.timer[Symbol.dispose]()
    const timer = this.system.clock.schedule(Math.max(0, at - this.#now), () => {
      this.#timer = undefined
      this.#dispatch({ type: 'deadline-reached' })
    })
    this.#timer = { at, timer }
  }
}

async function startEndpoint(
  { transport, listen, system, random = systemRandom, endpointLimits }: ClusterClientOptions,
  { name, mapAddress }: ClientSettings,
): Promise<Endpoint> {
  const { clock } = system
  const advertised = {
    ...(listen?.advertisedHost !== undefined && { host: listen.advertisedHost }),
    ...(listen?.advertisedPort !== undefined && { port: listen.advertisedPort }),
  }
  return await Endpoint.start({
    transport: clientTransport(transport, mapAddress, listen !== undefined),
    clock,
    random,
    address: listen ? NodeAddress.of(listen.host, listen.port ?? 0) : unlistedAddress(random),
    advertised,
    incarnation: Math.floor(clock.wallNow()),
    clusterName: name,
    capabilities: ['client'],
    // Where nothing listens, nothing is exposed.
    insecure: listen ? (listen.insecure ?? false) : true,
    limits: { maxReconnectMs, ...endpointLimits },
  })
}
