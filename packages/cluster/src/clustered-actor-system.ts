// One node of a cluster with all that runs on it: the layers below, wired and under one name. What a cluster adds to
// spawning is in spawner.ts; the end of it all is in lifetime.ts.
import type {
  ActorRef,
  ActorSystem,
  AskOptions,
  Behavior,
  DeadLetterCounts,
  EventStream,
  Explanation,
  Scheduler,
  ShutdownPhase,
  ShutdownTask,
  ShutdownTaskOptions,
} from '@casty/actor'
import { Distributed, type DistributedOptions } from '@casty/ddata'
import type { Cluster, ClusterState, NodeIdentity } from '@casty/membership'
import {
  BroadcastRef,
  ServiceKey,
  type BroadcastOptions,
  type ClientAccess,
  type CollectedAnswers,
  type Listing,
  type Receptionist,
  type Remoting,
  type Topic,
} from '@casty/remote'
import type { Replicator } from '@casty/replicator'
import type { EntityRegion, ShardEnvelope, Sharding } from '@casty/sharding'
import { maxParties, type BarrierOptions } from './barrier/barriers.ts'
import type { BroadcastedBehavior, ShardedBehavior, SingletonBehavior } from './behaviors.ts'
import type { CastyConfig } from './config/casty-config.ts'
import { configFileName, loadConfig } from './config/load-config.ts'
import { ClusterSystemError } from './errors.ts'
import { duration, knownNames, whole } from './option-values.ts'
import { loadedConfig, settingsOf, type ClusteredActorSystemOptions } from './options.ts'
import { explainNode, type SystemExplanation } from './system/explanation.ts'
import { Lifetime, type Termination } from './system/lifetime.ts'
import { lookUpPath, type LookupOptions } from './system/lookup.ts'
import { startNode, type Node } from './system/node.ts'
import { checkedTypeName } from './system/placement.ts'
import type { SystemReplicatorOptions } from './system/replication-of-values.ts'
import { Regions, type RegionOptions } from './system/regions.ts'
import { Spawner, type ClusterSpawnOptions } from './system/spawner.ts'
import { SystemEvents, type ClusteredSystemEvent } from './system/system-events.ts'

/**
 * Actors of many nodes as one system: a node of a cluster, with actors, entities spread over all nodes, singletons,
 * broadcasts, services, topics and barriers.
 *
 * @example
 * await using system = await ClusteredActorSystem.start({ name: 'shop', transport: tcpTransport() })
 * const counters = system.spawn(Behaviors.sharded(counter), 'counters')
 * await system.entityAsk(counters, 'visits', (replyTo: ActorRef<number>) => ({ type: 'get', replyTo }))
 */
export class ClusteredActorSystem implements AsyncDisposable {
  readonly #node: Node
  readonly #lifetime: Lifetime
  readonly #spawner: Spawner
  readonly #regions: Regions
  readonly #events: SystemEvents

  private constructor(node: Node, lifetime: Lifetime, spawner: Spawner) {
    this.#node = node
    this.#lifetime = lifetime
    this.#spawner = spawner
    this.#regions = new Regions(node.sharding)
    this.#events = new SystemEvents({ ...node, system: node.system })
  }

  /**
   * Binds, begins to join, and wires the layers. Resolves when the node listens, or when `requiredQuorum` members are
   * up.
   *
   * Rejects with `CASTY_CLUSTER_INVALID_OPTION`, as `loadConfig` where `config` is a path, and as
   * `startCluster`, `ActorSystem`, `Remoting.attach` and `Sharding.attach` do where an option of theirs is wrong; with
   * `CASTY_MEMBERSHIP_TIMEOUT` where the quorum was not reached; with `CASTY_CLUSTER_STOPPED` where a signal of the process
   * ended it, `…_DOWNED`, or `…_FORBIDDEN` where the node is evicted; with the reason of the signal. Nothing is left then.
   */
  static async start(options: ClusteredActorSystemOptions): Promise<ClusteredActorSystem> {
    const settings = settingsOf(options)
    const { requiredQuorum, quorumTimeoutMs, signal, shutdownOnSignals = [] } = settings.own
    signal?.throwIfAborted()
    const node = await startNode(settings)
    const lifetime = new Lifetime(node, settings.cluster)
    const system = new ClusteredActorSystem(node, lifetime, new Spawner(node, settings))
    try {
      signal?.throwIfAborted()
      // It may be told to end while it waits for the others, who know it by then.
      if (shutdownOnSignals.length > 0) lifetime.endOn(shutdownOnSignals)
      if (requiredQuorum !== undefined) {
        await node.cluster.waitFor(requiredQuorum, {
          ...(quorumTimeoutMs !== undefined && { timeoutMs: quorumTimeoutMs }),
          signal: signal ? AbortSignal.any([signal, lifetime.signal]) : lifetime.signal,
        })
      }
    } catch (error) {
      // Unless it leaves already, nobody has to be told: it has nothing to hand over.
      if (!lifetime.isEnding) await node[Symbol.asyncDispose]()
      await lifetime.shutdown()
      throw error
    }
    return system
  }

