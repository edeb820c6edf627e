// Who is told of values, and of whatever else a user may be told. A listener that throws disturbs nobody.
import { fresh, type Crdt } from '@casty/crdt'
import type { AnyValue } from './any-value.ts'
import type { ReplicatedKey } from './key.ts'

export class ValueListeners {
  readonly #onError: (error: unknown) => void
  readonly #byKey = new Map<string, Set<(value: AnyValue) => void>>()
  #errors = 0

  /** @param onError - told of what listeners throw */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** How many listeners have thrown so far. */
  get errors(): number {
    return this.#errors
  }

  /** Delivers `current`, then every later value of that key. */
  add<C extends Crdt<C>>(
    { name, type }: ReplicatedKey<C>,
    current: C,
    listener: (value: C) => void,
  ): Disposable {
    const listeners = this.#byKey.get(name) ?? new Set()
    this.#byKey.set(name, listeners)
    const told = (value: AnyValue): void => {
      if (value.type.name === type.name) listener(fresh(type, value.body.state))
    }
    listeners.add(told)
    this.guard(() => listener(current))
    return {
      [Symbol.dispose]: () => {
        listeners.delete(told)
        if (listeners.size === 0) this.#byKey.delete(name)
      },
    }
  }

  publish(key: string, value: AnyValue): void {
    for (const listener of this.#byKey.get(key) ?? []) this.guard(() => listener(value))
  }

  /** Calls something of the user's: what it throws is counted and reported. */
  guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#errors++
      this.#onError(error)
    }
  }

  clear(): void {
    this.#byKey.clear()
  }
}
