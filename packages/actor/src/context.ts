import type { ActorContext, SpawnOptions } from './actor-context.ts'
import type { ActorRef } from './actor-ref.ts'
import type { ActorSystem } from './actor-system.ts'
import { AdaptedRef, Outcome } from './adapted.ts'
import { ask, type AskOptions } from './ask.ts'
import type { Behavior } from './behavior.ts'
import { callOf, type Call } from './call.ts'
import type { Cell } from './cell.ts'
import { DistantRef } from './distant-ref.ts'
import { ActorError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { localCell } from './local-ref.ts'
import { spawnIn } from './spawn.ts'
import { CellStash, type Stash } from './stash.ts'
import { stopOrder } from './system-message.ts'
import { CellTimers, type Timers } from './timers.ts'

export class Context<M> implements ActorContext<M> {
  readonly #cell: Cell
  #timers: CellTimers<M> | undefined
  /** What was asked in one turn. */
  #asked: { readonly promise: Promise<unknown>; readonly call: Call }[] | undefined
  /** Made when somebody waits with it. */
  #abortion: { readonly controller: AbortController } | undefined

  constructor(cell: Cell) {
    this.#cell = cell
  }

  get self(): ActorRef<M> {
    return this.#cell.ref
  }

  get system(): ActorSystem {
    return this.#cell.runtime.system
  }

  get signal(): AbortSignal {
    if (!this.#abortion) {
      this.#abortion = { controller: new AbortController() }
      this.#untilReleased(() => {
        this.interrupt()
        this.#abortion = undefined
      })
      const { isEnding, fate } = this.#cell
      if (isEnding || fate !== undefined) this.interrupt()
    }
    return this.#abortion.controller.signal
  }

  /** Tells whoever waits for something that the actor is to end. */
  interrupt(): void {
    const controller = this.#abortion?.controller
    // It is told at the order and at the end: an error takes a stack, and nobody would see the second one.
    if (controller?.signal.aborted === false) controller.abort(ActorError.stopped(this.#cell.path))
  }

  get timers(): Timers<M> {
    if (!this.#timers) {
      const timers = new CellTimers<M>(this.#cell)
      this.#timers = timers
      this.#untilReleased(() => {
        timers.cancelAll()
        this.#timers = undefined
      })
    }
    return this.#timers
  }

  get stash(): Stash<M> {
    const extras = extrasOf(this.#cell)
    if (extras.stash) return extras.stash
    const stash = new CellStash<unknown>(this.#cell)
    extras.stash = stash
    this.#untilReleased(() => {
      stash.unstashAll()
      extras.stash = undefined
    })
    return stash
  }

  #untilReleased(release: () => void): void {
    extrasOf(this.#cell).releases.add(release)
  }

  get children(): readonly ActorRef<never>[] {
    const children = [...(this.#cell.knownTies?.children.values() ?? [])]
    return children.filter(({ stage }) => stage !== 'stopped').map(({ ref }) => ref)
  }

  child(name: string): ActorRef<never> | undefined {
    const { knownTies } = this.#cell
    return knownTies?.has(name) === true ? knownTies.children.get(name)?.ref : undefined
  }

  spawn<C>(behavior: Behavior<C>, options?: SpawnOptions): ActorRef<C> {
    return spawnIn(this.#cell.runtime, this.#cell, behavior, options)
  }

  stop(child: ActorRef<never>): void {
    const cell = localCell(child)
    if (cell?.parent !== this.#cell) throw ActorError.notAChild(this.#cell.path, child.path)
    cell.order(stopOrder)
  }

  watch(ref: ActorRef<never>): void {
    if (ref instanceof DistantRef) this.#cell.ties.watchDistant(this.#cell, ref)
    else this.#cell.ties.watch(this.#cell, this.#cellOf(ref))
  }

  watchWith(ref: ActorRef<never>, message: M): void {
    if (ref instanceof DistantRef) this.#cell.ties.watchDistant(this.#cell, ref, message)
    else this.#cell.ties.watch(this.#cell, this.#cellOf(ref), message)
  }

  unwatch(ref: ActorRef<never>): void {
    if (ref instanceof DistantRef) this.#cell.knownTies?.unwatchDistant(ref)
    else this.#cell.knownTies?.unwatch(this.#cell, this.#cellOf(ref))
  }

  #cellOf(ref: ActorRef<never>): Cell {
    const cell = localCell(ref)
    if (cell?.runtime.system === this.#cell.runtime.system) return cell
    throw ActorError.foreignRef(ref.path, this.#cell.path)
  }

  ask<A, R, const Q extends A = A>(
    ref: ActorRef<A>,
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<R> {
    const call = callOf(this.#cell)
    const promise = ask(this.#cell.runtime, ref, makeMessage, options, call)
    if (this.#asked?.[0]?.call.turn === call.turn) this.#asked.push({ promise, call })
    else this.#asked = [{ promise, call }]
    return promise
  }

  pipeToSelf<T>(
    promise: Promise<T>,
    onValue: (value: T) => M,
    onError?: (error: unknown) => M,
  ): void {
    const cell = this.#cell
    // Nobody waits for an answer that comes as a message: who asks back is no circle.
    for (const asked of this.#asked ?? []) if (asked.promise === promise) asked.call.isPiped = true
    const restarts = cell.extras?.restarts ?? 0
    const tell = (open: () => M): void => cell.enqueueAlways(new Outcome(cell, restarts, open))
    promise.then(
      (value) => tell(() => onValue(value)),
      (error: unknown) =>
        tell(() => {
          if (onError) return onError(error)
          throw error
        }),
    )
  }

  adapt<A>(map: (message: A) => M): ActorRef<A> {
    return new AdaptedRef(this.#cell, map)
  }
}
