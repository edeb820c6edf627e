// Who is told of values, and of whatever else a user may be told. A listener that throws disturbs nobody.
import { fresh, type Crdt } from '@casty/crdt'
import type { AnyValue } from './any-value.ts'
import { ReplicatorError } from './errors.ts'
import type { ReplicatedKey } from './key.ts'

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION` */
export function checkListener(listener: unknown): void {
  if (typeof listener === 'function') return
  throw ReplicatorError.invalidOption('listener', listener, 'a function')
}

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
    checkListener(listener)
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

  /** Calls something of the user's: what it throws, or its promise rejects with, is counted and reported. */
  guard(call: () => unknown): void {
    try {
      const result = call()
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(error))
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#errors++
    try {
      this.#onError(error)
    } catch {
      // It was to be told, and cannot: it is counted.
    }
  }

  clear(): void {
    this.#byKey.clear()
  }
}
