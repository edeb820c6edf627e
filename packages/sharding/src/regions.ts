// All regions of a node, and what they have in common: the committed table, who is in reach, the lease.
import type { ActorSystem } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import type { EventJournal } from '@casty/persistence'
import type { Remoting } from '@casty/remote'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { Waiting } from './coordinator/waiting.ts'
import { CopiesHere, type StartReplication } from './copies-here.ts'
import { EntityRef } from './entity-ref.ts'
import { EntityRegion } from './entity-region.ts'
import type { CheckedType } from './entity-type.ts'
import { ShardingError } from './errors.ts'
import type { HomeExplanation } from './explain-shard.ts'
import type { LeaseGate } from './lease-gate.ts'
import { LocalJournals } from './local-journals.ts'
import type { Recovery, RecoverOptions } from './recoveries.ts'
import type {
  GiveUpMessage,
  ReplicaReport,
  ReplicatedShardReport,
  ShardAtEpoch,
  TypeSettings,
} from './protocol.ts'
import { refsToEntities } from './entity-refs.ts'
import { Incoming } from './region/incoming.ts'
import { Post } from './region/post.ts'
import { Reach } from './region/reach.ts'
import type { RegionNode } from './region/region-node.ts'
import { Region } from './region/region.ts'
import type { RegionSettings } from './region/region-settings.ts'
import { ShardJournal } from './region/shard-journal.ts'
import { hashOf } from './region/shard-of.ts'
import type { ReplicationPort } from './replication/replication.ts'
import { disksOf } from './replication/replication-config.ts'
import { allocationsOf } from './table/allocations.ts'
import type { RowChange, ShardTable } from './table/shard-table.ts'
import { TypeDirectory, type Started } from './type-directory.ts'

/** What regions tell whoever agrees on the table. */
export interface RegionsPort {
  readonly table: ShardTable
  released(typeName: string, shard: number, epoch: number): void
  /** What a shard waits for before it is given to anybody, where this node knows. */
  waitsFor?(typeName: string, shard: number): Waiting | undefined
  /** Who gives out shards, as far as this node knows. */
  coordinator?(): NodeIdentity | undefined
  /** An entity has stopped, and was the last of its shard. */
  emptied(): void
  /** Somebody has written under a higher epoch than that at which this node owns the shard. */
  fenced(shard: ShardAtEpoch, written: number): void
  /** Those that are to keep copies of shards that this node owns have all; some of their replicas are needed no more. */
  replicated(shards: readonly ReplicatedShardReport[]): void
  /** This node owns the shard, has confirmed nothing of it, and was told of copies that come from elsewhere. */
  contested(shard: ShardAtEpoch): void
  /** Has a shard go on without what it waits for. Clients decide nothing. */
  recover?(typeName: string, shard: number, options: RecoverOptions): Promise<Recovery>
  /** This node can run a type that it could not before. */
  typesChanged(): void
}

export interface RegionsParts {
  readonly system: ActorSystem
  readonly cluster: Pick<Cluster, 'self' | 'endpoint' | 'getState' | 'selfMember'>
  readonly remoting: Pick<Remoting, 'codec' | 'adoptRefs'>
  readonly gate: LeaseGate
  readonly settings: RegionSettings
  /** Whether this process itself gets through to a member. @defaultValue as the cluster has it */
  readonly isInReach?: (node: NodeIdentity) => boolean
  /** Clients have no part in copies, and nothing to hand over. @defaultValue nobody is one */
  readonly isGuest?: (node: NodeIdentity) => boolean
  /** Whether that node may send to entities of a type. @defaultValue every one to all */
  readonly mayReach?: (node: NodeIdentity, typeName: string) => boolean
  readonly port: RegionsPort
  /** Makes what keeps copies, for the first type that has some. @defaultValue none are kept: clients load nothing of it */
  readonly startReplication?: StartReplication
}

export class Regions implements RegionNode, Disposable {
  readonly system: ActorSystem
  readonly clock: Clock
  readonly gate: LeaseGate
  readonly settings: RegionSettings
  readonly post: Post
  readonly #cluster: RegionsParts['cluster']
  readonly #reach: Reach
  readonly #port: RegionsPort
  readonly #types: TypeDirectory
  readonly #copies: CopiesHere
  readonly #localJournals = new LocalJournals((what) => this.warn(what))
  readonly #subscriptions: readonly Disposable[]
  #tokens = 0
  #isClosed = false

