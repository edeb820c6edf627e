// Processes that stand still and go on: stopped, asleep with their machine, or blocked in the middle of
// a callback. Several standstills of one process may overlap: it goes on when the last one is over.
import type { Clock } from '@casty/clock'
import type { MemoryNetwork } from '@casty/transport'
import { addressOf } from './addresses.ts'
import type { Disturbances } from './disturbances.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** What a process that goes on does first: the loop may stand at either place. */
export type ResumeOrder = 'timers-first' | 'sockets-first'

/** A stall that no read of the time sets off begins after this. */
const stallAnywayMs = 1_500
/** Between timers and sockets of a process that goes on: enough to order the two. */
const secondAfterMs = 1e-3

/** What standstills need of the world around them. */
export interface StandstillSurroundings {
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly disturbances: Disturbances
  readonly note: (host: string, text: string) => void
}

export class Standstills {
  readonly #around: StandstillSurroundings
  /** How many standstills of the process of a host are not over. */
  readonly #open = new Map<string, number>()
  /** Hosts where nothing runs: their process stands still, or there is none. */
  readonly #stoppedHosts = new Map<string, { over(at: number): void }>()

  constructor(around: StandstillSurroundings) {
    this.#around = around
  }

  isStopped(host: string): boolean {
    return (this.#open.get(host) ?? 0) > 0
  }

  /** @param asleep - its machine sleeps, and with it its monotonic clock */
  pause(
    process: SimulatedProcess<unknown>,
    forMs: number,
    order: ResumeOrder,
    asleep: boolean,
  ): void {
    this.#freeze(process, asleep)
    this.#around.clock.schedule(forMs, () => this.#thaw(process, order))
  }

  /** At the `reads`th time from now that the process looks at the clock, or soon. */
  stall(
    process: SimulatedProcess<unknown>,
    forMs: number,
    reads: number,
    order: ResumeOrder,
  ): void {
    if (process.clock.isBlockPending) return
    process.clock.blockSoon(reads, forMs, () => {
      if (process.isRunning) this.pause(process, forMs, order, false)
    })
    this.#around.clock.schedule(stallAnywayMs, () => process.clock.blockNow())
  }

  /** A process starts at a host. */
  started(host: string): void {
    this.#stoppedHosts.get(host)?.over(this.#around.clock.now())
    this.#stoppedHosts.delete(host)
  }

  /** The process of a host has ended: nothing runs there until another one is started. */
  ended(host: string): void {
    this.#open.delete(host)
    this.#stopped(host)
  }

  #freeze(process: SimulatedProcess<unknown>, asleep: boolean): void {
    const { host } = process
    const open = this.#open.get(host) ?? 0
    this.#open.set(host, open + 1)
    process.clock.freeze({ asleep })
    if (open > 0) return
    const { network, note } = this.#around
    note(host, 'stands still')
    network.pause(addressOf(host))
    this.#stopped(host)
  }

  #thaw(process: SimulatedProcess<unknown>, order: ResumeOrder): void {
    const { host } = process
    if (!process.isRunning) return
    const open = (this.#open.get(host) ?? 1) - 1
    this.#open.set(host, open)
    if (open > 0) return
    const { clock, network, note } = this.#around
    note(host, `goes on, ${order}`)
    this.started(host)
    const resume = (): void => network.resume(addressOf(host))
    if (order === 'sockets-first') {
      resume()
      process.clock.thaw(secondAfterMs)
    } else {
      process.clock.thaw()
      clock.schedule(secondAfterMs, () => {
        if (process.isRunning) resume()
      })
    }
  }

  #stopped(host: string): void {
    if (this.#stoppedHosts.has(host)) return
    const { disturbances, clock } = this.#around
    this.#stoppedHosts.set(host, disturbances.hostStops(host, clock.now()))
  }
}
