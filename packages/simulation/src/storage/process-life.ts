// The operations of one process on a disk. Each takes its time and has its effect at the end of it,
// so those that run side by side take effect in any order, as in Node's thread pool.
import type { Clock, Random } from '@casty/clock'
import { systemError, type SystemCall } from './system-error.ts'

/** An operation: what it is called in errors, how long it takes, and what it does then. */
export interface Operation<T> {
  readonly call: SystemCall
  readonly delayMs: number
  /** False for what only looks. */
  readonly changes: boolean
  readonly act: () => T
}

interface Running {
  readonly operation: Operation<unknown>
  readonly timer: Disposable
  readonly fail: (error: unknown) => void
}

/** Until it is ended, operations run; then whatever the process still tries fails with `EBADF`. */
export class ProcessLife {
  readonly #clock: Clock
  readonly #running = new Set<Running>()
  #ended = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEnded(): boolean {
    return this.#ended
  }

  run<T>(operation: Operation<T>): Promise<T> {
    if (this.#ended) return Promise.reject(systemError('EBADF', operation.call))
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(operation.delayMs, () => {
        this.#running.delete(running)
        try {
          resolve(operation.act())
        } catch (error) {
          reject(error)
        }
      })
      const running: Running = { operation, timer, fail: reject }
      this.#running.add(running)
    })
  }

  /**
   * Ends the process. Chance decides which of its running operations still take effect, as the system
   * may have been about to or may be done; their caller hears `EBADF` in any case.
   */
  end(random: Random): void {
    this.#ended = true
    for (const { operation, timer, fail } of this.#running) {
      timer[Symbol.dispose]()
      if (operation.changes && random() < 0.5) takeEffect(operation)
      fail(systemError('EBADF', operation.call))
    }
    this.#running.clear()
  }
}

function takeEffect({ act }: Operation<unknown>): void {
  try {
    act()
  } catch {
    // The operation failed, and nobody is left to be told.
  }
}
