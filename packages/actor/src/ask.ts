// A question to an actor: a message with a ref to answer to, and a promise of the answer.
import type { ActorRef } from './actor-ref.ts'
import { AdaptedRef } from './adapted.ts'
import { cycleOf, type Call } from './call.ts'
import type { Cell } from './cell.ts'
import type { DeadlineQueue, Waiting } from './deadlines.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { AnswerRef, DistantRef, type AnswerHolder } from './distant-ref.ts'
import { Envelope } from './envelope.ts'
import { ActorError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { carriedTo } from './instrument.ts'
import { capable, duration, knownNames } from './option-values.ts'
import { localCell } from './local-ref.ts'
import type { Runtime } from './runtime.ts'

/** How long to wait for an answer. One of them is wanted at least. */
export interface AskOptions {
  /**
   * In milliseconds, from the end of the turn in which it is asked; or Infinity.
   *
   * @defaultValue 5_000, or Infinity where there is a `signal`
   */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

const defaultTimeoutMs = 5_000

const whys: Readonly<Record<DeadLetterReason, string>> = {
  stopped: 'it has stopped',
  'mailbox-full': 'its mailbox is full',
  'stash-full': 'its stash is full',
  unhandled: 'its behavior does not handle that message',
  failed: 'it failed on that message',
  'late-answer': 'nobody waits for the answer any more',
  'not-found': 'nobody lives there',
  'not-serializable': 'the message, or the answer, cannot be sent to another node',
  'not-sent': 'there was no room for the message on its way, or it was too large',
  lost: 'the connection ended while the message was on its way',
  'node-gone': 'its node is no longer a member',
  'buffer-full': 'too many messages wait for somebody who can take them',
  overdue: 'nobody could take the message in time',
}

export function ask<M, R>(
  runtime: Runtime,
  target: ActorRef<M>,
  makeMessage: (replyTo: ActorRef<R>) => M,
  options: AskOptions = noOptions,
  call?: Call,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const { signal, timeoutMs } = checked(options)
    signal?.throwIfAborted()
    const answer = new Answer<R>(runtime, target, resolve, reject)
    const message = makeMessage(answer)
    const cell = localCell(target)
    const cycle = cell && cycleOf(cell, call)
    if (cycle) throw ActorError.askCycle(cycle)
    answer.waitFor(timeoutMs, signal)
    if (call) answer.isAwaitedBy(call, cell)
    try {
      if (cell) cell.enqueue(new Question(message, answer, call, carriedTo(cell, message)))
      else if (target instanceof DistantRef || target instanceof AdaptedRef) {
        target.ask(message, answer)
      } else target.tell(message)
    } catch (error) {
      answer.fail(error) // Or its deadline would outlive it.
    }
  })
}

/** An actor that waits for its own answer, while it waits, would wait for ever. */
export function withdrawSelfAsked(cell: Cell): void {
  for (const { cell: target, call, path, withdraw } of cell.extras?.asking ?? []) {
    const isOfThisTurn = target === cell && call.turn === cell.turn && !call.isPiped
    if (isOfThisTurn) withdraw(ActorError.askCycle([path, path]))
  }
}

const noOptions: AskOptions = { timeoutMs: defaultTimeoutMs }
const askOptions: readonly string[] = ['timeoutMs', 'signal'] satisfies (keyof AskOptions)[]

function checked(options: AskOptions): AskOptions {
  if (options === noOptions) return options
  knownNames('ask()', options, askOptions)
  const { signal, timeoutMs = signal ? Infinity : defaultTimeoutMs } = options
  if (signal !== undefined)
    capable('ask()', 'signal', signal, ['addEventListener'], 'an AbortSignal')
  if (timeoutMs === Infinity) return signal ? { signal } : {}
  return { ...options, timeoutMs: duration('ask()', 'timeoutMs', timeoutMs, 0) }
}

