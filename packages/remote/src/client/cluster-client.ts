// A process outside of a cluster that uses it: what reaches actors, laid on top of what the contact tells of the cluster.
import { EventStream, type ActorRef, type ActorSystem, type AskOptions } from '@casty/actor'
import { systemRandom } from '@casty/clock'
import type { NodeIdentity } from '@casty/membership'
import { Endpoint, NodeAddress } from '@casty/transport'
import type { ClusterView } from '../cluster-view.ts'
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
import { ClientTopics } from './client-topics.ts'
import { clientTransport, unlistedAddress } from './client-transport.ts'
import { ClientView } from './client-view.ts'
import type { LinkReport } from './contact-core.ts'
import type { ClientEvent } from './client-event.ts'
import { ContactShell } from './contact-shell.ts'

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

/** A member out of reach is dialled again at least this often, in milliseconds. */
const maxReconnectMs = 1_000

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
  readonly #endpoint: Endpoint
  readonly #shell: ContactShell
  readonly #events: EventStream<ClientEvent>
  readonly #listings: Listings
  readonly #topics: ClientTopics
  #disposal: Promise<void> | undefined

  private constructor(options: ClusterClientOptions, settings: ClientSettings, endpoint: Endpoint) {
    const { system, serializer, random = systemRandom, limits } = options
    this.system = system
    this.#endpoint = endpoint
    const report = (error: unknown): void =>
      system.logger?.error({ error }, 'A listener of a cluster client threw')
    const view = new ClientView(endpoint, report)
    this.cluster = view
    this.#events = new EventStream({ onError: report })
    this.remoting = Remoting.attach<ClusterView>({
      system,
      cluster: view,
      random,
      ...(serializer && { serializer }),
      ...(limits && { limits }),
    })
    this.#listings = new Listings(this)
    const topics = new ClientTopics(this, () => this.#shell.tellTopics())
    this.#topics = topics
    this.#shell = new ContactShell({
      system,
      settings,
      draw: random(),
      endpoint,
      view,
      publish: (event) => {
        if (event.type === 'contact-changed') topics.contactChanged()
        this.#events.publish(event)
      },
      beginAnew: (node) => this.remoting.beginAnew(node),
      topics: () => topics.message,
    })
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
      await client.#shell.begin(options)
      return client
    } catch (error) {
      await (client ?? endpoint)[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The name and incarnation by which members know this client. */
  get self(): NodeIdentity {
    return this.cluster.self
  }

  /** Whether it was disposed of. */
  get isClosed(): boolean {
    return this.#disposal !== undefined
  }

  /** The member from which this client learns of the cluster; undefined while none answers. */
  get contact(): NodeIdentity | undefined {
    return this.#shell.contact
  }

  /** Whether that member answered within `contactTimeoutMs`. */
  isInReach(member: NodeIdentity): boolean {
    return this.#shell.isLive(member)
  }

  /** Has that member greeted from now on, beyond `maxConnections` if need be. For layers above. */
  want(member: NodeIdentity): void {
    this.#shell.want(member)
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
    const report = this.#shell.report()
    const { members } = report
    const live = members.filter(({ isLive }) => isLive).length
    const contact = this.contact?.key
    const summary =
      contact === undefined
        ? `${this.self} has no contact: of ${members.length} members that it knows, none answers.`
        : `${this.self} learns of the cluster from ${contact}, and reaches ${live} of ${members.length} members.`
    return { ...report, summary, self: this.self.key, contact }
  }

  /** Says goodbye and closes all connections; questions that wait fail. Waits for no member. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    this.#shell[Symbol.dispose]()
    this.#listings[Symbol.dispose]()
    this.#topics[Symbol.dispose]()
    this.remoting[Symbol.dispose]()
    await this.#endpoint[Symbol.asyncDispose]()
  }
}

async function startEndpoint(
  {
    transport,
    authentication,
    listen,
    system,
    random = systemRandom,
    endpointLimits,
  }: ClusterClientOptions,
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
    trust: 'client',
    ...(authentication && { authentication }),
    // Members tell lives apart. A cluster may be replaced, by nodes whose clocks were set back.
    remembersPeers: false,
    // Where nothing listens, nothing is exposed.
    insecure: listen ? (listen.insecure ?? false) : true,
    // It is nowhere then, so nothing tells which ranges are its own: it believes members, who dial back whom they tell of.
    ...(!listen && { mayDial: () => true }),
    limits: { maxReconnectMs, ...endpointLimits },
  })
}
