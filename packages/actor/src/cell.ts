// One actor at run time: its mailbox, how it behaves now, and where it is in its life. Messages of one
// actor never overlap: while a promise of its behavior is awaited, it takes no other.
//
// Not for users, who see an `ActorRef` and an `ActorContext`. What happens around its messages is in
// life.ts and failure.ts, which it reaches by the `conduct` of its runtime.
import type { Behavior, MessageHandler, Next, SignalHandler } from './behavior.ts'
import type { Call } from './call.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Runnable } from './dispatcher.ts'
import { Envelope } from './envelope.ts'
import { ActorError } from './errors.ts'
import type { Extras } from './extras.ts'
import type { GateKeeper } from './gate.ts'
import { isPromise } from './is-promise.ts'
import { InstrumentedRef, LocalRef } from './local-ref.ts'
import { Mailbox, type MailboxSettings } from './mailbox.ts'
import { nothing } from './nothing.ts'
import type { CellContext, Runtime } from './runtime.ts'
import type { Ending, Signal } from './signal.ts'
import type { SystemMessage } from './system-message.ts'
import { Termination } from './termination.ts'
import { Ties } from './ties.ts'

export type Stage =
  | 'starting' // Its behavior is being set up.
  | 'active'
  | 'paused' // It failed, and its parent is to decide.
  | 'restarting' // Its children stop, or the pause before a restart lasts.
  | 'stopping' // Its children stop, or its last hook runs.
  | 'stopped'

/** Orders that end what the actor is now. */
type Fate = Extract<SystemMessage, { readonly type: 'stop' | 'restart' | 'fail' }>

function isFate(order: SystemMessage): order is Fate {
  return order.type === 'stop' || order.type === 'restart' || order.type === 'fail'
}

function isNotOwed(item: unknown): boolean {
  return !(item instanceof Envelope && item.isOwed)
}

const unhandled: MessageHandler<unknown> = () => ({ type: 'unhandled' })

/** Called when an actor has stopped. */
export type OnEnd = (ending: Ending) => void

export class Cell implements Runnable {
  readonly ref: LocalRef<unknown>
  readonly runtime: Runtime
  readonly parent: Cell | undefined
  readonly name: string
  readonly initial: Behavior<unknown>
  readonly settings: MailboxSettings
  readonly mailbox: Mailbox = new Mailbox()
  onMessage: MessageHandler<unknown> = unhandled
  onSignal: SignalHandler<unknown> | undefined
  stage: Stage = 'starting'
  ending: Ending = 'stopped'
  /** What is being handled, until it was, or was put aside. */
  current: unknown = nothing
  /** Counts messages that were taken. */
  turn = 0
  /** A promise of its behavior is awaited. */
  held: { readonly since: number } | undefined
  extras: Extras | undefined
  #orders: Mailbox<SystemMessage> | undefined
  #context: CellContext | undefined
  #ties: Ties | undefined
  /** One, or several: an entity has one, and there may be a million of them. */
  #onEnd: OnEnd | Set<OnEnd> | undefined
  #isScheduled = false

  constructor(
    runtime: Runtime,
    parent: Cell | undefined,
    name: string,
    behavior: Behavior<unknown>,
    settings: MailboxSettings,
  ) {
    this.ref = runtime.instrument ? new InstrumentedRef(this) : new LocalRef(this)
    this.runtime = runtime
    this.parent = parent
    this.name = name
    this.initial = behavior
    this.settings = settings
  }

  get path(): string {
    // The root of all has no name. Its parent is not asked for its own path: trees may be deeper than the stack.
    let path = this.parent ? `/${this.name}` : ''
    for (let above = this.parent; above?.parent; above = above.parent) {
      path = `/${above.name}${path}`
    }
    return path
  }

  get context(): CellContext {
    this.#context ??= this.runtime.conduct.contextOf(this)
    return this.#context
  }

