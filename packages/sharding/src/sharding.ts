// Entities spread over a cluster: the shell that joins the agreement on who runs which shard with the regions
// that run them. It owns the life cycle, turns what arrives into events and effects into calls.
import type { ActorSystem } from '@casty/actor'
import {
  highestBelieved,
  type Cluster,
  type ClusterEvent,
  type ClusterState,
} from '@casty/membership'
import type { NodeIdentity } from '@casty/transport'
import { TablesForClients } from './client/tables-for-clients.ts'
import { decodeShardingMessage, encodeShardingMessage } from './codec.ts'
import { guardedStrategy } from './coordinator/guarded-strategy.ts'
import type { CoreEffect } from './core/core-events.ts'
import { CoreLoop } from './core/core-loop.ts'
import type { CoreSettings } from './core/core-settings.ts'
import { ShardingCore } from './core/sharding-core.ts'
import { sameView, viewOf, type ViewMember } from './core/view.ts'
import { leave } from './departure.ts'
import type { EntityRegion } from './entity-region.ts'
import {
  checkProxy,
  checkType,
  type EntityProxy,
  type EntityType,
  type JournaledEntityType,
} from './entity-type.ts'
import { ShardingError } from './errors.ts'
import { LeaseGate } from './lease-gate.ts'
import { shardingFrameType } from './protocol.ts'
import { Recoveries } from './recoveries.ts'
import { Regions } from './regions.ts'
import { Replication } from './replication/replication.ts'
import { explainSharding, type ShardingExplanation } from './sharding-explanation.ts'
import {
  checkLimits,
  checkMaxClients,
  checkOptions,
  type ShardingOptions,
} from './sharding-options.ts'
import {
  StatisticsExchange,
  type ClusterStatistics,
  type StatisticsOptions,
} from './statistics/cluster-statistics.ts'
import { StateWithShards } from './table/allocations.ts'
import { Waiters } from './waiters.ts'

/**
 * Nodes whose sharding has ended before they did. What they promised and accepted is forgotten, and a voter that begins anew
 * under the same name would take part in giving the same shard to two nodes.
 */
const ended = new WeakSet<Cluster>()

/**
 * Entities of many types, spread over the nodes of a cluster: each lives on one of them at a time, and is reached
 * from all.
 *
 * @example
 * const sharding = Sharding.attach({ system, cluster, remoting })
 * const carts = sharding.start<Add>({ name: 'cart', entity: () => cart })
 * carts.tell('cart-17', { amount: 3 })
 */
export class Sharding implements Disposable {
  readonly #system: ActorSystem
  readonly #cluster: Cluster
  readonly #core: ShardingCore
  readonly #loop: CoreLoop
  readonly #gate: LeaseGate
  readonly #regions: Regions
  readonly #tables: TablesForClients
  readonly #recoveries: Recoveries
  readonly #statistics: StatisticsExchange
  readonly #state = new StateWithShards()
  readonly #subscriptions: readonly Disposable[]
  #view: readonly ViewMember[] = []
  /** Told after each step: who waits for something looks whether it has come about. */
  readonly #waiters = new Waiters()
  #isDisposed = false

