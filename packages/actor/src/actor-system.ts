// All actors of one process, or of one node of it: where roots are spawned, and where what happens is told.
import type { Clock } from '@casty/clock'
import type { SpawnOptions } from './actor-context.ts'
import type { ActorRef } from './actor-ref.ts'
import { checkedOptions, type ActorSystemOptions } from './actor-system-options.ts'
import { adaptingCell } from './adapted.ts'
import { ask, withdrawSelfAsked, type AskOptions } from './ask.ts'
import type { Behavior } from './behavior.ts'
import { ignore } from './behaviors.ts'
import { Cell } from './cell.ts'
import { Context } from './context.ts'
import type { DeadLetterCounts, DeadLetterReason } from './dead-letter.ts'
import { Deadlines } from './deadlines.ts'
import { deliver, LastMessage, type Delivery } from './delivery.ts'
import { Dispatcher } from './dispatcher.ts'
import { DistantRef } from './distant-ref.ts'
import { ActorError } from './errors.ts'
import { explain, type Explanation } from './explain.ts'
import type { EventStream } from './event-stream.ts'
import { decide, failed } from './failure.ts'
import type { Instrument } from './instrument.ts'
import type { Logger } from './logger.ts'
import { localCell } from './local-ref.ts'
import { become, obey } from './orders.ts'
import type { Runtime } from './runtime.ts'
import { SystemScheduler, type Scheduler } from './scheduler.ts'
import type { ShutdownPhase, ShutdownTask, ShutdownTaskOptions } from './shutdown.ts'
import { spawnIn } from './spawn.ts'
import type { Ending } from './signal.ts'
import type { SystemEvent } from './system-event.ts'
import { SystemLog } from './system-log.ts'
import { SystemNews } from './system-news.ts'
import { startOrder, stopOrder } from './system-message.ts'
import { SystemShutdown } from './system-shutdown.ts'
import { systemTurns } from './system-turns.ts'
import { observed } from './surroundings.ts'

/**
 * A tree of actors. It needs no start, and ends with `shutdown()`, or at the end of an `await using`.
 *
 * @example
 * await using system = new ActorSystem()
 * const greeter = system.spawn(Behaviors.receive<string>((name) => console.log(`Hello, ${name}`)))
 * greeter.tell('world')
 */
export class ActorSystem implements AsyncDisposable {
  /** What its actors go by: for whatever else is to keep time with them. */
  readonly clock: Clock
  /** What it logs to: for whatever else has to say something about its actors. It does not throw, whatever the logger that was handed in does. */
  readonly logger: Logger | undefined
  readonly #runtime: Runtime
  readonly #guardian: Cell
  readonly #news: SystemNews
  readonly #scheduler: SystemScheduler
  readonly #shutdown: SystemShutdown

