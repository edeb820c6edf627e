// Who lives on this node: the shards that run here, with their entities, and entities of shards that went elsewhere, or to another
// epoch, and have not stopped yet. A shard that runs here is empty when none of either is left.
import type { Entity } from './entity.ts'
import { FormerEntities, type FormerLife } from './former-entities.ts'
import type { HostedShard } from './hosted-shard.ts'

/** Of one type. Mutable. */
export class HostedShards {
  readonly #shards = new Map<number, HostedShard>()
  readonly #former = new FormerEntities()

  find(shard: number): HostedShard | undefined {
    return this.#shards.get(shard)
  }

  /** Those that run here. */
  all(): Iterable<HostedShard> {
    return this.#shards.values()
  }

  add(hosted: HostedShard): void {
    this.#shards.set(hosted.shard, hosted)
  }

  /** It is over: whoever lives there is about to end. */
  remove(shard: number): HostedShard | undefined {
    const hosted = this.#shards.get(shard)
    this.#shards.delete(shard)
    for (const entity of hosted?.entities() ?? []) {
      if (entity.actor) this.#former.add(entity, hosted?.isLeft === true)
    }
    return hosted
  }

  /** How many entities live here, in all shards. */
  get entityCount(): number {
    let count = this.#former.size
    for (const { size } of this.#shards.values()) count += size
    return count
  }

  /** No entity of a shard that runs here lives, but those that were left behind. */
  get isEmpty(): boolean {
    for (const hosted of this.#shards.values()) {
      if (!hosted.isLeft && this.livesOf(hosted) > 0) return false
    }
    return true
  }

  /** The shards that have entities, as it is now. */
  inhabited(): readonly number[] {
    return [...this.#shards].flatMap(([shard, hosted]) => (this.livesOf(hosted) > 0 ? [shard] : []))
  }

  /** How many entities of a shard are waited for before it is somebody else's, those of former epochs among them. */
  livesOf({ shard, size }: HostedShard): number {
    return size + this.#former.awaitedOf(shard)
  }

  /** Whether entities of a shard are waited for that lived under former epochs. */
  awaitsFormer(shard: number): boolean {
    return this.#former.awaitedOf(shard) > 0
  }

  /** Of an entity whose shard is over, where it has not stopped yet. */
  formerLife(entityId: string): FormerLife | undefined {
    return this.#former.find(entityId)
  }

  /** The former life of an entity has ended. */
  formerEnded(entity: Entity): void {
    this.#former.gone(entity)
    this.#shards.get(entity.shard)?.formerEnded()
  }

  /** Entities of the shard do not stop, and are waited for no longer. */
  leaveBehind(hosted: HostedShard): void {
    hosted.leaveBehind()
    this.#former.leaveBehind(hosted.shard)
  }
}