  /**
   * The same, by a config: one that was loaded, or the path of a file.
   *
   * @param config - @defaultValue the nearest `casty.toml`, in the working directory or above it
   * @param options - whatever is given here counts; `transport` has to be
   *
   * Rejects as `start` does, and with `CASTY_CLUSTER_CONFIG_NOT_FOUND`, or `CASTY_CLUSTER_INVALID_CONFIG` where it has no
   * table `[cluster]`.
   */
  static async fromConfig(
    config: CastyConfig | string | undefined,
    options: Omit<ClusteredActorSystemOptions, 'config'>,
  ): Promise<ClusteredActorSystem> {
    const loaded = config === undefined ? loadConfig() : loadedConfig(config)
    if (loaded.cluster === undefined) {
      if (loaded.file === undefined) throw ClusterSystemError.configNotFound(configFileName)
      const allowed = 'a table [cluster], which may be empty'
      throw ClusterSystemError.invalidConfig(loaded.file, 'cluster', 'is missing', allowed)
    }
    return await ClusteredActorSystem.start({ ...options, config: loaded })
  }

  /** This node: its address, where a requested port 0 is resolved, and its incarnation. */
  get selfNode(): NodeIdentity {
    return this.#node.cluster.self
  }

  /** Who is in, and in which status: the layer below, for all that is not here. */
  get cluster(): Cluster {
    return this.#node.cluster
  }

  /** The actors of this node alone: what they have as `context.system`. */
  get actors(): ActorSystem {
    return this.#node.system
  }

  /** What brings messages to actors of other nodes. */
  get remoting(): Remoting {
    return this.#node.remoting
  }

  /** What spreads entities over nodes. */
  get sharding(): Sharding {
    return this.#node.sharding
  }

  /** Where actors are registered under keys, and found from every node. */
  get receptionist(): Receptionist {
    return this.#node.receptionist
  }

  /** The clients of this node, where it lets any in. */
  get clientAccess(): ClientAccess | undefined {
    return this.#node.clientAccess
  }

  /** For messages to be sent later. */
  get scheduler(): Scheduler {
    return this.#node.system.scheduler
  }

  /** What happens to actors, in the cluster, and between nodes. What a listener throws is logged. */
  get eventStream(): Pick<EventStream<ClusteredSystemEvent>, 'subscribe'> {
    return this.#events.stream
  }

  /** So many messages were not handled on this node, by reason. */
  get deadLetters(): DeadLetterCounts {
    return this.#node.system.deadLetters
  }

  /** Resolves when all of it has ended, and tells how. It never rejects. */
  get terminated(): Promise<Termination> {
    return this.#lifetime.terminated
  }

  /**
   * Starts entities, which are spread over all nodes that start them under the same name.
   *
   * @returns whom to tell `{ entityId, message }`, from every node
   * @throws ClusterSystemError `CASTY_CLUSTER_STOPPED`, `…_DOWNED`, `…_INVALID_OPTION` for a name that is none;
   * ShardingError `CASTY_SHARDING_INVALID_OPTION`, `…_TYPE_TAKEN`
   */
  spawn<M>(
    behavior: ShardedBehavior<M>,
    options: string | ClusterSpawnOptions,
  ): ActorRef<ShardEnvelope<M>>
  /** Has one actor of that name in the whole cluster. @returns a ref to it, wherever it is. @throws as for entities */
  spawn<M>(behavior: SingletonBehavior<M>, options: string | ClusterSpawnOptions): ActorRef<M>
  /** Starts an actor here. @returns a ref to those of that name on all nodes. @throws as for other actors */
  spawn<M>(behavior: BroadcastedBehavior<M>, options: string | ClusterSpawnOptions): BroadcastRef<M>
  /**
   * Starts an actor on this node.
   *
   * @param options - or its name
   * @throws ClusterSystemError `CASTY_CLUSTER_STOPPED`, `…_DOWNED`; ActorError as `ActorSystem.spawn`
   */
  spawn<M>(behavior: Behavior<M>, options?: string | Partial<ClusterSpawnOptions>): ActorRef<M>
  spawn<M>(
    behavior: ShardedBehavior<M> | SingletonBehavior<M> | BroadcastedBehavior<M> | Behavior<M>,
    options: string | Partial<ClusterSpawnOptions> = {},
  ): ActorRef<ShardEnvelope<M>> | ActorRef<M> | BroadcastRef<M> {
    this.#lifetime.assertRunning('spawn')
    return this.#spawner.spawn(behavior, typeof options === 'string' ? { name: options } : options)
  }

