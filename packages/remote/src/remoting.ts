// The layer that makes one of the actors of many nodes: it wires senders, receivers and tables, and follows
// the cluster and its connections. What is sent is in outbox.ts, what comes in inbox.ts, what is lost in
// connection-losses.ts.
import { EventStream, type ActorRef, type ActorSystem, type Ending } from '@casty/actor'
import { systemRandom, unguessableRandom } from '@casty/clock'
import type { Cluster, ClusterEvent } from '@casty/membership'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { AskSlots, generations } from './ask-slots.ts'
import { broadcastKind } from './broadcast/broadcast-kind.ts'
import { classMeaningsOf } from './class-meanings.ts'
import type { RemoteEvent } from './events.ts'
import type { ClusterView } from './cluster-view.ts'
import { followConnections } from './connection-losses.ts'
import { Exports } from './exports.ts'
import { GoneRef } from './gone-ref.ts'
import type { ClientUsable } from './client/client-rights.ts'
import type { GuestLimits } from './guest-limits.ts'
import { Guests } from './guests.ts'
import { frameHandlers } from './frame-handlers.ts'
import { remoteFrameTypes } from './frame-types.ts'
import { Inbox } from './inbox.ts'
import { PayloadCodec, type MessageCodec } from './message-codec.ts'
import { checkOptions, type RemotingOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Payloads } from './payloads.ts'
import type { Peer } from './peer.ts'
import { Peers } from './peers.ts'
import { RefKinds, type RefKind } from './ref-kinds.ts'
import { RemoteAnswer } from './remote-answer.ts'
import { RemoteRef } from './remote-ref.ts'
import { explain, metricsOf, type RemotingExplanation, type RemotingMetrics } from './reports.ts'
import { msgpackSerializer } from './serializers/msgpack.ts'
import { noTraffic, type Traffic } from './traffic.ts'
import type { DataMark } from './watch/data-order.ts'
import { RemoteWatch } from './watch/remote-watch.ts'
import type { WatchTarget } from './watch/watch-messages.ts'
import { WireRefs } from './wire-refs.ts'

/** Where the actor of a ref lives. */
export interface RefLocation {
  readonly node: NodeIdentity
  /** In the system of its node. */
  readonly path: string
}

/** A member closes its connection to one that has left a second later; this is for one that does not. */
const farewellMs = 1_500

/**
 * Actors across the nodes of a cluster: refs are sent as data, and work where they arrive.
 *
 * Messages of one actor to another keep their order and arrive at most once. What cannot be brought there is a
 * dead letter, and fails its question at once; what was lost on the way is told as a gap.
 */
export class Remoting<out C extends ClusterView = Cluster> implements Disposable {
  readonly system: ActorSystem
  readonly cluster: C
  /** For layers above that make their own frames. */
  readonly codec: MessageCodec
  readonly #guests = new Guests()
  readonly #peers: Peers
  readonly #slots: AskSlots
  readonly #exports: Exports
  readonly #kinds = new RefKinds()
  readonly #refs: WireRefs
  readonly #outbox: Outbox
  readonly #traffic: Traffic = noTraffic()
  /** Of nodes that have left, and may be heard still. */
  readonly #farewells = new Map<NodeKey, Disposable>()
  readonly #serializerName: string
  readonly #watch: RemoteWatch
  readonly #events: EventStream<RemoteEvent>
  readonly #subscriptions: readonly Disposable[]
  #limits: GuestLimits | undefined
  #isDisposed = false

