import type { Clock } from '@casty/clock'
import { MembershipError } from './errors.ts'
import type { Logger } from './options.ts'

/** What is to be done before the others let this node go. One that fails or lasts holds up nobody. */
export class ExitTasks {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #logger: Logger
  readonly #tasks = new Set<() => Promise<void>>()
  #timer: Disposable | undefined

  /** @param timeoutMs - after so long the node leaves without those that still run */
  constructor(clock: Clock, timeoutMs: number, logger: Logger) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#logger = logger
  }

  add(task: () => Promise<void>): Disposable {
    this.#tasks.add(task)
    return { [Symbol.dispose]: () => void this.#tasks.delete(task) }
  }

  /** Runs all at once; resolves when they are over, or their time is. */
  async run(): Promise<void> {
    const tasks = Promise.allSettled([...this.#tasks].map(async (task) => task()))
    const results = await Promise.race([tasks, this.#overdue()])
    this.stop()
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      this.#logger.error({ error: result.reason }, 'An exit task failed')
    }
  }

  /** The failure that exit tasks come to when they do not end. */
  async #overdue(): Promise<readonly PromiseSettledResult<void>[]> {
    return await new Promise((resolve) => {
      this.#timer = this.#clock.schedule(this.#timeoutMs, () => {
        const reason = MembershipError.exitTasksOverdue(this.#timeoutMs)
        resolve([{ status: 'rejected', reason }])
      })
    })
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.#timer?.[Symbol.dispose]()
  }
}
