import { ManualClock, type Clock } from '@casty/clock'
import {
  inMemoryLease,
  InMemoryLeases,
  type InMemoryLeaseOptions,
  type StoredLease,
} from '@casty/sbr'

export const ttlMs = 30_000
export const name = 'shop-sbr'

/** A store, and leases of one name over it, on one manual clock. */
export class World {
  readonly clock = new ManualClock()
  readonly leases: InMemoryLeases
  readonly logged: string[] = []

  constructor({ latencyMs = 0 }: { readonly latencyMs?: number } = {}) {
    this.leases = new InMemoryLeases({ clock: this.clock, latencyMs })
  }

  lease(owner: string, options: Partial<InMemoryLeaseOptions> = {}): StoredLease {
    const log = (_: object, message: string): void => void this.logged.push(message)
    const logger = { debug: log, info: log, warn: log, error: log }
    return inMemoryLease({ leases: this.leases, name, owner, ttlMs, logger, ...options })
  }

  /** A lease that is held, with a note of its losses. */
  async holder(
    owner: string,
    options: Partial<InMemoryLeaseOptions> = {},
  ): Promise<{ lease: StoredLease; losses: Error[] }> {
    const lease = this.lease(owner, options)
    const losses: Error[] = []
    if (!(await lease.acquire({ onLost: (reason) => losses.push(reason) }))) {
      throw new Error(`${owner} was denied the lease`)
    }
    return { lease, losses }
  }

  advance(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms)
  }
}

/** The clock of another machine: it runs at a rate of its own, and a paused process sees no timer. */
export class MachineClock implements Clock {
  readonly #base: Clock
  readonly #rate: number
  #isPaused = false
  readonly #due: (() => void)[] = []

  constructor(base: Clock, rate = 1) {
    this.#base = base
    this.#rate = rate
  }

  now(): number {
    return this.#base.now() * this.#rate
  }

  wallNow(): number {
    return this.#base.wallNow()
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    let isCancelled = false
    const run = (): void => {
      if (!isCancelled) callback()
    }
    const timer = this.#base.schedule(delayMs / this.#rate, () => {
      if (this.#isPaused) this.#due.push(run)
      else run()
    })
    return {
      [Symbol.dispose]() {
        isCancelled = true
        timer[Symbol.dispose]()
      },
    }
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    for (const run of this.#due.splice(0)) run()
  }
}

/** What a promise has come to by now, with its error's code where it has one. */
export function watch(work: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'pending' }
  work.then(
    (value) => (watched.outcome = value),
    (error: unknown) =>
      (watched.outcome = error instanceof Error && 'code' in error ? error.code : error),
  )
  return watched
}