/** Where the answer goes: to the first who looks, and that is the promise. */
class Answer<R> extends AnswerRef<R> implements Waiting {
  readonly #runtime: Runtime
  readonly #target: ActorRef<never>
  readonly #resolve: (answer: R) => void
  readonly #reject: (error: unknown) => void
  #deadline: DeadlineQueue | undefined
  dueAt = 0
  previous: Waiting | undefined
  next: Waiting | undefined
  #forgetSignal: (() => void) | undefined
  #forgetAsker: (() => void) | undefined
  #holder: AnswerHolder | undefined
  #slot = 0
  #isOver = false
  #isWithdrawn = false

  constructor(
    runtime: Runtime,
    target: ActorRef<never>,
    resolve: (answer: R) => void,
    reject: (error: unknown) => void,
  ) {
    super()
    this.#runtime = runtime
    this.#target = target
    this.#resolve = resolve
    this.#reject = reject
  }

  get path(): string {
    return `${this.#target.path}?`
  }

  tell(answer: R): void {
    if (this.#isOver) this.#runtime.deadLetter(this.path, answer, 'late-answer')
    else {
      this.#end()
      this.#resolve(answer)
    }
  }

  waitFor(timeoutMs: number | undefined, signal?: AbortSignal): void {
    if (this.#isOver) return // It was answered before it was asked.
    if (timeoutMs !== undefined) {
      this.#deadline = this.#runtime.deadlines.add(this, timeoutMs)
    }
    if (!signal) return
    const aborted = (): void => this.fail(signal.reason)
    signal.addEventListener('abort', aborted)
    this.#forgetSignal = () => signal.removeEventListener('abort', aborted)
  }

  /** One who asks can say whom it waits for. */
  isAwaitedBy(call: Call, cell: Cell | undefined): void {
    call.isOver = this.#isOver
    if (this.#isOver) return
    const extras = extrasOf(call.cell)
    const asking = (extras.asking ??= new Set())
    const withdraw = (error: unknown): void => {
      this.#isWithdrawn = true
      this.fail(error)
    }
    const asked = { path: this.#target.path, cell, call, withdraw }
    asking.add(asked)
    this.#forgetAsker = () => {
      call.isOver = true
      asking.delete(asked)
    }
  }

  get isWithdrawn(): boolean {
    return this.#isWithdrawn
  }

  get isOver(): boolean {
    return this.#isOver
  }

  heldBy(holder: AnswerHolder, slot: number): void {
    this.#holder = holder
    this.#slot = slot
  }

  slotAt(holder: AnswerHolder): number | undefined {
    return this.#holder === holder && !this.#isOver ? this.#slot : undefined
  }

  undelivered(reason: DeadLetterReason, cause?: unknown): void {
    if (!this.#isOver) {
      this.fail(ActorError.askUnanswered(this.#target.path, whys[reason], reason, cause))
    }
  }

  expire(timeoutMs: number): void {
    this.fail(ActorError.askTimeout(this.#target.path, timeoutMs))
  }

  abandon(): void {
    this.fail(ActorError.askUnanswered(this.#target.path, 'the system was shut down', 'lost'))
  }

  fail(error: unknown): void {
    if (this.#isOver) return
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.#isOver = true
    this.#deadline?.delete(this)
    this.#forgetSignal?.()
    this.#forgetAsker?.()
    this.#holder?.answerOver(this.#slot)
  }
}

/** A message whose sender waits, and learns at once when there will be no answer. */
class Question extends Envelope {
  override readonly content: unknown
  readonly #answer: Answer<never>
  readonly #call: Call | undefined
  readonly #carried: unknown

  constructor(content: unknown, answer: Answer<never>, call: Call | undefined, carried: unknown) {
    super()
    this.content = content
    this.#answer = answer
    this.#call = call
    this.#carried = carried
  }

  override get call(): Call | undefined {
    return this.#call
  }

  override get carried(): unknown {
    return this.#carried
  }

  override get isValid(): boolean {
    return !this.#answer.isWithdrawn
  }

  override open(): unknown {
    return this.content
  }

  override undelivered(
    path: string,
    reason: DeadLetterReason,
    runtime: Runtime,
    cause?: unknown,
  ): void {
    runtime.deadLetter(path, this.content, reason)
    this.#answer.undelivered(reason, cause)
  }
}