  /** Has `told` called when the actor has stopped; once, however often it is given. */
  whenEnded(told: OnEnd): void {
    if (this.#onEnd instanceof Set) this.#onEnd.add(told)
    else this.#onEnd = this.#onEnd === undefined ? told : new Set([this.#onEnd, told])
  }

  /** Not any more. */
  forgetEnd(told: OnEnd): void {
    if (this.#onEnd instanceof Set) this.#onEnd.delete(told)
    else if (this.#onEnd === told) this.#onEnd = undefined
  }

  /** It has stopped: tells who wants to know. */
  tellEnd(): void {
    const onEnd = this.#onEnd
    this.#onEnd = undefined
    for (const told of onEnd instanceof Set ? onEnd : onEnd ? [onEnd] : []) {
      try {
        told(this.ending)
      } catch (error) {
        this.runtime.report(error, `What was to be done when ${this.path} stopped threw`)
      }
    }
  }

  get isHeld(): boolean {
    return this.held !== undefined
  }

  get isFull(): boolean {
    return this.mailbox.size >= this.settings.capacity
  }

  /** It has stopped, or is about to. */
  get isEnding(): boolean {
    return this.stage === 'stopping' || this.stage === 'stopped'
  }

  /** Whom it has to do with. */
  get ties(): Ties {
    this.#ties ??= new Ties()
    return this.#ties
  }

  /** The same, where it had to do with anybody yet. */
  get knownTies(): Ties | undefined {
    return this.#ties
  }

  /** The question that it is answering, if its message came with one. */
  get call(): Call | undefined {
    const { current } = this
    return current instanceof Envelope ? current.call : undefined
  }

  enqueue(message: unknown): void {
    if (this.stage === 'stopped') this.undelivered(message, 'stopped')
    else if (this.isFull) this.#overflow(message)
    else this.enqueueAlways(message)
  }

  /** For what is owed to the actor, and bounded by what it began itself. */
  enqueueAlways(message: unknown): void {
    if (this.stage === 'stopped') {
      this.undelivered(message, 'stopped')
      return
    }
    this.mailbox.push(message)
    this.wake()
  }

  #overflow(message: unknown): void {
    const { capacity, overflow } = this.settings
    if (overflow === 'reject') throw ActorError.mailboxFull(this.path, capacity)
    if (overflow === 'drop-new') {
      this.undelivered(message, 'mailbox-full')
      return
    }
    // What is owed to it counts, but is never dropped: nobody would send it again.
    const oldest = this.mailbox.takeFirst(isNotOwed)
    if (oldest === nothing) this.undelivered(message, 'mailbox-full')
    else {
      this.mailbox.push(message)
      this.undelivered(oldest, 'mailbox-full')
    }
  }

  order(message: SystemMessage): void {
    const { conduct } = this.runtime
    if (this.stage === 'stopped') return
    if (isFate(message)) {
      if (this.#isOrdered(message.type)) return
      this.#context?.interrupt() // It may be waiting for something.
    } else if (message.type === 'child-failed' && this.isHeld && conduct.decide(this, message)) {
      return // It may be waiting for that very child.
    }
    this.#orders ??= new Mailbox()
    this.#orders.push(message)
    this.wake()
  }

  #isOrdered(fate: Fate['type']): boolean {
    return this.fate === 'stop' || (this.fate !== undefined && fate === 'restart')
  }

  /** What it is about to do anyway, because it was ordered to. */
  get fate(): 'stop' | 'restart' | undefined {
    if (this.#orders?.some(({ type }) => type === 'stop' || type === 'fail')) return 'stop'
    return this.#orders?.some(({ type }) => type === 'restart') ? 'restart' : undefined
  }

  /** Has it run, if there is something that it can do. */
  wake(): void {
    if (this.#isScheduled || !this.#canRun) return
    this.#isScheduled = true
    this.runtime.dispatcher.add(this)
  }

  get #canRun(): boolean {
    if (this.isHeld) return false
    return this.#orders !== undefined || (this.stage === 'active' && this.mailbox.size > 0)
  }

  run(most: number): number {
    const { gate } = this.runtime
    if (gate !== undefined) return this.#runBehind(gate, most)
    let steps = 0
    for (; steps < most && this.#canRun; steps++) this.#runOnce()
    this.#isScheduled = false
    this.wake()
    return steps
  }

  #runOnce(): void {
    if (this.#orders === undefined) this.#handle(this.mailbox.take())
    else {
      const order = this.#nextOrder()
      if (order) this.runtime.conduct.obey(this, order)
    }
  }

  #runBehind(gate: GateKeeper, most: number): number {
    let steps = 0
    for (; steps < most && this.#canRun; steps++) {
      if (!gate.isOpen && this.#mustNotAct) {
        this.#isScheduled = false // Before it is parked: the gate may open that very moment.
        gate.park(this)
        return steps
      }
      this.#runOnce()
    }
    this.#isScheduled = false
    this.wake()
    return steps
  }

  /** Its gate is closed: it may do nothing but end, and what serves the end of others. */
  get #mustNotAct(): boolean {
    const order = this.#orders?.first
    if (order?.type !== 'start' && order?.type !== 'begin') return order === undefined
    if (this.fate === undefined) return true
    this.#nextOrder() // It ends without having begun.
    return this.#orders === undefined
  }

  #nextOrder(): SystemMessage | undefined {
    const order = this.#orders?.take()
    if (this.#orders?.size === 0) this.#orders = undefined
    return order
  }

  #handle(item: unknown): void {
    this.turn++
    this.current = item
    try {
      const next = this.#perform(item)
      if (next === undefined) this.#handled()
      else if (isPromise(next)) {
        this.hold(next, (behavior) => this.#turnInto(behavior))
        if (this.extras?.asking) this.runtime.conduct.waits(this)
      } else this.#turnInto(next)
    } catch (error) {
      // Also of what a handler without types returns: nothing that it does may end the turns of this actor.
      this.#failed(error)
    }
  }

  #perform(item: unknown): Next<unknown> | Promise<Next<unknown>> {
    if (!(item instanceof Envelope)) {
      return this.onMessage(item, this.context)
    }
    if (!item.isValid) {
      this.current = nothing
      return undefined
    }
    const content = item.open()
    if (!(item instanceof Termination && item.isSignal)) {
      return this.onMessage(content, this.context)
    }
    if (!this.onSignal) throw ActorError.deathPact(this.path, item.path)
    return this.onSignal(content as Signal, this.context)
  }

  #turnInto(next: Next<unknown>): void {
    if (next?.type === 'unhandled') {
      if (this.current instanceof Termination && this.current.isSignal) {
        this.#failed(ActorError.deathPact(this.path, this.current.path))
        return
      }
      this.drop('unhandled')
    } else this.#handled()
    if (next !== undefined) this.runtime.conduct.become(this, next)
  }

