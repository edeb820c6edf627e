import type { Entity } from './entity.ts'

/**
 * What entities of one shard left when they stopped for a handoff, until their next life takes it: on the node that the shard
 * moves to, or here, where it stays after all.
 */
export class LeftStates {
  readonly #states: Map<string, unknown>
  #saidNothing = 0

  /** @param former - of the same shard under the epoch before, where nobody else had it since */
  constructor(former?: LeftStates) {
    this.#states = new Map(former?.states)
  }

  /** By the ids of the entities. */
  get states(): ReadonlyMap<string, unknown> {
    return this.#states
  }

  /** So many have stopped without a word on what they leave. */
  get saidNothing(): number {
    return this.#saidNothing
  }

  /**
   * An entity has stopped.
   *
   * @param reporter - told where what it leaves could not be had
   */
  collect(entity: Entity, reporter: { report(error: unknown, what: string): void }): void {
    if (!entity.hasBegun) {
      this.#leave(entity, entity.handedOver) // As it came: nothing was made of it.
      return
    }
    if (!entity.state) {
      this.#saidNothing++
      return
    }
    try {
      this.#leave(entity, entity.state())
    } catch (error) {
      reporter.report(error, `What ${entity.entityId} hands over could not be had`)
    }
  }

  #leave({ entityId }: Entity, state: unknown): void {
    if (state !== undefined) this.#states.set(entityId, state)
  }

  /** For its next life, which begins here. */
  take(entityId: string): unknown {
    const state = this.#states.get(entityId)
    this.#states.delete(entityId)
    return state
  }
}
