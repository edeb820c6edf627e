// Ends what does not end by itself. Other programs may take the machine for long: what counts is the
// processor time of the thread, where Node can tell it.
import type { Worker } from 'node:worker_threads'

/** A run takes a second or so; one that has computed for this long will not end. */
const longestRunMs = 60_000
/** One that has not even computed waits for what will not come. */
const longestWaitMs = 10 * longestRunMs
const lookEveryMs = 1_000

/** Since Node 24.6. */
type Measured = Pick<Worker, 'cpuUsage'>

export class Watchdog implements Disposable {
  readonly #usedMs: () => Promise<number>
  readonly #giveUp: (text: string) => void
  readonly #timer: NodeJS.Timeout
  /** When the thread last told something, by either clock. */
  #since: Promise<{ readonly usedMs: number; readonly now: number }>

  /** @param giveUp - told once why the thread is of no use any more; it may be told again */
  constructor(worker: Partial<Measured>, giveUp: (text: string) => void) {
    this.#usedMs = async () => {
      const used = await worker.cpuUsage?.()
      return used === undefined ? performance.now() : (used.user + used.system) / 1_000
    }
    this.#giveUp = giveUp
    this.#since = this.#measure()
    this.#timer = setInterval(() => void this.#look().catch(() => {}), lookEveryMs) // The thread may have ended.
  }

  /** The thread has told something. */
  refresh(): void {
    this.#since = this.#measure()
  }

  async #measure(): Promise<{ readonly usedMs: number; readonly now: number }> {
    const now = performance.now()
    try {
      return { usedMs: await this.#usedMs(), now }
    } catch {
      return { usedMs: 0, now } // A thread that has ended computes no more.
    }
  }

  async #look(): Promise<void> {
    const [since, current] = [await this.#since, await this.#measure()]
    if (current.usedMs - since.usedMs > longestRunMs) {
      this.#giveUp(`not within ${longestRunMs} ms of processor time`)
    } else if (current.now - since.now > longestWaitMs) {
      this.#giveUp(`not within ${longestWaitMs} ms of real time`)
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
