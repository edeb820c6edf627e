// What a process outside of the cluster has in the place of a ClusteredActorSystem: the layers for clients, wired and under
// one name. It reaches what lives on members; nothing of the cluster lives in it.
import { ActorSystem, type ActorRef, type AskOptions, type DeadLetterCounts } from '@casty/actor'
import {
  BroadcastRef,
  ClusterClient,
  type BroadcastOptions,
  type ClientExplanation,
  type CollectedAnswers,
  type Listing,
  type ServiceKey,
  type ClusterView,
  type Topic,
} from '@casty/remote'
import {
  ShardingClient,
  type EntityRegion,
  type ShardEnvelope,
  type ShardingClientExplanation,
} from '@casty/sharding'
import { duration, knownNames } from '../option-values.ts'
import { checkedTypeName } from '../system/placement.ts'
import { Regions, type RegionOptions } from '../system/regions.ts'
import { clientPartsOf, type ClientParts, type ClusteredClientOptions } from './client-options.ts'

/** What a client knows, layer by layer, in one readable object. */
export interface ClusteredClientExplanation {
  /** In a few sentences, for people. */
  readonly summary: string
  readonly client: ClientExplanation
  readonly sharding: ShardingClientExplanation
}

/**
 * Uses a clustered system from a process that is no member of it: tells and asks entities, singletons, broadcasts and
 * services, wherever they live. What cannot be delivered now, because its shard moves or its node is out of reach, waits here
 * within bounds: `sharding.limits`. Members let it in where they are started with `clients: true`.
 *
 * @example
 * await using client = await ClusteredClient.connect({ transport: tcpTransport(), contactPoints: ['10.0.0.7:2551'] })
 * client.singletonRef<Job>('scheduler').tell({ type: 'run' })
 */
export class ClusteredClient implements AsyncDisposable {
  /** Its own actors, which members may answer and tell. */
  readonly actors: ActorSystem
  /** What knows the cluster: its contact, its events, and refs by path. */
  readonly client: ClusterClient
  /** What knows where entities are. */
  readonly sharding: ShardingClient
  readonly #regions: Regions

  private constructor(parts: ClientParts, actors: ActorSystem, client: ClusterClient) {
    const sharding = ShardingClient.attach({ ...parts.sharding, client })
    this.actors = actors
    this.client = client
    this.sharding = sharding
    this.#regions = new Regions(sharding)
    const close = async (): Promise<void> => {
      sharding[Symbol.dispose]()
      await client[Symbol.asyncDispose]()
    }
    actors.beforeShutdown('release', close, { name: 'close the client' })
  }

  /**
   * Resolves once a member has told of the cluster.
   *
   * Rejects with `CASTY_CLUSTER_INVALID_OPTION`; with `CASTY_REMOTE_NO_CONTACT` where no member let it in within
   * `connectTimeoutMs`; with the reason of the signal; as `ActorSystem`, `ClusterClient.connect` and `ShardingClient.attach` do
   * where an option of theirs is wrong. Nothing is left then.
   */
  static async connect(options: ClusteredClientOptions): Promise<ClusteredClient> {
    const parts = clientPartsOf(options)
    const system = new ActorSystem(parts.actors)
    let client: ClusterClient | undefined
    try {
      client = await ClusterClient.connect({ ...parts.contact, system })
      return new ClusteredClient(parts, system, client)
    } catch (error) {
      await client?.[Symbol.asyncDispose]()
      await system.shutdown()
      throw error
    }
  }

  /** Who is a member, in which status, and in reach, as far as the contact told: `subscribe` tells of changes. */
  get cluster(): ClusterView {
    return this.client.cluster
  }

  /** So many messages were not handled, as far as it is known here, by reason. */
  get deadLetters(): DeadLetterCounts {
    return this.actors.deadLetters
  }

  /**
   * To the only actor of its name in the cluster, wherever it lives. While it moves, or before it is spawned, what is told
   * to it waits here.
   *
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` for a name that is none
   */
  singletonRef<M>(name: string): ActorRef<M> {
    return this.#regions.singleton<M>(name).ref(name)
  }

  /**
   * Whom to tell `{ entityId, message }` of a type of entities.
   *
   * @param options.numShards - as where it is spawned; may be left out where it was named before
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`; ShardingError `CASTY_SHARDING_INVALID_OPTION` where the
   * cluster is known to have another number of shards
   */
  regionRef<M>(type: string, options: RegionOptions = {}): ActorRef<ShardEnvelope<M>> {
    return this.#regions.named<M>(type, options).regionRef
  }

  /** To one entity, wherever it lives and whether or not it does. @throws as `region` */
  entityRef<M>(region: ActorRef<ShardEnvelope<M>> | string, entityId: string): ActorRef<M> {
    return this.region(region).ref(entityId)
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

  /**
   * A type of entities as seen from here, with its statistics, and why its messages wait.
   *
   * @param region - what `regionRef` gave, or the name it was called with
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`
   */
  region<M>(region: ActorRef<ShardEnvelope<M>> | string): EntityRegion<M> {
    return typeof region === 'string' ? this.#regions.named(region) : this.#regions.of(region)
  }

  /**
   * To the actors of a name on all members.
   *
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` for a name that is none
   */
  broadcastRef<M>(name: string, options?: BroadcastOptions): BroadcastRef<M> {
    return new BroadcastRef<M>(this.client, `/${checkedTypeName(name)}`, options)
  }

  /** Who is registered under a key now, as far as it is known here. */
  lookup<M>(key: ServiceKey<M>): Listing<M> {
    return this.client.lookup(key)
  }

  /** A name that messages are published under: see `ClusterClient.topic`. */
  topic<M>(name: string): Topic<M> {
    return this.client.topic(name)
  }

  /** Asks all actors of a broadcast: with the answers that came in time, and with who did not answer, and why. */
  ask<M, R, const Q extends M = M>(
    ref: BroadcastRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<CollectedAnswers<R>>
  /** Asks an actor, wherever it lives, and waits for its answer. Rejects as `ActorSystem.ask`. */
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
    if (ref instanceof BroadcastRef) return await ref.ask<R, Q>(makeMessage, options)
    return await this.actors.ask<M, R, Q>(ref, makeMessage, options)
  }

  explain(): ClusteredClientExplanation {
    const client = this.client.explain()
    const sharding = this.sharding.explain()
    return { summary: `${client.summary} ${sharding.summary}`, client, sharding }
  }

  /**
   * Its actors stop, then it says goodbye and closes its connections. What waits for entities is dropped.
   *
   * @param options.timeoutMs - how long to wait for all of it, in milliseconds. @defaultValue Infinity
   *
   * Rejects as `ActorSystem.shutdown`.
   */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    knownNames('shutdown()', options, ['timeoutMs'])
    const { timeoutMs = Infinity } = options
    if (timeoutMs !== Infinity) duration('timeoutMs', timeoutMs)
    await this.actors.shutdown(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}
