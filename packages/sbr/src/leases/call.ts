import type { Clock } from '@casty/clock'

/** What ends a call before its answer. */
export interface CallLimits {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Any of them cuts the call short, with its reason. */
  readonly signals: readonly AbortSignal[]
  readonly overdue: () => Error
}

/**
 * A call that is cut short by a deadline or a signal, whichever comes first. An answer that was there
 * in time, and is only *looked at* too late (the process was paused), counts as late.
 */
export class Call implements Disposable {
  readonly #limits: CallLimits
  readonly #startedAt: number
  readonly #cut = new AbortController()
  readonly #timer: Disposable
  readonly #follow: (() => void)[] = []

  constructor(limits: CallLimits) {
    this.#limits = limits
    this.#startedAt = limits.clock.now()
    this.#timer = limits.clock.schedule(limits.timeoutMs, () => this.#abort(limits.overdue()))
    for (const signal of limits.signals) this.#obey(signal)
  }

  /** Aborted when the call is cut short, with the reason why. */
  get signal(): AbortSignal {
    return this.#cut.signal
  }

  /** What is left until the deadline. */
  get remainingMs(): number {
    return this.#limits.timeoutMs - (this.#limits.clock.now() - this.#startedAt)
  }

  /** Rejects at once when the call is cut short, whatever becomes of `work`. */
  race<T>(work: Promise<T>): Promise<T> {
    return orAborted(this.signal, work)
  }

  /**
   * The answer is about to be acted on: from here on nothing cuts the call short.
   *
   * @throws the reason, if it has been cut short before
   */
  commit(): void {
    if (this.remainingMs <= 0) this.#abort(this.#limits.overdue())
    this.signal.throwIfAborted()
    this[Symbol.dispose]()
  }

  /** Lets go of timer and signals. */
  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
    for (const unfollow of this.#follow.splice(0)) unfollow()
  }

  #obey(signal: AbortSignal): void {
    const cut = (): void => this.#abort(reasonOf(signal))
    if (signal.aborted) return cut()
    signal.addEventListener('abort', cut, { once: true })
    this.#follow.push(() => signal.removeEventListener('abort', cut))
  }

  #abort(reason: Error): void {
    this[Symbol.dispose]()
    this.#cut.abort(reason)
  }
}

/** Rejects with `signal.reason` once that is aborted, whatever becomes of `work`. */
export function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cut = (): void => reject(reasonOf(signal))
    if (signal.aborted) cut()
    else signal.addEventListener('abort', cut, { once: true })
    work.finally(() => signal.removeEventListener('abort', cut)).then(resolve, reject)
  })
}

/** A signal may be aborted with anything; what is thrown here is always what it was aborted with. */
function reasonOf(signal: AbortSignal): Error {
  // `throw` takes any value as well, and callers are promised the very reason that they gave.
  return signal.reason as Error
}
