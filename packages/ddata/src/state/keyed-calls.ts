// Calls that carry a key of their caller, which has one effect: what is done under each, and what waits for its turn.
import { sameBytes } from './digest.ts'
import { KeysUnderWay } from './keys-under-way.ts'
import type { Machine } from './machine.ts'
import { OnceKeys } from './once-keys.ts'

/** How a key stands: its answer; `other`, where it is that of another call. */
export type KeyStanding = Uint8Array | 'other' | 'under-way' | undefined

/** Mutable. */
export class KeyedCalls {
  readonly done: OnceKeys = new OnceKeys()
  readonly underWay: KeysUnderWay = new KeysUnderWay()
  readonly #machine: Pick<Machine, 'intentOf'>

  constructor(machine: Pick<Machine, 'intentOf'>) {
    this.#machine = machine
  }

  find(key: string, call: Uint8Array, now: number): KeyStanding {
    const intent = this.#intentOf(call)
    const underWay = this.underWay.find(key)
    if (!underWay) return this.done.find(key, intent, now)
    return sameBytes(this.#intentOf(underWay.call), intent) ? 'under-way' : 'other'
  }

  /** A call that was refused had no effect: it may be made again under the same key. */
  remember(key: string, call: Uint8Array, answer: Uint8Array, now: number): void {
    if (answer[0] === 0) this.done.remember(key, this.#intentOf(call), answer, now)
  }

  #intentOf(call: Uint8Array): Uint8Array {
    try {
      return this.#machine.intentOf?.(call) ?? call
    } catch {
      return call // It cannot be read, and is refused.
    }
  }
}
