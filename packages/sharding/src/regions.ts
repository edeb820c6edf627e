// All regions of a node, and what they have in common: the committed table, who is in reach, the lease.
import type { ActorRef, ActorSystem } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { Cluster, ClusterState } from '@casty/membership'
import type { EventJournal } from '@casty/persistence'
import type { Remoting } from '@casty/remote'
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { checkedId } from './entity-id.ts'
import { EntityRef, RegionRef } from './entity-ref.ts'
import { EntityRegion } from './entity-region.ts'
import { checkProxy, type CheckedType } from './entity-type.ts'
import { ShardingError } from './errors.ts'
import type { HomeExplanation } from './explain-shard.ts'
import { Hearsay } from './hearsay.ts'
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
import { leadsToEntities, readRefData, typeNameOf, writeRefData } from './ref-data.ts'
import { Incoming } from './region/incoming.ts'
import { Post } from './region/post.ts'
import { Reach } from './region/reach.ts'
import type { RegionNode } from './region/region-node.ts'
import { Region } from './region/region.ts'
import type { RegionSettings } from './region/region-settings.ts'
import { ShardJournal } from './region/shard-journal.ts'
import { hashOf } from './region/shard-of.ts'
import {
  explainReplication,
  type ReplicationExplanation,
} from './replication/explain-replication.ts'
import type { Replication, ReplicationPort } from './replication/replication.ts'
import { disksOf } from './replication/replication-config.ts'
import { allocationsOf } from './table/allocations.ts'
import type { ShardRow } from './table/shard-row.ts'
import type { RowChange, ShardTable } from './table/shard-table.ts'

/** What regions tell whoever agrees on the table. */
export interface RegionsPort {
  readonly table: ShardTable
  released(typeName: string, shard: number, epoch: number): void
  /** What a shard waits for before it is given to anybody, in a sentence, where this node knows. */
  waitsFor?(typeName: string, shard: number): string | undefined
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
  readonly startReplication?: (port: ReplicationPort, maxFrameBytes: number) => Replication
}

/** What a node reports that has no part in copies. */
const nothingKept = { copies: undefined, lineage: undefined, censuses: [] }

/** A region, with what users see of it. */
interface Started {
  readonly region: Region
  readonly face: EntityRegion<unknown>
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
  readonly #makeReplication: RegionsParts['startReplication']
  readonly #byHash = new Map<number, Started>()
  readonly #hearsay = new Hearsay()
  readonly #localJournals = new LocalJournals((what) => this.warn(what))
  readonly #subscriptions: readonly Disposable[]
  readonly #isGuest: (node: NodeIdentity) => boolean
  /** From the first type on that has copies. */
  #replication: Replication | undefined
  #tokens = 0
  #isClosed = false