  private constructor(options: RemotingOptions<C>) {
    const limits = checkOptions(options)
    const { system, cluster, serializer = msgpackSerializer(), random = systemRandom } = options
    this.system = system
    this.cluster = cluster
    this.#serializerName = serializer.name
    this.#events = new EventStream({
      onError: (error) => system.logger?.error({ error }, 'A listener of the remote layer threw'),
    })
    this.#peers = new Peers({ cluster, guests: this.#guests, random, ...limits })
    // Who knows the number of a ref may use it.
    const draw = options.random ?? unguessableRandom
    this.#slots = new AskSlots(limits.maxAsks, Math.floor(draw() * generations))
    this.#kinds.add(broadcastKind(this))
    this.#exports = new Exports(system, limits.maxExports, draw)
    this.#refs = new WireRefs(this.#exports, this.#slots, this.#kinds, {
      get self() {
        return cluster.self
      },
      actorAt: ({ node, uid, path }) => this.#actorAt(node, uid, path),
      answerAt: ({ node, slot, generation }, from) => this.#answerAt(node, slot, generation, from),
      mayName: (from, place) => this.#limits?.mayName(from, place) ?? true,
      mayUse: (from, { kind, name }) => this.mayUse(from, kind, name),
      classMeanings: classMeaningsOf(cluster.endpoint),
      tellOfClass: (to, number, name) => this.#outbox.tellOfClass(to, number, name),
      tellOfUnknownClass: (to, number) => this.#outbox.tellOfUnknownClass(to, number),
      nobodyAt: (path) => new GoneRef(system, cluster.self, 0, path, 'not-found'),
    })
    const { endpoint } = cluster
    const payloads = new Payloads(serializer, this.#refs)
    const parts = { system, endpoint, payloads, slots: this.#slots, traffic: this.#traffic }
    this.#outbox = new Outbox({ ...parts, watch: (ref, ended) => this.#watchAt(ref, ended) })
    this.codec = new PayloadCodec(this.#peers, payloads, this.#slots, this.#outbox, limits.maxAsks)
    const publish = (event: RemoteEvent): void => this.#events.publish(event)
    const mayTell = (from: NodeIdentity, target: WatchTarget): boolean =>
      this.#limits?.mayTell(from, target) ?? true
    const inbox = new Inbox({
      ...parts,
      peers: this.#peers,
      exports: this.#exports,
      outbox: this.#outbox,
      publish,
      mayTell,
      isClient: (node) => this.#isClient(node),
      admitsPart: (node, sizeBytes) =>
        endpoint.admitsPart(node, remoteFrameTypes.messages, sizeBytes),
    })
    this.#watch = new RemoteWatch({
      cluster,
      guests: this.#guests,
      clock: system.clock,
      observe: (target, ended, watcher) =>
        mayTell(watcher, target) ? this.#observe(target, ended) : undefined,
      order: {
        sentTo: (node) => markOf(this.#peers.of(node)),
        hasArrived: (from, { session, sequence }) =>
          this.#peers.of(from).hasArrived(session, sequence),
      },
      maxWatchesPerNode: limits.maxWatchesPerNode,
      maxPendingMessages: limits.maxPendingWatchMessages,
      givenUp: (node, reason, lostMessages) => {
        if (reason === 'gone') return
        this.#events.publish({ type: 'watches-given-up', node, reason, lostMessages })
      },
      report: (error, what) => system.logger?.error({ error }, what),
    })
    this.#subscriptions = [
      this.#watch,
      ...frameHandlers(endpoint, inbox),
      followConnections(endpoint, {
        peers: this.#peers,
        slots: this.#slots,
        outbox: this.#outbox,
        publish,
      }),
      endpoint.subscribe((event) => {
        const isOver = event.type === 'lane-closed' && event.lane === 'data'
        if (isOver && this.#farewells.has(event.peer.key)) this.#gone(event.peer)
      }),
      cluster.subscribe((event) => this.#clusterChanged(event)),
    ]
  }

  /**
   * Has the actors of `system` reached from other nodes of `cluster`, and reach theirs, until it is disposed
   * of. One for each cluster node.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`; TransportError `CASTY_TRANSPORT_INVALID_OPTION` where the
   * cluster has such a layer already
   */
  static attach<C extends ClusterView = Cluster>(options: RemotingOptions<C>): Remoting<C> {
    return new Remoting(options)
  }

  /**
   * Has a node that is no member treated as one until the result is disposed of: its actors can be watched, and watch
   * those here. From then on it counts as gone: what is told to refs of it that are held here is a dead letter,
   * questions to it fail, watches end. Welcomed again, it is found by refs that come from then on.
   */
  welcome(node: NodeIdentity): Disposable {
    this.#guests.add(node)
    this.#watch.guestCame(node)
    return {
      [Symbol.dispose]: () => {
        if (!this.#guests.delete(node)) return
        this.#watch.guestLeft(node)
        this.#gone(node)
      },
    }
  }

  /**
   * To be told where a node took this one for gone, and has welcomed it again: it answers nothing of what it was asked, and
   * knows nothing of the names that recipients there had.
   */
  beginAnew(node: NodeIdentity): void {
    const peer = this.#peers.of(node)
    peer.forgetNames()
    this.#slots.fail(peer, 'lost')
  }

  /** Whether that node is treated as a member without being one: what members decide together is not for it. */
  isGuest(node: NodeIdentity): boolean {
    return this.#guests.has(node)
  }

  /** Has nodes that are no members find only what these allow, until the result is disposed of. The last ones count. */
  limitGuests(limits: GuestLimits): Disposable {
    this.#limits = limits
    return {
      [Symbol.dispose]: () => {
        if (this.#limits === limits) this.#limits = undefined
      },
    }
  }

  /** Whether that node may use what has that name: for layers above, of what they have. Members may use everything. */
  mayUse(node: NodeIdentity, kind: ClientUsable, name: string): boolean {
    return this.#limits?.mayUse(node, kind, name) ?? true
  }

  /** Whoever lives at a path of a node, now or when a message arrives. Of this node, its local ref. */
  ref<M>(node: NodeIdentity, path: string): ActorRef<M> {
    // Its type is the caller's to say.
    return this.#actorAt(node, 0, path) as ActorRef<unknown> as ActorRef<M>
  }

  /** Where the actor of a ref lives; undefined for refs of other layers, and of nobody. */
  locationOf(ref: ActorRef<never>): RefLocation | undefined {
    if (ref instanceof RemoteRef) return { node: ref.peer.node, path: ref.localPath }
    const { path } = ref
    return this.system.lookup(path) === ref ? { node: this.cluster.self, path } : undefined
  }

  /**
   * A ref as text that means the same on every node, for tables and registries.
   *
   * @throws RemoteError `CASTY_REMOTE_TOO_MANY_EXPORTS`, `CASTY_REMOTE_NOT_SERIALIZABLE`
   */
  refToText(ref: ActorRef<never>): string {
    return this.#refs.toText(ref)
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  refFromText(text: string): ActorRef<never> {
    return this.#refs.fromText(text)
  }

  /**
   * Has refs of another layer travel as what they mean, instead of as a ref that leads through this node.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a name that is taken
   */
  adoptRefs(kind: RefKind): Disposable {
    return this.#kinds.add(kind)
  }

  /** Tells of gaps, and of what cannot be read. What a listener throws is logged, and disturbs nobody. */
  subscribe(listener: (event: RemoteEvent) => void): Disposable {
    return this.#events.subscribe(listener)
  }

  metrics(): RemotingMetrics {
    const counts = metricsOf(this.#traffic, this.#peers, this.#slots, this.#exports)
    return { ...counts, watch: this.#watch.metrics() }
  }

  /** What there is with each node: for people and for dashboards. */
  explain(): RemotingExplanation {
    return explain(this.cluster, this.#serializerName, this.#peers)
  }

  /** Questions that wait fail; what is told to actors of other nodes from now on is a dead letter. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#end((node) => this.#gone(node))
    this.#slots.failAll('lost')
    this.#exports.clear()
  }

  #isClient(node: NodeIdentity): boolean {
    return this.cluster.endpoint.trustOf(node) === 'client'
  }

  #actorAt(node: NodeIdentity, uid: number, path: string): ActorRef<never> {
    if (node.equals(this.cluster.self)) {
      const ref = this.#exports.find(uid, path)
      if (ref !== undefined) return ref
      if (uid !== 0) return new GoneRef(this.system, node, uid, path, 'stopped')
    }
    const peer = this.#peers.of(node)
    return peer.refOf(uid, path, () => new RemoteRef(this.#outbox, peer, uid, path))
  }

  /** @param from - who sent it: a client knows of no answers here but to what it was asked itself */
  #answerAt(
    node: NodeIdentity,
    slot: number,
    generation: number,
    from: Peer | undefined,
  ): ActorRef<never> {
    if (!node.equals(this.cluster.self)) {
      return new RemoteAnswer(this.#outbox, this.#peers.of(node), slot, generation)
    }
    const path = `?${slot}.${generation}`
    const isGuessed =
      from !== undefined && this.#isClient(from.node) && !this.#slots.isAskedOf(slot, from)
    const answer = isGuessed ? undefined : this.#slots.find(slot, generation)
    return answer ?? new GoneRef(this.system, node, 0, path, 'late-answer')
  }

  #watchAt(ref: RemoteRef<never>, ended: (ending: Ending) => void): Disposable {
    const { peer, uid, localPath: path } = ref
    return this.#watch.watch(peer.node, { uid, path }, ended)
  }

  /** Another node watches an actor of this one. */
  #observe({ uid, path }: WatchTarget, ended: (ending: Ending) => void): Disposable | undefined {
    const ref = this.#exports.find(uid, path)
    try {
      return ref && this.system.whenStopped(ref, ended)
    } catch {
      return undefined // It is nobody's who could end.
    }
  }

  #clusterChanged(event: ClusterEvent): void {
    switch (event.type) {
      case 'member-downed':
        this.#gone(event.member.node)
        return
      case 'member-removed':
        this.#left(event.member.node)
        return
      case 'self-downed':
        this.#end((node) => this.#gone(node))
        return
      case 'cluster-shutting-down':
        this.#end((node) => this.#left(node))
        return
      default: // Whoever is merely unreachable may be back.
    }
  }

  /** This node sends nothing to others any more. */
  #end(parted: (node: NodeIdentity) => void): void {
    this.#peers.close()
    for (const { node } of this.#peers.all) parted(node)
  }

  /**
   * One of the two has left, and word of that may be quicker than what the other one sent before: that counts until the
   * connection closes.
   */
  #left(node: NodeIdentity): void {
    if (!this.cluster.endpoint.isConnected(node, 'data')) return this.#gone(node)
    if (!this.#peers.left(node) || this.#farewells.has(node.key)) return
    this.#farewells.set(
      node.key,
      this.system.clock.schedule(farewellMs, () => this.#gone(node)),
    )
  }

  #gone(node: NodeIdentity): void {
    this.#farewells.get(node.key)?.[Symbol.dispose]()
    this.#farewells.delete(node.key)
    const peer = this.#peers.gone(node)
    if (!peer) return
    peer.known.clear()
    this.#slots.fail(peer, 'node-gone')
  }
}

function markOf({ session, nextSequence }: Peer): DataMark {
  return { session, sequence: nextSequence }
}
