// Refs that outlive every life of what they lead to: an entity, wherever it lives, and the region of a type.
import { DistantRef, type AnswerRef } from '@casty/actor'
import type { ShardEnvelope } from './entity-type.ts'
import { checkedId } from './entity-id.ts'
import { ShardingError } from './errors.ts'
import type { Region } from './region/region.ts'
import { shardOf } from './region/shard-of.ts'

/** To one entity. It may be sent to any node, and works there. */
export class EntityRef<in M> extends DistantRef<M> {
  readonly #region: Region
  readonly entityId: string
  readonly #shard: number

  /** @param entityId - was checked */
  constructor(region: Region, entityId: string) {
    super()
    this.#region = region
    this.entityId = entityId
    this.#shard = shardOf(entityId, region.type.numShards)
  }

  get path(): string {
    return `/sharding/${this.#region.type.name}/${this.entityId}`
  }

  get key(): string {
    return this.path
  }

  get region(): Region {
    return this.#region
  }

  tell(message: M): void {
    this.#region.tell(this.#shard, this.entityId, message, undefined)
  }

  ask(message: M, answer: AnswerRef): void {
    this.#region.tell(this.#shard, this.entityId, message, answer)
  }

  /** @throws ShardingError `CASTY_SHARDING_NOT_WATCHABLE` */
  override watch(): never {
    throw ShardingError.notWatchable(this.path)
  }

  override toString(): string {
    return this.path
  }
}

/** To whichever entity a message names. */
export class RegionRef<in M> extends DistantRef<ShardEnvelope<M>> {
  readonly #region: Region

  constructor(region: Region) {
    super()
    this.#region = region
  }

  get path(): string {
    return `/sharding/${this.#region.type.name}`
  }

  get key(): string {
    return this.path
  }

  get region(): Region {
    return this.#region
  }

  tell({ entityId, message }: ShardEnvelope<M>): void {
    const { numShards } = this.#region.type
    this.#region.tell(shardOf(checkedId(entityId), numShards), entityId, message, undefined)
  }

  ask({ entityId, message }: ShardEnvelope<M>, answer: AnswerRef): void {
    const { numShards } = this.#region.type
    this.#region.tell(shardOf(checkedId(entityId), numShards), entityId, message, answer)
  }

  /** @throws ShardingError `CASTY_SHARDING_NOT_WATCHABLE` */
  override watch(): never {
    throw ShardingError.notWatchable(this.path)
  }

  override toString(): string {
    return this.path
  }
}
