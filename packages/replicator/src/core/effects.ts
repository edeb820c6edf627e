import type { ReplicatorMessage } from '../wire/messages.ts'
import type { ReplicatorEffect } from './events.ts'

/** What follows from one event, in order. Mutable, and of one core. */
export class Effects {
  #effects: ReplicatorEffect[] = []

  add(effect: ReplicatorEffect): void {
    this.#effects.push(effect)
  }

  send(to: string, message: ReplicatorMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  /** All since it was asked for last. */
  take(): readonly ReplicatorEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }
}
