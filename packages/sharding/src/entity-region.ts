import type { ActorRef, ActorSystem, AskOptions, DeadLetterReason } from '@casty/actor'
import type { ShardAllocation } from '@casty/membership'
import { checkedId } from './entity-id.ts'
import { EntityRef, RegionRef } from './entity-ref.ts'
import type { ShardEnvelope } from './entity-type.ts'
import { ShardingError } from './errors.ts'
import { summaryOf, type HomeExplanation, type ShardExplanation } from './explain-shard.ts'
import type { Region } from './region/region.ts'
import type { Recovery, RecoverOptions } from './recoveries.ts'
import { shardOf } from './region/shard-of.ts'
import type { OwnShare, Share } from './region/share.ts'
import type { ReplicationExplanation } from './replication/explain-replication.ts'
import type { ReplicationStatistics } from './replication/replication-tally.ts'

/** What a region holds and did, on this node, since it was started. */
export interface RegionStatistics {
  readonly type: string
  /** Shards that this node runs. */
  readonly shards: number
  /** Entities that live here, and those that have not quite stopped. */
  readonly entities: number
  /** Messages that wait, because nobody can take them now. */
  readonly waiting: number
  /** Messages handed to entities here. */
  readonly delivered: number
  /** Messages sent to other nodes. */
  readonly sent: number
  /** Messages that came from other nodes, for entities here. */
  readonly received: number
  /** Messages of other nodes that went back, because their shard was not here any more. */
  readonly sentBack: number
  /** Messages of this node that came back, and were sent on. */
  readonly cameBack: number
  readonly started: number
  readonly passivated: number
  /** Entities that came with what they handed over elsewhere. */
  readonly handedOver: number
  /** Entities that were stopped by force, because they took too long to leave. */
  readonly forced: number
  /** Of these, entities that did not stop even then: they run on, and can write nothing. */
  readonly leftBehind: number
  /** Messages that were not handled here, by the entity or on the way to it, each a dead letter, by reason. */
  readonly dropped: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** Of a type whose events are kept on several nodes. */
  readonly replication: ReplicationStatistics | undefined
}

/** What a node knows of a type beside its region. */
export interface RegionSurroundings {
  home(shard: number): HomeExplanation
  allocations(): ReadonlyMap<number, ShardAllocation>
  recover(shard: number, options: RecoverOptions): Promise<Recovery>
  replication(shard: number): ReplicationExplanation | undefined
  replicationStatistics(): ReplicationStatistics | undefined
}

/** What is common to shares that entities take as messages. */
type CommonOf<M> = M extends Share<infer C> ? C : never

/** One type of entities, as seen from one node: where messages for them go in. */
export class EntityRegion<M> {
  /** To whichever entity a message names. It may be sent to any node, and works there. */
  readonly regionRef: ActorRef<ShardEnvelope<M>>
  readonly #region: Region
  readonly #system: ActorSystem
  readonly #around: RegionSurroundings

  /** Made by `Sharding.start` and `Sharding.startProxy`. */
  constructor(region: Region, system: ActorSystem, around: RegionSurroundings) {
    this.#region = region
    this.#system = system
    this.#around = around
    this.regionRef = new RegionRef<M>(region)
  }

  get type(): string {
    return this.#region.type.name
  }

  get numShards(): number {
    return this.#region.type.numShards
  }

