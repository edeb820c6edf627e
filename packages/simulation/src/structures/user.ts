// Somebody who uses structures, on a node or outside of the cluster.
import { DDataError, type DDataErrorCode, type Distributed } from '@casty/ddata'
import type { NodeClock } from '../world/node-clock.ts'
import { whenOverdue } from '../world/overdue.ts'
import { Stale } from './stale.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'

/** After the time limit of a call, its end may take so long, in milliseconds. */
const slackMs = 20

export interface UserPort {
  readonly name: string
  readonly host: string
  readonly clock: NodeClock
  readonly distributed: Distributed
  isAlive(): boolean
}

export type CallOutcome<T> =
  | { readonly type: 'ok'; readonly value: T }
  | { readonly type: 'failed'; readonly applied: 'no' | 'yes' | 'unknown'; readonly code: string }
  /** Whoever asked is gone. */
  | { readonly type: 'gone' }

/** What nobody's faults explain: a call that is right is not told so. */
const mistakes: ReadonlySet<string> = new Set([
  'CASTY_DDATA_ARGUMENT',
  'CASTY_DDATA_BARRIER_MISMATCH',
  'CASTY_DDATA_CODEC',
  'CASTY_DDATA_CONFIG_MISMATCH',
  'CASTY_DDATA_DESTROYED',
  'CASTY_DDATA_MALFORMED',
  'CASTY_DDATA_NOT_REENTRANT',
  'CASTY_DDATA_OVERFLOW',
  'CASTY_DDATA_TOO_LARGE',
  'CASTY_DDATA_VALIDATION',
])

export class StructuresUser {
  readonly name: string
  readonly host: string
  readonly clock: NodeClock
  /** May be closed at any time, since its node leaves: what it opens of it, it opens within a call. */
  readonly distributed: Distributed
  /** Calls that have not ended. */
  open = 0
  readonly #run: StructuresRun
  readonly #port: UserPort
  /** Of its own work, and of calls that must not take longer. */
  readonly #timers = new Set<Disposable>()
  #hasEnded = false

  constructor(run: StructuresRun, port: UserPort) {
    this.#run = run
    this.#port = port
    this.name = port.name
    this.host = port.host
    this.clock = port.clock
    this.distributed = port.distributed
  }

  get isAlive(): boolean {
    return this.#port.isAlive()
  }

  /** Its node ends in good order, and it calls nothing any more. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get aheadMs(): number {
    return this.clock.aheadMs
  }

  /** Its machine did, within the life of any lease. */
  get hasSlept(): boolean {
    return this.clock.hasSlept(10_000)
  }

  /** Its own work, by its own clock: comes to no end where the user does before. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#hasEnded) return
      const timer = this.clock.schedule(ms, () => {
        this.#timers.delete(timer)
        resolve()
      })
      this.#timers.add(timer)
    })
  }

  /** Its process goes: it drops what it was at. */
  end(): void {
    this.#hasEnded = true
    for (const timer of this.#timers) timer[Symbol.dispose]()
    this.#timers.clear()
  }

  /**
   * @param withinMs - after which it has ended, by the clock of the user. Infinity: nobody says
   * @param expected - with what it may fail beyond what faults explain
   */
  async call<T>(
    what: string,
    withinMs: number,
    begin: () => Promise<T>,
    expected?: DDataErrorCode,
  ): Promise<CallOutcome<T>> {
    const run = this.#run
    this.open += 1
    let isOver = false
    const overdue = this.#after(withinMs + slackMs, () => {
      if (isOver || !this.isAlive) return
      const text = `${what} of ${this.name} goes on after ${withinMs} ms`
      run.violate('calls end in time', text, this.host)
    })
    try {
      const value = await begin()
      return this.isAlive ? { type: 'ok', value } : { type: 'gone' }
    } catch (error) {
      return this.isAlive ? this.#failed(what, error, expected) : { type: 'gone' }
    } finally {
      isOver = true
      this.open -= 1
      overdue[Symbol.dispose]()
      this.#timers.delete(overdue)
    }
  }

  #after(ms: number, step: () => void): Disposable {
    if (ms === Infinity || this.#hasEnded) return { [Symbol.dispose]: () => {} }
    const overdue = whenOverdue(this.clock, ms, step)
    this.#timers.add(overdue)
    return overdue
  }

  #failed(what: string, error: unknown, expected?: DDataErrorCode): CallOutcome<never> {
    if (error instanceof Stale) return { type: 'failed', applied: 'no', code: '' }
    if (!(error instanceof DDataError)) {
      this.#run.violate('calls fail for a reason', `${what} of ${this.name}: ${textOf(error)}`)
      return { type: 'failed', applied: 'unknown', code: '' }
    }
    const { code, applied } = error
    if (mistakes.has(code) && code !== expected) {
      this.#run.violate('calls fail for a reason', `${what} of ${this.name}: ${error.message}`)
    }
    const record = recordOf(this.#run)
    record.failed(code)
    if (applied === 'unknown') record.reach('nobody knows whether a call had an effect')
    return { type: 'failed', applied, code }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