  /** Ends an actor of this node: see `ActorSystem.stop`. */
  async stop(ref: ActorRef<never>): Promise<void> {
    await this.#node.system.stop(ref)
  }

  /**
   * Asks all actors of a broadcast: with the answers that came in time, and with who did not answer, and why. Rejects
   * for what is the asker's own only.
   */
  ask<M, R, const Q extends M = M>(
    ref: BroadcastRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<CollectedAnswers<R>>
  /**
   * Asks an actor, wherever it lives, and waits for its answer; no longer, where none can come any more.
   *
   * Rejects with `CASTY_ACTOR_ASK_TIMEOUT`, `CASTY_ACTOR_ASK_UNANSWERED`, the reason of the signal,
   * `CASTY_CLUSTER_DOWNED` or `CASTY_CLUSTER_STOPPED`.
   */
  ask<M, R, const Q extends M = M>(
    ref: ActorRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R>
  async ask<M, R, const Q extends M = M>(
    ref: ActorRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R | CollectedAnswers<R>> {
    this.#lifetime.assertUsable('ask')
    if (ref instanceof BroadcastRef) return await ref.ask<R, Q>(makeMessage, options)
    return await this.#node.system.ask<M, R, Q>(ref, makeMessage, options)
  }

  /** Who is registered under a key now, as far as this node knows. */
  lookup<M>(key: ServiceKey<M>): Listing<M>
  /**
   * The actor at a path of this node, if one lives there; of another node, a ref to whoever lives there when a message
   * arrives. Undefined where the node is no member.
   */
  lookup<M>(path: string, options?: LookupOptions): ActorRef<M> | undefined
  lookup<M>(
    what: ServiceKey<M> | string,
    options: LookupOptions = {},
  ): Listing<M> | ActorRef<M> | undefined {
    this.#lifetime.assertUsable('look anything up')
    if (what instanceof ServiceKey) return this.#node.receptionist.find(what)
    return lookUpPath<M>(this.#node, what, options)
  }

  /** What this node knows of the cluster now, with where the shards of its entities are (`shardAllocations`). */
  getClusterState(): ClusterState {
    return this.#node.sharding.getClusterState()
  }

  /**
   * Resolves with the state once so many members are up and reachable: see `Cluster.waitFor`.
   *
   * @param options.timeoutMs - @defaultValue 60_000
   */
  async waitFor(
    count: number,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ClusterState> {
    this.#lifetime.assertRunning('wait for members')
    return await this.#node.cluster.waitFor(count, options)
  }

  /**
   * Resolves when so many parties have come to the barrier of that name, on whatever nodes; then it is there for the next
   * round. Whoever gives up, or is lost, does not count any more. A failure of the node that keeps the barrier loses
   * nobody.
   *
   * @param parties - the same for all, from 1 to 1,000
   *
   * Rejects with `CASTY_CLUSTER_BARRIER_TIMEOUT`; `CASTY_CLUSTER_BARRIER_MISMATCH` where those who wait expect another
   * number; the reason of the signal; `CASTY_CLUSTER_STOPPED` or `CASTY_CLUSTER_DOWNED`.
   */
  async barrier(name: string, parties: number, options: BarrierOptions = {}): Promise<void> {
    this.#lifetime.assertRunning('wait at a barrier')
    knownNames('barrier()', options, ['timeoutMs', 'signal'])
    whole('parties', parties, 1, maxParties)
    if (options.timeoutMs !== undefined) duration('timeoutMs', options.timeoutMs)
    await this.#node.barriers.arrive(name, parties, options, this.#lifetime.signal)
  }

  /**
   * Counters, maps, sets, queues, locks, semaphores and barriers that all nodes share. Each call makes another user of
   * them, with leases of its own; all end with the system. This node keeps its share of them from then on; from the start,
   * where it was started with `distributed`.
   *
   * @param options - @defaultValue each as `start` was told
   * @throws ClusterSystemError `CASTY_CLUSTER_STOPPED`, `CASTY_CLUSTER_DOWNED`; DDataError `CASTY_DDATA_ARGUMENT`
   */
  distributed(options: DistributedOptions = {}): Distributed {
    this.#lifetime.assertRunning('use shared structures')
    const { system, sharding, structures } = this.#node
    const all = structures ? { ...structures, ...options } : options
    return new Distributed({ system, sharding }, all)
  }

  /**
   * Values that converge on all nodes that call this, changed anywhere at once, also while the cluster is cut in two. It ends
   * with the system; there is one on each node.
   *
   * Rejects with `CASTY_REPLICATOR_INVALID_OPTION`, with what the journal rejects with, with
   * `CASTY_TRANSPORT_INVALID_OPTION` where the node has one already, and with `CASTY_CLUSTER_INVALID_OPTION`,
   * `CASTY_CLUSTER_STOPPED`, `CASTY_CLUSTER_DOWNED`.
   */
  async replicator(options: SystemReplicatorOptions = {}): Promise<Replicator> {
    this.#lifetime.assertRunning('replicate values')
    return await this.#node.startReplicator(options)
  }

  /**
   * Whom to tell `{ entityId, message }` of a type of entities, also where this node hosts none of them.
   *
   * @param options.numShards - as where it is spawned; may be left out where this node has spawned it
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`
   */
  regionRef<M>(type: string, options: RegionOptions = {}): ActorRef<ShardEnvelope<M>> {
    this.#lifetime.assertUsable('reach entities')
    return this.#regions.named<M>(type, options).regionRef
  }

  /**
   * To one entity, wherever it lives and whether or not it does. It may be sent to any node.
   *
   * @param region - what `spawn` or `regionRef` gave, or the name
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`; ShardingError `CASTY_SHARDING_INVALID_OPTION`
   */
  entityRef<M>(region: ActorRef<ShardEnvelope<M>> | string, entityId: string): ActorRef<M> {
    return this.region(region).ref(entityId)
  }

  /**
   * To the only actor of its name in the cluster, also where this node has not spawned it.
   *
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` for a name that is none
   */
  singletonRef<M>(name: string): ActorRef<M> {
    this.#lifetime.assertUsable('reach a singleton')
    return this.#regions.singleton<M>(name).ref(name)
  }

  /**
   * To the actors of a name on all nodes, also where this node has not spawned one.
   *
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` for a name that is none
   */
  broadcastRef<M>(name: string, options?: BroadcastOptions): BroadcastRef<M> {
    this.#lifetime.assertUsable('reach a broadcast')
    return new BroadcastRef<M>(this.#node.remoting, `/${checkedTypeName(name)}`, options)
  }

  /** Asks an entity, and waits for its answer. Rejects as `ask` does. */
  async entityAsk<M, R, const Q extends M = M>(
    region: ActorRef<ShardEnvelope<M>> | string,
    entityId: string,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R> {
    return await this.region(region).ask<R, Q>(entityId, makeMessage, options)
  }

  /** A type of entities as this node sees it, with its statistics, and why its messages wait. @throws as `entityRef` */
  region<M>(region: ActorRef<ShardEnvelope<M>> | string): EntityRegion<M> {
    this.#lifetime.assertUsable('reach entities')
    return typeof region === 'string' ? this.#regions.named(region) : this.#regions.of(region)
  }

  /** A name that messages are published under, to all who have subscribed on whatever node. */
  topic<M>(name: string): Topic<M> {
    this.#lifetime.assertUsable('use topics')
    return this.#node.topics.topic(name)
  }

  /** Why this node is as it is, layer by layer; or one of its actors. */
  explain(): SystemExplanation
  explain(ref: ActorRef<never>): Explanation
  explain(ref?: ActorRef<never>): SystemExplanation | Explanation {
    if (ref) return this.#node.system.explain(ref)
    return explainNode(this.#node, this.#lifetime.summary)
  }

  /** Has something done when the system shuts down: see `ActorSystem.beforeShutdown`. */
  beforeShutdown(
    phase: ShutdownPhase,
    task: ShutdownTask,
    options?: ShutdownTaskOptions,
  ): Disposable {
    return this.#node.system.beforeShutdown(phase, task, options)
  }

  /**
   * Ends the node in good order: tasks to refuse and to drain, shards are handed over and the cluster left, actors stop,
   * connections close. Each of these has a deadline, so that it comes to an end whatever hangs. A second call
   * waits for the first.
   *
   * @param options.timeoutMs - how long to wait for all of it, in milliseconds. @defaultValue Infinity
   *
   * Rejects as `ActorSystem.shutdown`.
   */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    knownNames('shutdown()', options, ['timeoutMs'])
    const { timeoutMs = Infinity } = options
    if (timeoutMs !== Infinity) duration('timeoutMs', timeoutMs)
    await this.#lifetime.shutdown(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}