  /**
   * To one entity, wherever it lives and whether or not it does: it starts with its first message. It may be
   * sent to any node, and works there.
   *
   * @param entityId - 1 to 512 bytes of UTF-8
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`
   */
  ref(entityId: string): ActorRef<M> {
    return new EntityRef<M>(this.#region, checkedId(entityId))
  }

  /**
   * Sends a message to an entity. Messages of one actor to one entity keep their order, and arrive at most once.
   *
   * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`, `CASTY_SHARDING_MESSAGE_TOO_LARGE`; RemoteError
   * `CASTY_REMOTE_NOT_SERIALIZABLE`
   */
  tell(entityId: string, message: M): void {
    const shard = this.shardOf(checkedId(entityId))
    this.#region.tell(shard, entityId, message, undefined)
  }

  /**
   * Sends to several entities at once: each gets a `Share`, with what is common to all and what is its own. Those that
   * live on one node travel together, and what is common is encoded once for each node. On the way and where they arrive
   * each is a message of its own, with the order of `tell`: where some of them moved, only these are sent on.
   *
   * @throws as `tell`, when all that can be sent are; where that happens several times, ShardingError
   * `CASTY_SHARDING_NOT_SENT`, whose cause is an `AggregateError` of all of them
   */
  tellEach(common: CommonOf<M>, shares: readonly OwnShare[]): void {
    for (const [entityId] of shares) checkedId(entityId)
    this.#region.tellEach(common, shares)
  }

  /** Asks an entity, and waits for its answer: as `ActorSystem.ask`. */
  ask<R, const Q extends M = M>(
    entityId: string,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R> {
    return this.#system.ask<M, R, Q>(this.ref(entityId), makeMessage, options)
  }

  /** The shard of an entity. */
  shardOf(entityId: string): number {
    return shardOf(entityId, this.numShards)
  }

  /**
   * Stops an entity that lives on this node, when it has handled what it was sent so far. What comes later
   * starts it again: nothing is lost in between.
   *
   * @throws ShardingError `CASTY_SHARDING_NOT_AN_ENTITY` where it does not live here
   */
  passivate(entityId: string): void {
    const { hosting } = this.#region
    const entity = hosting.hosted(this.shardOf(checkedId(entityId)))?.find(entityId)
    if (!entity) throw ShardingError.notAnEntity(`${this.type}/${entityId}`)
    hosting.passivate(entity)
  }

  statistics(): RegionStatistics {
    const { hosting, tally, waiting } = this.#region
    return {
      type: this.type,
      shards: [...hosting.shards()].length,
      entities: hosting.entityCount,
      waiting,
      delivered: tally.delivered,
      sent: tally.sent,
      received: tally.received,
      sentBack: tally.sentBack,
      cameBack: tally.cameBack,
      started: tally.started,
      passivated: tally.passivated,
      handedOver: tally.handedOver,
      forced: tally.forced,
      leftBehind: tally.leftBehind,
      dropped: tally.dropped,
      replication: this.#around.replicationStatistics(),
    }
  }

  /**
   * Has a shard go on that waits for disks which do not come back, or that has copies of several lineages. For people who know that, as
   * the last resort: what is given up by it was perhaps confirmed. `explain(shard)` tells what it waits for, on the node that gives out shards.
   *
   * - Where it waits for disks, it goes on with what those have that told what they have.
   * - Where there are several lineages, `lineage` names the one that counts. Those who have copies of others, and told so, forget them, on
   *   disk as well. Others that come later keep theirs, and the call may be made again.
   *
   * @returns what was given up, as far as it is known
   * @throws ShardingError `CASTY_SHARDING_NOT_WAITING` where nothing is to be given up, so also where that is done already;
   * `CASTY_SHARDING_LINEAGE_UNCLEAR` where there are several lineages and none of them is named, or another;
   * `CASTY_SHARDING_NO_COORDINATOR` where nobody answered in time: whether it was done is not known then, and the call may be made again
   */
  async recover(shard: number, options: RecoverOptions = {}): Promise<Recovery> {
    this.#checkShard(shard)
    return await this.#around.recover(shard, options)
  }

  #checkShard(shard: number): void {
    if (Number.isInteger(shard) && shard >= 0 && shard < this.numShards) return
    const allowed = `an integer from 0 to ${this.numShards - 1}`
    throw ShardingError.invalidOption('shard', shard, allowed)
  }

  /**
   * The node that each shard is on, and those that keep copies of it, as far as this node knows; shards that nobody has yet are
   * left out. The same instance while nothing changes.
   */
  allocations(): ReadonlyMap<number, ShardAllocation> {
    return this.#around.allocations()
  }

  /** Why a shard is where it is, and why its messages wait: for people and for dashboards. */
  explain(shard: number): ShardExplanation {
    this.#checkShard(shard)
    const { type, otherNumShards, hosting, sending } = this.#region
    const home = this.#around.home(shard)
    const { epoch, lineage, isOnDisks, owner, isOwnerReachable, movingTo } = home
    const here = {
      shard,
      epoch,
      lineage,
      lineages: home.waitsFor?.lineages ?? [],
      awaitedDisks: home.waitsFor?.disks ?? [],
      isOnDisks,
      owner,
      isOwnerReachable,
      movingTo,
      hasLease: home.mayAct,
      route: sending.routeOf(shard).kind,
      waiting: sending.bufferedOf(shard),
      stage: hosting.ownedShard(shard).stage,
      entities: hosting.hosted(shard)?.size ?? 0,
      replication: this.#around.replication(shard),
    }
    return { ...here, summary: summaryOf(here, home, type.numShards, otherNumShards) }
  }
}
