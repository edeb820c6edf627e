// What is to happen besides when a system ends, in phases: the tasks of one run side by side, the next
// phase begins when all have settled or have had their time. Nobody waits for one that hangs.
import type { Clock } from '@casty/clock'
import { ActorError } from './errors.ts'

/** When a task of a shutdown runs: one phase after the other. */
export type ShutdownPhase =
  | 'refuse' // Let nothing new in: close listeners, say no to health checks.
  | 'drain' // Finish what has begun.
  | 'leave' // Hand over to others, leave a cluster.
  | 'release' // The actors have stopped: close what they used.

/** Before the actors stop; the last one comes after that. */
export const phasesBefore: readonly ShutdownPhase[] = ['refuse', 'drain', 'leave']
export const shutdownPhases: readonly ShutdownPhase[] = [...phasesBefore, 'release']

/** Options of a task. */
export interface ShutdownTaskOptions {
  /** Said where it fails. @defaultValue the name of the function */
  readonly name?: string
  /** How long the phase waits for it, in milliseconds. @defaultValue 5_000 */
  readonly timeoutMs?: number
}

/** @param signal - aborted when its time is over */
export type ShutdownTask = (signal: AbortSignal) => void | Promise<void>

interface Registered {
  readonly phase: ShutdownPhase
  readonly task: ShutdownTask
  readonly name: string
  readonly timeoutMs: number
}

/** What a task that failed or hangs is reported to. */
type ReportTask = (phase: ShutdownPhase, name: string, error: unknown) => void

export class ShutdownTasks {
  readonly #clock: Clock
  readonly #report: ReportTask
  readonly #tasks = new Set<Registered>()
  /** Of the current phase: those that have not settled. */
  readonly #running = new Set<string>()

  constructor(clock: Clock, report: ReportTask) {
    this.#clock = clock
    this.#report = report
  }

  add(phase: ShutdownPhase, task: ShutdownTask, name: string, timeoutMs: number): Disposable {
    const registered = { phase, task, name, timeoutMs }
    this.#tasks.add(registered)
    return { [Symbol.dispose]: () => void this.#tasks.delete(registered) }
  }

  /** As `refuse task closeServer`. */
  get running(): readonly string[] {
    return [...this.#running]
  }

  async run(phases: readonly ShutdownPhase[]): Promise<void> {
    for (const phase of phases) {
      // Tasks may be added until their phase begins.
      const tasks = [...this.#tasks].filter((one) => one.phase === phase)
      // eslint-disable-next-line no-await-in-loop -- One phase comes after the other.
      await Promise.all(tasks.map((task) => this.#runOne(task)))
    }
  }

  async #runOne({ phase, task, name, timeoutMs }: Registered): Promise<void> {
    const label = `task ${name} of ${phase}`
    const controller = new AbortController()
    this.#running.add(label)
    let deadline: Disposable | undefined
    const overdue = new Promise<never>((_resolve, reject) => {
      deadline = this.#clock.schedule(timeoutMs, () => {
        const error = ActorError.shutdownTimeout(`The shutdown ${label}`, timeoutMs, [])
        controller.abort(error)
        reject(error)
      })
    })
    try {
      await Promise.race([task(controller.signal), overdue])
    } catch (error) {
      this.#report(phase, name, error)
    } finally {
      deadline?.[Symbol.dispose]()
      this.#running.delete(label)
    }
  }
}
