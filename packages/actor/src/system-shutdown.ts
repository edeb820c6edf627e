// The end of a system in good order: tasks before, then all actors, then what they used; each has its time.
import type { Clock } from '@casty/clock'
import type { Cell } from './cell.ts'
import { ActorError } from './errors.ts'
import { explain } from './explain.ts'
import { duration, knownNames } from './option-values.ts'
import {
  phasesBefore,
  shutdownPhases,
  ShutdownTasks,
  type ShutdownPhase,
  type ShutdownTask,
  type ShutdownTaskOptions,
} from './shutdown.ts'
import { stopOrder } from './system-message.ts'

export interface SystemShutdownParts {
  readonly clock: Clock
  readonly stopTimeoutMs: number
  /** Above all actors: they end with it. */
  readonly guardian: Cell
  /** Settles when all actors have stopped. */
  readonly ended: Promise<void>
  /** A task failed, or took too long. */
  readonly failed: (phase: ShutdownPhase, name: string, error: unknown) => void
  /** All actors have stopped, or had their time. */
  readonly actorsEnded: () => void
  /** What they used is closed. */
  readonly released: () => void
}

export class SystemShutdown {
  readonly #parts: SystemShutdownParts
  readonly #tasks: ShutdownTasks
  #under: Promise<void> | undefined

  constructor(parts: SystemShutdownParts) {
    this.#parts = parts
    this.#tasks = new ShutdownTasks(parts.clock, parts.failed)
  }

  /** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
  before(phase: ShutdownPhase, task: ShutdownTask, options: ShutdownTaskOptions = {}): Disposable {
    const of = 'beforeShutdown()'
    knownNames(of, options, ['name', 'timeoutMs'])
    if (typeof task !== 'function') throw ActorError.invalidOption(of, 'task', task, 'a function')
    const { name = task.name === '' ? 'unnamed' : task.name, timeoutMs = 5_000 } = options
    if (!shutdownPhases.includes(phase)) {
      throw ActorError.invalidOption(of, 'phase', phase, `one of ${shutdownPhases.join(', ')}`)
    }
    return this.#tasks.add(phase, task, name, duration(of, 'timeoutMs', timeoutMs, 0))
  }

  /** Rejects with `CASTY_ACTOR_SHUTDOWN_TIMEOUT`, `CASTY_ACTOR_INVALID_OPTION`. */
  async run(options: { readonly timeoutMs?: number }): Promise<void> {
    knownNames('shutdown()', options, ['timeoutMs'])
    const { timeoutMs = Infinity } = options
    if (timeoutMs !== Infinity) duration('shutdown()', 'timeoutMs', timeoutMs, 0)
    this.#under ??= this.#shutDown()
    if (timeoutMs === Infinity) {
      await this.#under
      return
    }
    const overdue = await this.#overdue('The shutdown', this.#under, timeoutMs)
    if (overdue) throw overdue
  }

  async #shutDown(): Promise<void> {
    await this.#tasks.run(phasesBefore)
    this.#parts.guardian.order(stopOrder)
    const timeoutMs = this.#parts.stopTimeoutMs
    const overdue = await this.#overdue('The end of all actors', this.#parts.ended, timeoutMs)
    this.#parts.actorsEnded()
    await this.#tasks.run(['release'])
    this.#parts.released()
    if (overdue) throw overdue
  }

  /** @returns what to say where it has not ended in time */
  async #overdue(
    what: string,
    end: Promise<void>,
    timeoutMs: number,
  ): Promise<ActorError | undefined> {
    let deadline: Disposable | undefined
    const overdue = new Promise<ActorError>((resolve) => {
      deadline = this.#parts.clock.schedule(timeoutMs, () =>
        resolve(ActorError.shutdownTimeout(what, timeoutMs, this.#leftOver())),
      )
    })
    try {
      return await Promise.race([end.then(() => undefined), overdue])
    } finally {
      deadline?.[Symbol.dispose]()
    }
  }

  /** What a shutdown waits for, in words. */
  #leftOver(): readonly string[] {
    const { running } = this.#tasks
    if (running.length > 0) return [`It waits for ${running.join(', ')}.`]
    const actors = [...this.#parts.guardian.ties.children.values()].filter(
      ({ stage }) => stage !== 'stopped',
    )
    const first = actors.slice(0, 10).map((cell) => explain(cell).summary)
    return actors.length > 10 ? [...first, `${actors.length - 10} more have not stopped.`] : first
  }
}
