import type { Clock } from '@casty/clock'

/** The clock of one process, which can stand still with it: what is due meanwhile comes when it goes on. */
export class ProcessClock implements Clock {
  readonly #world: Clock
  #state: 'running' | 'paused' | 'dead' = 'running'
  #late: (() => void)[] = []

  constructor(world: Clock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now()
  }

  wallNow(): number {
    return this.#world.wallNow()
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    let isCancelled = false
    const run = (): void => {
      if (!isCancelled) callback()
    }
    const timer = this.#world.schedule(delayMs, () => {
      if (this.#state === 'running') run()
      else if (this.#state === 'paused') this.#late.push(run)
    })
    return {
      [Symbol.dispose]: () => {
        isCancelled = true
        timer[Symbol.dispose]()
      },
    }
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    const late = this.#late
    this.#late = []
    for (const run of late) run()
  }

  /** Nothing of it runs any more. */
  kill(): void {
    this.#state = 'dead'
    this.#late = []
  }
}