  constructor(parts: RegionsParts) {
    const { system, cluster, remoting, gate, settings, port, isInReach = () => true } = parts
    const isGuest = parts.isGuest ?? (() => false)
    this.system = system
    this.clock = system.clock
    this.gate = gate
    this.settings = settings
    this.#cluster = cluster
    this.#port = port
    this.post = new Post(cluster.endpoint, remoting.codec)
    this.#reach = new Reach({
      clock: system.clock,
      cluster,
      isInReach,
      refusalsChanged: () => {
        for (const { region } of this.#types.all()) region.membersChanged()
      },
    })
    this.#types = new TypeDirectory({
      get table() {
        return port.table
      },
      make: (type) => this.#make(type),
      host: (region, type) => this.#host(region, type),
      report: (error, what) => this.report(error, what),
    })
    this.#copies = new CopiesHere(this.#replicationPort(isGuest), parts.startReplication)
    this.#subscriptions = [
      new Incoming(cluster.endpoint, remoting.codec, {
        find: (hash) => this.#types.find(hash),
        isGuest,
        mayReach: parts.mayReach ?? (() => true),
        notFound: (typeHash, entityId, { message, answer }) => {
          const path = `/sharding/#${typeHash.toString(16)}/${entityId}`
          system.publishDeadLetter(path, message, 'not-found')
          answer?.undelivered('not-found')
        },
      }),
      remoting.adoptRefs(refsToEntities(this.#types)),
    ]
  }

  get self(): NodeIdentity {
    return this.#cluster.self
  }

  canBeSentTo(node: NodeIdentity): boolean {
    return this.#reach.canBeSentTo(node)
  }

  others(): ReadonlySet<NodeKey> {
    return this.#reach.others
  }

  nextToken(): number {
    return ++this.#tokens
  }

  released(typeName: string, shard: number, epoch: number): void {
    this.#port.released(typeName, shard, epoch)
  }

  emptied(): void {
    this.#port.emptied()
  }

  journalOf(
    journal: EventJournal,
    { name }: CheckedType,
    shard: number,
    epoch: number,
  ): EventJournal {
    const atEpoch = { typeName: name, shard, epoch }
    return new ShardJournal(journal, epoch, (written) => this.#port.fenced(atEpoch, written))
  }

  replicatedJournal(type: CheckedType, shard: number, epoch: number): EventJournal | undefined {
    const journal = this.#copies.journalOf(type, shard, epoch)
    return journal && this.journalOf(journal, type, shard, epoch)
  }

  #replicationPort(isGuest: (node: NodeIdentity) => boolean): ReplicationPort {
    const [port, cluster, reach] = [this.#port, this.#cluster, this.#reach]
    return {
      // Until it is a member it may turn out to be another.
      get self() {
        return cluster.self
      },
      get table() {
        return port.table
      },
      clock: this.clock,
      endpoint: cluster.endpoint,
      isReachable: (node) => reach.has(node),
      stays: (node) => reach.stays(node),
      isGuest,
      fenced: (shard, written) => port.fenced(shard, written),
      replicated: (shards) => port.replicated(shards),
      contested: (shard) => port.contested(shard),
      loaded: () => port.typesChanged(),
      report: (error, what) => this.report(error, what),
      warn: (what) => this.warn(what),
    }
  }

  /** Whether others may count on copies of this node. */
  get keepsCopies(): boolean {
    return this.#copies.areNeeded
  }

  async #recover(typeName: string, shard: number, options: RecoverOptions): Promise<Recovery> {
    if (!this.#port.recover) throw ShardingError.notAMember(typeName, shard)
    return await this.#port.recover(typeName, shard, options)
  }

  /** Copies of a shard that come from elsewhere than what is kept do not count any more. */
  giveUp(message: GiveUpMessage): void {
    this.#copies.giveUp(message)
  }

  /** How far copies here go. */
  reportReplicas(shards: readonly ShardAtEpoch[]): readonly ReplicaReport[] {
    return this.#copies.report(shards)
  }

  report(error: unknown, what: string): void {
    this.system.logger?.error({ error }, what)
  }

  warn(what: string): void {
    this.system.logger?.warn({}, what)
  }

  /** @throws ShardingError `CASTY_SHARDING_TYPE_TAKEN`, `CASTY_SHARDING_STOPPED` */
  start<M>(type: CheckedType): EntityRegion<M> {
    if (this.#isClosed) throw ShardingError.stopped(`start ${type.name}`)
    // The type of its messages is the caller's to say: all regions of a name are the same.
    return this.#types.start(type).face as EntityRegion<M>
  }

  #make(type: CheckedType): Started {
    if (this.#isClosed) throw ShardingError.stopped(`start ${type.name}`)
    this.#copies.start(type)
    const region: Region = new Region(type, this, (entityId) => new EntityRef(region, entityId))
    const face = new EntityRegion<unknown>(region, this.system, {
      home: (shard) => this.#explainHome(type, shard),
      allocations: () => allocationsOf(this.#port.table.types.get(type.name)?.rows),
      recover: async (shard, options) => await this.#recover(type.name, shard, options),
      replication: (shard) => this.#copies.explain(type, shard),
      replicationStatistics: () => this.#copies.statistics(type.name),
    })
    return { region, face }
  }

  /** One that only sent owns shards from now on. */
  #host(region: Region, type: CheckedType): void {
    this.#copies.start(type)
    region.host(type)
    for (const [shard, row] of this.#port.table.rowsOf(type)) region.hosting.homeChanged(shard, row)
  }

  /** The types that this node can run shards of. */
  get hosted(): readonly TypeSettings[] {
    const roles = this.#cluster.selfMember?.roles ?? []
    const types = [...this.#types.all()].map(({ region }) => region.type)
    return types
      .filter(({ entity, role }) => entity && (role === undefined || roles.includes(role)))
      .filter(({ name }) => this.#copies.isLoaded(name))
      .map(({ name, numShards, replication, journal }) => ({
        name,
        numShards,
        replicas: replication?.replicas ?? 0,
        disks: replication && journal ? disksOf(replication) : 0,
      }))
  }

  get all(): readonly EntityRegion<never>[] {
    // Whose messages nobody may send who does not know their type.
    return [...this.#types.all()].map(
      ({ face }) => face as EntityRegion<unknown> as EntityRegion<never>,
    )
  }

  /** No entity of a shard that is this node's lives here. */
  get isEmpty(): boolean {
    return [...this.#types.all()].every(({ region }) => region.hosting.isEmpty)
  }

  /** Has all entities of this node handle what they have, and stop. */
  finish(): void {
    for (const { region } of this.#types.all()) region.hosting.finish()
  }

  /** Those that did not in time are stopped. */
  force(): void {
    for (const { region } of this.#types.all()) region.hosting.force()
  }

  /** Those that did not stop even then are not waited for any longer. */
  leaveBehind(): void {
    for (const { region } of this.#types.all()) region.hosting.leaveBehind()
  }

  #explainHome(type: CheckedType, shard: number): HomeExplanation {
    const row = this.#port.table.row(type.name, shard)
    const { epoch, owner, movingTo, lineage, isUndecided } = row
    return {
      epoch,
      lineage,
      isUndecided,
      owner: owner?.toString(),
      movingTo: movingTo?.toString(),
      isOwnerReachable: owner !== undefined && this.#reach.has(owner),
      mayAct: this.gate.isOpen(),
      isOnDisks: (this.#port.table.types.get(type.name)?.settings.disks ?? 0) > 0,
      waitsFor: this.#port.waitsFor?.(type.name, shard),
      coordinator: this.#port.coordinator?.()?.toString(),
    }
  }

  /** The table that all go by is another. */
  tableCommitted(changes: readonly RowChange[]): void {
    for (const { region } of this.#types.all()) {
      this.#types.compare(region)
      const rows = this.#port.table.types.get(region.type.name)?.rows ?? []
      this.#localJournals.compare(region.type, rows, this.self)
    }
    this.#copies.tableChanged()
    for (const { typeName, shard, row } of changes) {
      this.#copies.homeChanged(typeName, shard, row)
      const region = this.#types.find(hashOf(typeName))
      if (region && region.otherNumShards === undefined) region.homeChanged(shard, row)
    }
  }

  /** Who is a member, and in reach, has changed. */
  membersChanged(state: ClusterState): void {
    if (!this.#reach.follow(state)) return
    this.#copies.membersChanged()
    for (const { region } of this.#types.all()) region.membersChanged()
  }

  /** That node has given away all that it had, and goes soon: nothing more is to be sent there. */
  leaves(node: NodeIdentity): void {
    for (const { region } of this.#types.all()) region.leaves(node)
  }

  /** Nothing runs here any more. What comes all the same is a dead letter, and whoever asks by it is told. */
  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { region } of this.#types.all()) region.close()
    this.#reach[Symbol.dispose]()
    this.#copies[Symbol.dispose]()
  }

  /** The same, and nothing is listened to any more. */
  [Symbol.dispose](): void {
    this.end()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}
