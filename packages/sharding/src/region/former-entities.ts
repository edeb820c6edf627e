import type { Entity } from './entity.ts'
import type { FormerLife } from './hosted-shard.ts'

/** Entities of shards that went elsewhere, which have not stopped yet. */
export class FormerEntities {
  readonly #lives = new Map<string, { readonly entity: Entity } & FormerLife>()

  get size(): number {
    return this.#lives.size
  }

  find(entityId: string): FormerLife | undefined {
    return this.#lives.get(entityId)
  }

  add(entity: Entity): void {
    this.#lives.set(entity.entityId, { entity, whenGone: [] })
  }

  /** It has stopped: whoever waits for that goes on. */
  gone(entity: Entity): void {
    const former = this.#lives.get(entity.entityId)
    if (former?.entity !== entity) return
    this.#lives.delete(entity.entityId)
    for (const goOn of former.whenGone) goOn()
  }
}