  #handled(): void {
    const { current } = this
    this.current = nothing
    if (this.extras && current !== nothing) this.runtime.conduct.observed(this, current)
  }

  #failed(error: unknown): void {
    this.runtime.conduct.failed(this, error)
  }

  /** What it was handling counts as not handled. */
  drop(reason: DeadLetterReason, cause?: unknown): void {
    const { current } = this
    this.current = nothing
    if (current !== nothing) this.undelivered(current, reason, cause)
  }

  /** Goes on when a promise of its behavior has settled; until then it does nothing else. */
  hold<T>(promise: PromiseLike<T>, goOn: (value: T) => void): void {
    const settled = Promise.resolve(promise)
    this.held = { since: this.runtime.clock.now() }
    settled.then(
      (value) => {
        this.held = undefined
        try {
          goOn(value)
        } catch (error) {
          this.#failed(error)
        }
        this.wake()
      },
      (error: unknown) => {
        this.held = undefined
        this.#failed(error)
        this.wake()
      },
    )
  }

  undelivered(message: unknown, reason: DeadLetterReason, cause?: unknown): void {
    try {
      if (message instanceof Envelope) {
        message.undelivered(this.path, reason, this.runtime, cause)
      } else this.runtime.deadLetter(this.path, message, reason)
    } catch (error) {
      // A message may be anything, a proxy for one: it must not keep the actor from failing, or from its end.
      this.runtime.report(error, `A dead letter of ${this.path} cannot be told`)
    }
  }
}
