// A context without an actor: it writes down what is done with it.
import type { ActorContext, SpawnOptions } from '../actor-context.ts'
import type { ActorRef } from '../actor-ref.ts'
import type { ActorSystem } from '../actor-system.ts'
import type { AskOptions } from '../ask.ts'
import type { Behavior } from '../behavior.ts'
import { ActorError } from '../errors.ts'
import type { Stash } from '../stash.ts'
import type { Timers } from '../timers.ts'
import type { Effect } from './effect.ts'
import { TestInbox } from './test-inbox.ts'

export class TestContext<M> implements ActorContext<M> {
  readonly self: TestInbox<M>
  readonly signal: AbortSignal
  readonly timers: Timers<M>
  readonly stash: Stash<M>
  /** Unstashed, and to be handled next. */
  readonly next: M[] = []
  readonly effects: Effect[] = []
  readonly inboxes: Map<string, TestInbox<unknown>> = new Map<string, TestInbox<unknown>>()
  readonly #controller = new AbortController()
  readonly #system: ActorSystem | undefined
  #unnamed = 0

  constructor(path: string, stashCapacity: number, system: ActorSystem | undefined) {
    this.self = new TestInbox(path)
    this.signal = this.#controller.signal
    this.#system = system
    this.timers = this.#timersOf(new Set())
    this.stash = this.#stashOf([], stashCapacity)
  }

  get system(): ActorSystem {
    if (this.#system) return this.#system
    throw ActorError.expectationFailed(`${this.self.path} is tested alone; give it a system.`)
  }

  get children(): readonly ActorRef<never>[] {
    return [...this.inboxes.values()]
  }

  end(): void {
    this.#controller.abort(ActorError.stopped(this.self.path))
  }

  child(name: string): ActorRef<never> | undefined {
    return this.inboxes.get(name)
  }

  spawn<C>(behavior: Behavior<C>, { name }: SpawnOptions = {}): ActorRef<C> {
    const known = name ?? `$${this.#unnamed++}`
    const path = `${this.self.path}/${known}`
    if (this.inboxes.has(known)) throw ActorError.nameTaken(path)
    const inbox = new TestInbox<unknown>(path)
    this.inboxes.set(known, inbox)
    // Nobody runs it: it is only looked at.
    this.effects.push({ type: 'spawned', name: known, behavior: behavior as Behavior<never> })
    return inbox
  }

  stop(child: ActorRef<never>): void {
    const [name] = [...this.inboxes].find(([, inbox]) => inbox === child) ?? []
    if (name === undefined) throw ActorError.notAChild(this.self.path, child.path)
    this.inboxes.delete(name)
    this.effects.push({ type: 'stopped-child', name })
  }

  watch({ path }: ActorRef<never>): void {
    this.effects.push({ type: 'watched', path })
  }

  watchWith({ path }: ActorRef<never>, message: M): void {
    this.effects.push({ type: 'watched', path, message })
  }

  unwatch({ path }: ActorRef<never>): void {
    this.effects.push({ type: 'unwatched', path })
  }

  ask<A, R, const Q extends A = A>(
    ref: ActorRef<A>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    _options?: AskOptions,
  ): Promise<R> {
    return new Promise<R>((resolve) => {
      const message = makeMessage({ path: `${ref.path}?`, tell: resolve })
      this.effects.push({ type: 'asked', ref, message })
      ref.tell(message)
    })
  }

  pipeToSelf<T>(
    promise: Promise<T>,
    onValue: (value: T) => M,
    onError: (error: unknown) => M = (error) => {
      throw error
    },
  ): void {
    const told = promise.then(onValue, onError).then((message) => this.self.tell(message))
    this.effects.push({ type: 'piped', promise: told })
  }

  adapt<A>(map: (message: A) => M): ActorRef<A> {
    return { path: this.self.path, tell: (message) => this.self.tell(map(message)) }
  }

  #timersOf(active: Set<string>): Timers<M> {
    const { effects } = this
    const cancel = (key: string): void => {
      if (active.delete(key)) effects.push({ type: 'timer-cancelled', key })
    }
    return {
      startOnce(key, message, delayMs) {
        active.add(key)
        effects.push({ type: 'timer-started', key, message, delayMs })
      },
      startPeriodic(key, message, everyMs, firstMs = everyMs) {
        active.add(key)
        effects.push({ type: 'timer-started', key, message, delayMs: firstMs, everyMs })
      },
      cancel,
      cancelAll: () => [...active].forEach(cancel),
      isActive: (key) => active.has(key),
    }
  }

  #stashOf(items: M[], capacity: number): Stash<M> {
    const { effects, next, self } = this
    return {
      capacity,
      get size() {
        return items.length
      },
      stash(message) {
        if (items.length >= capacity) throw ActorError.stashFull(self.path, capacity)
        items.push(message)
        effects.push({ type: 'stashed', message })
      },
      unstashAll() {
        const messages = items.splice(0)
        next.unshift(...messages)
        effects.push({ type: 'unstashed', messages })
      },
    }
  }
}