  private constructor(options: ShardingOptions) {
    const settings = checkOptions(options)
    const maxClients = checkMaxClients(options)
    const { system, cluster, remoting, limits = {} } = options
    if (ended.has(cluster)) {
      const allowed = 'one whose sharding has not ended: start another node'
      throw ShardingError.invalidOption('cluster', String(cluster.self), allowed)
    }
    this.#system = system
    this.#cluster = cluster
    const coreSettings: CoreSettings = {
      ...settings,
      strategy: guardedStrategy(settings.strategy, (error, what) => {
        system.logger?.error({ error }, what)
      }),
      // Until it is a member it may turn out that it needs a later incarnation than it took.
      get self() {
        return cluster.self
      },
    }
    this.#core = new ShardingCore(coreSettings, system.clock.now())
    const core = this.#core
    const regionSettings = checkLimits(limits)
    this.#gate = new LeaseGate(system.clock)
    this.#loop = new CoreLoop(core, {
      clock: system.clock,
      gate: this.#gate,
      perform: (effect) => this.#perform(effect),
      failed: ({ type }, error) => {
        system.logger?.error({ error }, `An effect of sharding failed: ${type}`)
      },
      stepped: () => this.#waiters.look(),
    })
    this.#recoveries = new Recoveries(system.clock, {
      ask: (question) => this.#loop.dispatch({ type: 'recovery-asked', question }),
      settled: (id) => this.#loop.dispatch({ type: 'recovery-settled', id }),
    })
    this.#regions = new Regions({
      system,
      cluster,
      remoting,
      gate: this.#gate,
      settings: regionSettings,
      isGuest: (node) => remoting.isGuest(node),
      mayReach: (node, typeName) => remoting.mayUse(node, 'entities', typeName),
      port: {
        get table() {
          return core.committed
        },
        waitsFor: (typeName, shard) => core.explainShard(typeName, shard),
        coordinator: () => core.coordinator(this.#now),
        released: (typeName, shard, epoch) =>
          this.#loop.dispatch({ type: 'shard-released', shard: { typeName, shard, epoch } }),
        emptied: () => this.#waiters.look(),
        fenced: (shard, written) => this.#loop.dispatch({ type: 'epoch-refused', shard, written }),
        replicated: (shards) => this.#loop.dispatch({ type: 'shards-replicated', shards }),
        recover: async (typeName, shard, options) =>
          await this.#recoveries.ask(typeName, shard, options),
        contested: (shard) => this.#loop.dispatch({ type: 'shard-contested', shard }),
        typesChanged: () => this.#typesChanged(),
      },
      startReplication: (port, maxFrameBytes) => new Replication(port, maxFrameBytes),
    })
    this.#tables = new TablesForClients({
      cluster,
      clock: system.clock,
      maxClients,
      table: () => core.committed,
      letGo: () => this.#waiters.look(),
    })
    this.#statistics = new StatisticsExchange({
      endpoint: cluster.endpoint,
      clock: system.clock,
      isGuest: (node) => remoting.isGuest(node),
      members: () => this.#view,
      own: () => this.#regions.all.map((region) => region.statistics()),
    })
    this.#subscriptions = [
      this.#tables,
      this.#statistics,
      cluster.endpoint.handle(
        shardingFrameType,
        (from, bytes, start, end) => {
          if (remoting.isGuest(from)) {
            throw ShardingError.malformed('A client takes no part in this')
          }
          // A term or an epoch at its highest could not be followed by another, ever.
          const highest = highestBelieved(this.#system.clock.wallNow())
          const message = decodeShardingMessage(bytes, start, end, highest)
          this.#loop.dispatch({ type: 'message-received', from, message })
        },
        { from: 'members' },
      ),
      cluster.beforeExit(async () => {
        await leave({
          system,
          core,
          regions: this.#regions,
          lettingGo: this.#tables.lettingGo,
          waiters: this.#waiters,
          settings: regionSettings,
          hasEnded: () => this.#isDisposed,
          isGuest: (node) => remoting.isGuest(node),
          // Only who is up takes shards or copies.
          isAlone: () => !this.#view.some(({ status }) => status === 'up'),
        })
      }),
      cluster.subscribe((event) => this.#clusterChanged(event)),
    ]
  }

  /**
   * Has the actors of `system` host entities, and send to those of other nodes, until it is disposed of. One for
   * each cluster node, on every node of the cluster that is to have to do with entities: each of them takes part in
   * agreeing on who hosts which. Once for the life of a node: what it promised others ends with that.
   *
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`; TransportError `CASTY_TRANSPORT_INVALID_OPTION` where the
   * cluster has such a layer already
   */
  static attach(options: ShardingOptions): Sharding {
    return new Sharding(options)
  }

  /**
   * Hosts a type of entities on this node, and sends to those on others.
   *
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`, `CASTY_SHARDING_TYPE_TAKEN`, `CASTY_SHARDING_STOPPED`
   */
  start<M>(type: JournaledEntityType<M>): EntityRegion<M>
  start<M>(type: EntityType<M>): EntityRegion<M>
  start<M>(type: EntityType<M> | JournaledEntityType<M>): EntityRegion<M> {
    // Where it asks for a journal in its context, it names one, or replication.
    const region = this.#regions.start<M>(checkType(type as EntityType<M>))
    this.#typesChanged()
    return region
  }

  /**
   * Sends to entities of a type, and hosts none of them here.
   *
   * @throws ShardingError as `start`
   */
  startProxy<M>(type: EntityProxy): EntityRegion<M> {
    return this.#regions.start<M>(checkProxy(type))
  }

  /** The regions that were started here. */
  get regions(): readonly EntityRegion<never>[] {
    return this.#regions.all
  }

  /** The term in which this node gives out shards; undefined while it does not. */
  get coordinates(): number | undefined {
    return this.#isDisposed ? undefined : this.#core.coordinates(this.#now)
  }

  /** Whether this node may run the shards that it has, now: as `explain` tells, for who asks often. */
  get hasLease(): boolean {
    return this.#gate.isOpen()
  }

  /**
   * What this node knows of the cluster, with where the shards of all types are: `Cluster.getState` with `shardAllocations`. The
   * same instance while nothing changes.
   */
  getClusterState(): ClusterState {
    return this.#state.of(this.#cluster.getState(), this.#core.committed)
  }

  /**
   * What the regions of all members of this data center hold, each as it tells itself: as soon as all have told that may, or
   * when the time is over.
   *
   * Rejects with ShardingError `CASTY_SHARDING_INVALID_OPTION`, `CASTY_SHARDING_STOPPED`, or the reason of the signal.
   */
  async statistics(options: StatisticsOptions = {}): Promise<ClusterStatistics> {
    return await this.#statistics.ask(options)
  }

  explain(): ShardingExplanation {
    const now = this.#now
    return explainSharding({
      coordinator: this.#core.coordinator(now)?.toString(),
      isCoordinator: this.#core.coordinates(now) !== undefined,
      hasLease: this.hasLease,
      table: this.#core.committed,
      regions: this.#regions.all.map((region) => region.statistics()),
    })
  }

  /** Ends all entities of this node at once, and takes no part any more. The others find that by themselves. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    ended.add(this.#cluster)
    this.#loop[Symbol.dispose]()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#recoveries[Symbol.dispose]()
    this.#regions.end()
    this.#waiters.look()
  }

  get #now(): number {
    return this.#system.clock.now()
  }

  #typesChanged(): void {
    this.#loop.dispatch({ type: 'types-started', types: this.#regions.hosted })
  }

  #clusterChanged(event: ClusterEvent): void {
    if (event.type === 'self-downed' || event.type === 'cluster-shutting-down') {
      this[Symbol.dispose]()
      return
    }
    const state = this.#cluster.getState()
    const dataCenter = this.#cluster.selfMember?.dataCenter
    const members = dataCenter === undefined ? [] : viewOf(state, dataCenter)
    if (!sameView(members, this.#view)) {
      const wasMember = this.#view.length > 0
      this.#view = members
      this.#statistics.membersChanged()
      this.#loop.dispatch({ type: 'members-changed', members })
      // Which types it can run depends on its roles, which are known from then on.
      if (!wasMember) this.#typesChanged()
    }
    this.#regions.membersChanged(state)
  }

  #perform(effect: CoreEffect): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect.to, effect)
        return
      case 'table-committed':
        this.#regions.tableCommitted(effect.changes)
        this.#tables.changed()
        return
      case 'lease-changed': // Every step may change it: the gate was told already.
        return
      case 'report-replicas': {
        const shards = this.#regions.reportReplicas(effect.shards)
        this.#loop.dispatch({ type: 'replicas-reported', to: effect.to, shards })
        return
      }
      case 'give-up':
        this.#regions.giveUp(effect)
        return
      case 'recovery-answered':
        this.#recoveries.answered(effect.answer)
        return
      case 'shards-wait': {
        const { typeName, shards, why } = effect
        const [first] = shards
        this.#system.logger?.warn(
          { shards },
          `Shards of ${typeName} have waited for long to be given to a node, shard ${first} among them. ${why}`,
        )
        return
      }
      case 'shard-recovered': {
        const { typeName, shard, lineage } = effect.question
        const { missing, lineages } = effect.answer
        const what = `Shard ${shard} of ${typeName} goes on without what it waited for: somebody has decided so`
        this.#system.logger?.warn(
          { lineage, missing, givenUp: lineages.flatMap(({ nodes }) => nodes.map(String)) },
          what,
        )
        return
      }
      case 'coordinating':
        this.#system.logger?.info(effect, coordinating(effect.isCoordinator))
    }
  }

  #send(to: NodeIdentity, { lane, message }: Extract<CoreEffect, { readonly type: 'send' }>): void {
    this.#cluster.endpoint.send(to, lane, shardingFrameType, encodeShardingMessage(message))
  }
}

function coordinating(isCoordinator: boolean): string {
  return isCoordinator
    ? 'This node gives out shards from now on'
    : 'This node gives out shards no more'
}
