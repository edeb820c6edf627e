// Has entities found that nobody has used for long, tick by tick of a wheel.
import type { Entity } from './entity.ts'
import { IdleWheel } from './idle-wheel.ts'

export class IdleWatch {
  readonly #wheel: IdleWheel<Entity> | undefined
  #turnsAt = Infinity

  /** @param timeoutMs - without use for so long is idle; with Infinity nobody ever is */
  constructor(timeoutMs: number) {
    this.#wheel = timeoutMs === Infinity ? undefined : new IdleWheel(timeoutMs)
  }

  /** What `usedAt` of an entity is to be when it is used now. */
  get tick(): number {
    return this.#wheel?.tick ?? 0
  }

  /** @returns whether something is due earlier than before */
  add(entity: Entity, now: number): boolean {
    if (!this.#wheel) return false
    this.#wheel.add(entity)
    if (this.#turnsAt !== Infinity) return false
    this.#turnsAt = now + this.#wheel.tickMs
    return true
  }

  remove(entity: Entity): void {
    this.#wheel?.remove(entity)
  }

  nextDeadline(): number {
    return this.#turnsAt
  }

  /** @param idle - is told of each that is; left out where nobody is to be looked at now */
  turn(now: number, idle: ((entity: Entity) => void) | undefined): void {
    const wheel = this.#wheel
    if (!wheel) return
    while (this.#turnsAt <= now) {
      if (idle) for (const entity of wheel.turn()) idle(entity)
      const isBehind = this.#turnsAt + wheel.tickMs <= now
      this.#turnsAt = isBehind ? now + wheel.tickMs : this.#turnsAt + wheel.tickMs
    }
    if (wheel.size === 0) this.#turnsAt = Infinity
  }
}
