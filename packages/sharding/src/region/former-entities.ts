import type { Entity } from './entity.ts'

/** Has to end before another life of the same entity begins here. */
export interface FormerLife {
  readonly whenGone: (() => void)[]
}

/** Entities of shards that went elsewhere, or to another epoch, which have not stopped yet. */
export class FormerEntities {
  readonly #lives = new Map<string, { readonly entity: Entity } & FormerLife>()
  /** By shard, those that nobody else may have it before; not who was left behind. */
  readonly #awaited = new Map<number, Set<Entity>>()

  get size(): number {
    return this.#lives.size
  }

  find(entityId: string): FormerLife | undefined {
    return this.#lives.get(entityId)
  }

  /** How many are waited for before the shard is somebody else's. */
  awaitedOf(shard: number): number {
    return this.#awaited.get(shard)?.size ?? 0
  }

  add(entity: Entity, isLeft: boolean): void {
    this.#lives.set(entity.entityId, { entity, whenGone: [] })
    if (isLeft) return
    const awaited = this.#awaited.get(entity.shard)
    if (awaited) awaited.add(entity)
    else this.#awaited.set(entity.shard, new Set([entity]))
  }

  /** Those of the shard are not waited for any more. */
  leaveBehind(shard: number): void {
    this.#awaited.delete(shard)
  }

  /** It has stopped: whoever waits for that goes on. */
  gone(entity: Entity): void {
    const awaited = this.#awaited.get(entity.shard)
    if (awaited?.delete(entity) && awaited.size === 0) this.#awaited.delete(entity.shard)
    const former = this.#lives.get(entity.entityId)
    if (former?.entity !== entity) return
    this.#lives.delete(entity.entityId)
    for (const goOn of former.whenGone) goOn()
  }
}