  /** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
  constructor(options: ActorSystemOptions = {}) {
    const { clock, random, mailbox, logger, instrument, stopTimeoutMs } = checkedOptions(options)
    const news = new SystemNews(logger && new SystemLog(logger, clock))
    this.#news = news
    this.clock = clock
    this.logger = logger
    this.#scheduler = new SystemScheduler(clock)
    const turns = systemTurns(clock)
    let ended = (): void => {}
    const allEnded = new Promise<void>((resolve) => {
      ended = resolve
    })
    const deadlines = new Deadlines(clock, turns)
    this.#runtime = {
      system: this,
      clock,
      random,
      dispatcher: new Dispatcher(turns),
      deadlines,
      conduct: {
        contextOf: (cell) => new Context(cell),
        obey,
        become,
        failed,
        decide,
        observed,
        waits: withdrawSelfAsked,
      },
      mailbox,
      instrument,
      gate: undefined,
      gated: new WeakMap(),
      publish: (event) => {
        const isOfGuardian = 'ref' in event && event.ref === this.#guardian.ref
        if (!isOfGuardian) news.publish(event)
      },
      report: (error, what) => news.report(error, what),
      deadLetter: (path, message, reason) => news.deadLetter(path, message, reason),
      ended: () => ended(),
    }
    this.#guardian = new Cell(this.#runtime, undefined, '', ignore, this.#runtime.mailbox)
    this.#guardian.order(startOrder)
    this.#shutdown = new SystemShutdown({
      clock,
      stopTimeoutMs,
      guardian: this.#guardian,
      ended: allEnded,
      failed: (phase, name, error) => {
        news.report(error, `Task ${name} of the shutdown failed, in phase ${phase}`)
        news.publish({ type: 'shutdown-task-failed', phase, name, error })
      },
      actorsEnded: () => this.#scheduler.cancelAll(),
      // Nobody is left to answer, and their timer would keep the process.
      released: () => deadlines.abandonAll(),
    })
  }

  /** Starts an actor at the root. @throws ActorError see `ActorContext.spawn` */
  spawn<M>(behavior: Behavior<M>, options?: SpawnOptions): ActorRef<M> {
    return spawnIn(this.#runtime, this.#guardian, behavior, options)
  }

  /**
   * Ends an actor, after the message that it handles; what still waits for it is a dead letter. Resolves
   * when it has stopped: a handler of that actor, or of one below it, that awaits it waits for ever.
   *
   * @throws ActorError `CASTY_ACTOR_FOREIGN_REF`
   */
  stop(ref: ActorRef<never>): Promise<void> {
    return new Promise<void>((resolve) => {
      const cell = this.#cellOf(ref)
      if (cell.stage === 'stopped') {
        resolve()
        return
      }
      cell.whenEnded(() => resolve())
      cell.order(stopOrder)
    })
  }

  /**
   * Ends an actor when it has handled all that waits for it now. What comes later is a dead letter, unless
   * another life of it takes that: whoever keeps messages back meanwhile loses none.
   *
   * @throws ActorError `CASTY_ACTOR_FOREIGN_REF`
   */
  finish(ref: ActorRef<never>): void {
    const cell = this.#cellOf(ref)
    if (!cell.isEnding) cell.enqueueAlways(new LastMessage(() => cell.order({ type: 'stop' })))
  }

  /**
   * Asks an actor, with a ref that it is to answer to, and waits for the first answer. It waits no longer
   * where none can come any more: the message was dropped, or the actor failed on it, or has stopped.
   *
   * Rejects with `CASTY_ACTOR_ASK_TIMEOUT`, `CASTY_ACTOR_ASK_UNANSWERED`, or the reason of the signal.
   */
  ask<M, R, const Q extends M = M>(
    ref: ActorRef<M>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R> {
    return ask(this.#runtime, ref, makeMessage, options)
  }

  /**
   * Has `stopped` called once, however often it is given, when an actor is no more: before it returns, where it
   * has stopped already. Of a
   * ref that `adapt()` made, that is the actor which made it.
   *
   * @returns disposed of, it is not called any more
   * @throws ActorError `CASTY_ACTOR_FOREIGN_REF`
   */
  whenStopped(ref: ActorRef<never>, stopped: (ending: Ending) => void): Disposable {
    if (ref instanceof DistantRef) return ref.watch(stopped)
    const cell = adaptingCell(ref) ?? this.#cellOf(ref)
    if (cell.runtime.system !== this) throw ActorError.foreignRef(ref.path, 'this system')
    cell.whenEnded(stopped)
    if (cell.stage === 'stopped') cell.tellEnd()
    return { [Symbol.dispose]: () => cell.forgetEnd(stopped) }
  }

  /**
   * Hands a message over for somebody else: as `tell`, but whoever stands behind it learns at once when it
   * will not be handled, and nothing is thrown. For layers that carry, route or buffer messages.
   */
  deliver<M>(ref: ActorRef<M>, message: M, delivery?: Delivery): void {
    deliver(this.#runtime, ref, message, delivery)
  }

  /** Counts and tells of a message that a layer above could not bring to `path`. */
  publishDeadLetter(path: string, message: unknown, reason: DeadLetterReason): void {
    this.#news.deadLetter(path, message, reason)
  }

  /** What looks at messages on their way: for layers that carry them further. */
  get instrument(): Instrument | undefined {
    return this.#runtime.instrument
  }

  /** The actor at a path, if one lives there. */
  lookup(path: string): ActorRef<never> | undefined {
    let cell: Cell | undefined = this.#guardian
    for (const name of path.split('/').slice(1)) cell = cell?.knownTies?.children.get(name)
    return cell === this.#guardian || cell?.stage === 'stopped' ? undefined : cell?.ref
  }

  /** For messages to be sent later. */
  get scheduler(): Scheduler {
    return this.#scheduler
  }

  /** What happens in the system. What a listener throws is logged, and disturbs nobody. */
  get eventStream(): Pick<EventStream<SystemEvent>, 'subscribe'> {
    return this.#news.events
  }

  /** Calls `listener` with all that happens from now on: short for that of `eventStream`. */
  subscribe(listener: (event: SystemEvent) => void): Disposable {
    return this.#news.events.subscribe(listener)
  }

  /**
   * Why an actor is stuck, or what it does: for people and for dashboards.
   *
   * @throws ActorError `CASTY_ACTOR_FOREIGN_REF`
   */
  explain(ref: ActorRef<never>): Explanation {
    return explain(this.#cellOf(ref))
  }

  #cellOf(ref: ActorRef<never>): Cell {
    const cell = localCell(ref)
    if (cell?.runtime.system === this) return cell
    throw ActorError.foreignRef(ref.path, 'this system')
  }

  /** So many messages were not handled. */
  get deadLetters(): DeadLetterCounts {
    return this.#news.deadLetters
  }

  /**
   * Has something done when the system shuts down, besides stopping its actors: in a phase of it, at the
   * same time as the other tasks of that phase. One that fails, or takes too long, is told of by an event
   * and the logger, and left behind.
   *
   * @returns disposed of, it is not done
   * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
   */
  beforeShutdown(
    phase: ShutdownPhase,
    task: ShutdownTask,
    options?: ShutdownTaskOptions,
  ): Disposable {
    return this.#shutdown.before(phase, task, options)
  }

  /**
   * Runs the tasks for it, stops all actors, children before their parents, and resolves when all is done.
   * Questions that wait for answers fail then, those that wait without a time limit excepted. A second call waits for the first.
   *
   * @param options.timeoutMs - how long to wait for all of it, in milliseconds. @defaultValue Infinity
   *
   * Rejects with `CASTY_ACTOR_SHUTDOWN_TIMEOUT`, which names what has not stopped: it goes on to stop. So it
   * does, when all else is done, where actors take longer than `stopTimeoutMs` of the system. A handler that
   * awaits it is waited for.
   */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await this.#shutdown.run(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}
