import type { ActorRef } from '../actor-ref.ts'
import type { ActorSystem } from '../actor-system.ts'
import type { Behavior, Interceptor, MessageHandler, Next, SignalHandler } from '../behavior.ts'
import { ActorError } from '../errors.ts'
import { isPromise } from '../is-promise.ts'
import { mailboxDefaults } from '../mailbox.ts'
import type { Signal } from '../signal.ts'
import { intercepted } from '../wrapping.ts'
import type { Effect } from './effect.ts'
import { TestContext } from './test-context.ts'
import type { TestInbox } from './test-inbox.ts'

/** Options of a {@link BehaviorTestKit}. */
export interface BehaviorTestKitOptions {
  /** @defaultValue '/test' */
  readonly path?: string
  /** @defaultValue that of a mailbox */
  readonly stashCapacity?: number
  /** What `context.system` is. @defaultValue none, and whoever looks for it fails */
  readonly system?: ActorSystem
}

/**
 * Runs a behavior alone, at once, in the test's own turn: messages are handled when the test says so, and
 * what the behavior does is written down. Failures are thrown to the test; strategies are not asked.
 * Handlers that give promises need an `ActorTestKit`.
 *
 * @example
 * const kit = new BehaviorTestKit(Behaviors.receive<string>((message, { timers }) => {
 *   timers.startOnce('again', message, 1_000)
 * }))
 * kit.run('tick')
 * kit.takeEffects()[0]?.type // => 'timer-started'
 */
export class BehaviorTestKit<M> {
  readonly #context: TestContext<M>
  #onMessage: MessageHandler<M> = () => undefined
  #onSignal: SignalHandler<M> | undefined
  #isAlive = true
  #unhandled = 0
  /** The innermost first. */
  #interceptors: Interceptor<M>[] = []
  #observe: ((message: M) => void)[] = []
  #postStop: (() => void | Promise<void>)[] = []

  constructor(behavior: Behavior<M>, options: BehaviorTestKitOptions = {}) {
    const { path = '/test', stashCapacity = mailboxDefaults.stashCapacity, system } = options
    this.#context = new TestContext<M>(path, stashCapacity, system)
    this.#adopt(behavior)
  }

  /** The actor itself: what it is told, it is given by `runNext`. */
  get ref(): TestInbox<M> {
    return this.#context.self
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** How many messages it did not handle. */
  get unhandled(): number {
    return this.#unhandled
  }

  /** What it did, since this was last asked. */
  takeEffects(): readonly Effect[] {
    return this.#context.effects.splice(0)
  }

  /** What a child was told. @throws ActorError `CASTY_ACTOR_EXPECTATION_FAILED` where there is none */
  child<C>(name: string): TestInbox<C> {
    const inbox = this.#context.inboxes.get(name)
    if (!inbox) throw ActorError.expectationFailed(`${this.ref.path} has no child ${name}.`)
    // Said by the test, which knows what it tells it.
    return inbox as TestInbox<unknown> as TestInbox<C>
  }

  /** Has it handle a message, and what it unstashes then. Throws what the handler throws. */
  run(message: M): void {
    const { next } = this.#context
    next.push(message)
    while (next.length > 0 && this.#isAlive) {
      const one = next.shift() as M // There is one.
      this.#become(this.#handle(one))
      for (const observe of this.#observe) observe(one)
    }
  }

  #handle(message: M): Next<M> | Promise<Next<M>> {
    return intercepted(this.#onMessage, this.#interceptors)(message, this.#context)
  }

  /** Has it handle the oldest message that it, or whoever has a ref to it, told it. */
  runNext(): void {
    this.run(this.ref.take())
  }

  /** Tells it that somebody has stopped. @throws ActorError `CASTY_ACTOR_DEATH_PACT` where it has no handler */
  signal(ref: ActorRef<never>, ending: Signal['ending'] = 'stopped'): void {
    if (!this.#onSignal) throw ActorError.deathPact(this.ref.path, ref.path)
    this.#become(this.#onSignal({ type: 'terminated', ref, ending }, this.#context))
  }

  #become(next: Next<M> | Promise<Next<M>>): void {
    const behavior = this.#settled(next)
    if (behavior === undefined || behavior.type === 'same') return
    if (behavior.type === 'unhandled') this.#unhandled++
    else this.#adopt(behavior)
  }

  #adopt(behavior: Behavior<M>): void {
    switch (behavior.type) {
      case 'receive':
        this.#onMessage = behavior.onMessage
        this.#onSignal = behavior.onSignal
        return
      case 'ignore':
        this.#onMessage = () => undefined
        this.#onSignal = () => undefined
        return
      case 'setup':
        this.#adopt(this.#settled(behavior.factory(this.#context)))
        return
      case 'lifecycle':
        this.#settled(behavior.hooks.preStart?.(this.#context))
        this.#postStop.unshift(() => behavior.hooks.postStop?.(this.#context))
        this.#adopt(behavior.inner)
        return
      case 'intercept':
        this.#interceptors.unshift(behavior.around)
        this.#adopt(behavior.inner)
        return
      case 'spy':
        this.#observe.push((message) => behavior.observe({ path: this.ref.path, message, at: 0 }))
        this.#adopt(behavior.inner)
        return
      case 'supervise':
      case 'supervise-children':
        this.#adopt(behavior.inner)
        return
      case 'stopped':
        this.#stop()
        return
      case 'restart':
        throw ActorError.expectationFailed(`${this.ref.path} wants to begin anew.`)
      default:
        throw ActorError.invalidBehavior(this.ref.path, behavior.type)
    }
  }

  #stop(): void {
    this.#isAlive = false
    this.#context.end()
    for (const hook of this.#postStop) this.#settled(hook())
  }

  #settled<T>(value: T | Promise<T>): T {
    if (!isPromise(value)) return value
    throw ActorError.expectationFailed(
      `${this.ref.path} gives a promise, which this kit does not wait for; use an ActorTestKit.`,
    )
  }
}