  constructor(parts: RegionsParts) {
    const { system, cluster, remoting, gate, settings, port, isInReach = () => true } = parts
    this.#isGuest = parts.isGuest ?? (() => false)
    this.system = system
    this.clock = system.clock
    this.gate = gate
    this.settings = settings
    this.#cluster = cluster
    this.#port = port
    this.#makeReplication = parts.startReplication
    this.post = new Post(cluster.endpoint, remoting.codec)
    this.#reach = new Reach({
      clock: system.clock,
      cluster,
      isInReach,
      refusalsChanged: () => {
        for (const { region } of this.#byHash.values()) region.membersChanged()
      },
    })
    this.#subscriptions = [
      new Incoming(cluster.endpoint, remoting.codec, {
        find: (hash) => this.#byHash.get(hash)?.region,
        isGuest: this.#isGuest,
        mayReach: parts.mayReach ?? (() => true),
        notFound: (typeHash, entityId, { message, answer }) => {
          const path = `/sharding/#${typeHash.toString(16)}/${entityId}`
          system.publishDeadLetter(path, message, 'not-found')
          answer?.undelivered('not-found')
        },
      }),
      remoting.adoptRefs({
        name: 'sharding',
        isOne: (ref) => this.#isOne(ref),
        toData: writeRefData,
        usableOf: (ref) => ({ kind: 'entities', name: typeNameOf(ref) }),
        fromData: (data) => this.#refFrom(data),
      }),
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
    const journal = this.#replication?.journalOf(type, shard, epoch)
    return journal && this.journalOf(journal, type, shard, epoch)
  }

  #replicate(type: CheckedType): void {
    const make = this.#makeReplication
    if (!type.replication || !make) return
    const { endpoint } = this.#cluster
    this.#replication ??= make(this.#replicationPort(), endpoint.maxFrameBytes('data'))
    const replication = this.#replication
    replication.start(type)
    this.#seed((shard, row) => replication.homeChanged(type.name, shard, row), type)
  }

  #replicationPort(): ReplicationPort {
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
      isGuest: (node) => this.#isGuest(node),
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
    const { key } = this.self
    return [...this.#port.table.types.values()].some(({ rows }) =>
      rows.some(({ replicas }) => replicas.some((node) => node.key === key)),
    )
  }

  async #recover(typeName: string, shard: number, options: RecoverOptions): Promise<Recovery> {
    if (!this.#port.recover) throw ShardingError.notAMember(typeName, shard)
    return await this.#port.recover(typeName, shard, options)
  }

  /** Copies of a shard that come from elsewhere than what is kept do not count any more. */
  giveUp(message: GiveUpMessage): void {
    this.#replication?.giveUp(message)
  }

  /** How far copies here go. */
  reportReplicas(shards: readonly ShardAtEpoch[]): readonly ReplicaReport[] {
    const none = (): readonly ReplicaReport[] =>
      shards.map((shard) => ({ ...shard, ...nothingKept }))
    return this.#replication?.report(shards) ?? none()
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
    const hash = hashOf(type.name)
    const known = this.#byHash.get(hash)
    if (known && isSameType(known.region, type)) {
      this.#hearsay.settle(hash)
      return this.#startAgain(known, type) as EntityRegion<M>
    }
    if (known && !this.#hearsay.has(hash)) throw ShardingError.typeTaken(type.name)
    if (known) this.#disbelieve(known.region, type.numShards)
    this.#replicate(type)
    const region: Region = new Region(type, this, (entityId) => new EntityRef(region, entityId))
    const face = new EntityRegion<M>(region, this.system, {
      home: (shard) => this.#explainHome(type, shard),
      allocations: () => allocationsOf(this.#port.table.types.get(type.name)?.rows),
      recover: async (shard, options) => await this.#recover(type.name, shard, options),
      replication: (shard) => this.#explainReplication(type, shard),
      replicationStatistics: () => this.#replication?.statistics(type.name),
    })
    // The type of its messages is the caller's to say: all regions of a name are the same.
    this.#byHash.set(hash, { region, face: face as EntityRegion<never> as EntityRegion<unknown> })
    this.#compare(region, this.#port.table)
    this.#seed((shard, row) => region.homeChanged(shard, row), type)
    return face
  }

  /** A region that only sends may begin to host: whoever has it, or a ref of it, need not notice. */
  #startAgain({ region, face }: Started, type: CheckedType): EntityRegion<unknown> {
    if (type.entity && region.type.entity) throw ShardingError.typeTaken(type.name)
    if (type.entity) {
      this.#replicate(type)
      region.host(type)
      this.#seed((shard, row) => region.hosting.homeChanged(shard, row), type)
    }
    return face
  }

  /** What a ref of another node said of a type turns out to be wrong: such refs lead nowhere. */
  #disbelieve(region: Region, numShards: number): void {
    const hash = hashOf(region.type.name)
    region.disagree(numShards)
    region.close()
    this.#byHash.delete(hash)
    this.#hearsay.settle(hash)
  }

  /** Whoever starts late learns where shards are. */
  #seed(
    homeChanged: (shard: number, row: ShardRow) => void,
    { name, numShards }: CheckedType,
  ): void {
    const rows = this.#port.table.types.get(name)?.rows ?? []
    if (rows.length !== numShards) return
    for (const [shard, row] of rows.entries()) homeChanged(shard, row)
  }

  /** The types that this node can run shards of. */
  get hosted(): readonly TypeSettings[] {
    const roles = this.#cluster.selfMember?.roles ?? []
    const types = [...this.#byHash.values()].map(({ region }) => region.type)
    return types
      .filter(({ entity, role }) => entity && (role === undefined || roles.includes(role)))
      .filter(({ name }) => this.#replication?.isLoaded(name) !== false)
      .map(({ name, numShards, replication, journal }) => ({
        name,
        numShards,
        replicas: replication?.replicas ?? 0,
        disks: replication && journal ? disksOf(replication) : 0,
      }))
  }

  get all(): readonly EntityRegion<never>[] {
    // Whose messages nobody may send who does not know their type.
    return [...this.#byHash.values()].map(
      ({ face }) => face as EntityRegion<unknown> as EntityRegion<never>,
    )
  }

  /** No entity of a shard that is this node's lives here. */
  get isEmpty(): boolean {
    return [...this.#byHash.values()].every(({ region }) => region.hosting.isEmpty)
  }

  /** Has all entities of this node handle what they have, and stop. */
  finish(): void {
    for (const { region } of this.#byHash.values()) region.hosting.finish()
  }

  /** Those that did not in time are stopped. */
  force(): void {
    for (const { region } of this.#byHash.values()) region.hosting.force()
  }

  /** Those that did not stop even then are not waited for any longer. */
  leaveBehind(): void {
    for (const { region } of this.#byHash.values()) region.hosting.leaveBehind()
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
      isDurable: (this.#port.table.types.get(type.name)?.settings.disks ?? 0) > 0,
      waitsFor: this.#port.waitsFor?.(type.name, shard),
    }
  }

  #explainReplication(
    { name, replication }: CheckedType,
    shard: number,
  ): ReplicationExplanation | undefined {
    const kept = this.#replication?.kept(name, shard)
    const { replicas } = this.#port.table.row(name, shard)
    return replication || replicas.length > 0 ? explainReplication(kept, replicas) : undefined
  }

  /** The table that all go by is another. */
  tableCommitted(changes: readonly RowChange[]): void {
    for (const { region } of this.#byHash.values()) {
      this.#compare(region, this.#port.table)
      const rows = this.#port.table.types.get(region.type.name)?.rows ?? []
      this.#localJournals.compare(region.type, rows, this.self)
    }
    this.#replication?.tableChanged()
    for (const { typeName, shard, row } of changes) {
      this.#replication?.homeChanged(typeName, shard, row)
      const region = this.#byHash.get(hashOf(typeName))?.region
      if (region && region.otherNumShards === undefined) region.homeChanged(shard, row)
    }
  }

  /** Whoever splits entities otherwise than the others would have some of them live twice. */
  #compare(region: Region, table: ShardTable): void {
    const { name, numShards } = region.type
    const known = table.types.get(name)?.settings.numShards
    if (known === undefined) return
    if (known !== numShards && this.#hearsay.has(hashOf(name))) this.#disbelieve(region, known)
    else if (known === numShards) this.#hearsay.settle(hashOf(name))
    else if (region.otherNumShards === undefined) {
      region.disagree(known)
      this.report(ShardingError.typeDiffers(name, numShards, known), `${name} cannot be used here`)
    }
  }

  /** Who is a member, and in reach, has changed. */
  membersChanged(state: ClusterState): void {
    if (!this.#reach.follow(state)) return
    this.#replication?.membersChanged()
    for (const { region } of this.#byHash.values()) region.membersChanged()
  }

  /** That node has given away all that it had, and goes soon: nothing more is to be sent there. */
  leaves(node: NodeIdentity): void {
    for (const { region } of this.#byHash.values()) region.leaves(node)
  }

  #isOne(ref: ActorRef<never>): boolean {
    if (!leadsToEntities(ref)) return false
    return this.#byHash.get(hashOf(ref.region.type.name))?.region === ref.region
  }

  #refFrom(data: string): ActorRef<never> {
    const { name, numShards, entityId } = readRefData(data)
    const { region } = this.#regionOf(name, numShards)
    return entityId === undefined
      ? new RegionRef(region)
      : new EntityRef(region, checkedId(entityId))
  }

  /** A type that nobody started here: messages go to it all the same. */
  #regionOf(name: string, numShards: number): Started {
    const hash = hashOf(name)
    const known = this.#byHash.get(hash)
    if (known?.region.type.name === name) return known
    if (known) throw ShardingError.typeTaken(name)
    const told = this.#port.table.types.get(name)?.settings.numShards
    const type = checkProxy({ name, numShards: told ?? numShards })
    if (told === undefined) this.#hearsay.believe(hash, type)
    this.start(type)
    const started = this.#byHash.get(hash)
    if (started) return started
    throw ShardingError.stopped(`send to ${name}`)
  }

  /** Nothing runs here any more. What comes all the same is a dead letter, and whoever asks by it is told. */
  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { region } of this.#byHash.values()) region.close()
    this.#reach[Symbol.dispose]()
    this.#replication?.[Symbol.dispose]()
  }

  /** The same, and nothing is listened to any more. */
  [Symbol.dispose](): void {
    this.end()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }
}

function isSameType({ type }: Region, { name, numShards }: CheckedType): boolean {
  return type.name === name && type.numShards === numShards
}
