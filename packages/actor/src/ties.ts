// Whom an actor has to do with: its children, those who watch it, and those whom it watches. Most have
// nobody, so this exists only where there is somebody.
import type { ActorRef } from './actor-ref.ts'
import type { Cell } from './cell.ts'
import type { DistantRef } from './distant-ref.ts'
import type { Ending } from './signal.ts'
import { Termination } from './termination.ts'

/** Stands for a watch by signal; any other value is the message to send instead. */
const bySignal = Symbol('by signal')

/** Somebody whose end is waited for: an actor of this system, or what stands for another. */
export interface Watched {
  readonly ref: ActorRef<never>
  readonly path: string
  readonly ending: Ending
}

/** The watch of an actor that is not of this system. */
class DistantWatch implements Watched {
  readonly ref: DistantRef<never>
  message: unknown
  ending: Ending = 'stopped'
  subscription: Disposable | undefined

  constructor(ref: DistantRef<never>, message: unknown) {
    this.ref = ref
    this.message = message
  }

  get path(): string {
    return this.ref.path
  }
}

const noChildren: ReadonlyMap<string, Cell> = new Map<string, Cell>()

export class Ties {
  /** How many children were given a name. */
  named = 0
  // Each is made when there is somebody for it: few actors have more than one.
  #children: Map<string, Cell> | undefined
  #watchers: Map<Cell, unknown> | undefined
  /** With what to be told of each actor of this system. */
  #watched: Map<Watched, unknown> | undefined
  /** By the keys of their refs. */
  #distant: Map<string, DistantWatch> | undefined

  get children(): ReadonlyMap<string, Cell> {
    return this.#children ?? noChildren
  }

  addChild(child: Cell): void {
    this.#children ??= new Map()
    this.#children.set(child.name, child)
  }

  /** Whether one of that name lives. */
  has(name: string): boolean {
    const child = this.children.get(name)
    return child !== undefined && child.stage !== 'stopped'
  }

  /** A child has stopped. Its name may be another's by now. */
  forgetChild(child: Cell): void {
    if (this.#children?.get(child.name) === child) this.#children.delete(child.name)
  }

  /** Whether its end is still waited for, to be told so. */
  isWatching(watched: Watched, message: unknown): boolean {
    if (this.#watched?.has(watched) !== true) return false
    return watched instanceof DistantWatch || this.#watched.get(watched) === message
  }

  watch(watcher: Cell, target: Cell, message: unknown = bySignal): void {
    if (watcher.isEnding) return // It is told nothing any more.
    this.#expect(target, message)
    if (target.stage === 'stopped') watcher.enqueueAlways(terminationOf(this, target, message))
    else target.ties.#addWatcher(watcher, message)
  }

  #expect(watched: Watched, message: unknown): void {
    this.#watched ??= new Map()
    this.#watched.set(watched, message)
  }

  #addWatcher(watcher: Cell, message: unknown): void {
    this.#watchers ??= new Map()
    this.#watchers.set(watcher, message)
  }

  #removeWatcher(watcher: Cell): void {
    this.#watchers?.delete(watcher)
  }

  unwatch(watcher: Cell, target: Cell): void {
    if (this.#watched?.delete(target) === true) target.ties.#removeWatcher(watcher)
  }

  watchDistant(watcher: Cell, ref: DistantRef<never>, message: unknown = bySignal): void {
    if (watcher.isEnding) return
    const distant = (this.#distant ??= new Map())
    const known = distant.get(ref.key)
    if (known) {
      known.message = message
      return
    }
    const watch = new DistantWatch(ref, message)
    distant.set(ref.key, watch)
    this.#expect(watch, message)
    const subscription = ref.watch((ending) => {
      if (this.#watched?.has(watch) !== true) return
      watch.ending = ending
      watcher.enqueueAlways(terminationOf(this, watch, watch.message))
    })
    watch.subscription = subscription
  }

  unwatchDistant(ref: DistantRef<never>): void {
    const watch = this.#distant?.get(ref.key)
    if (watch) this.#forgetDistant(watch)
  }

  #forgetDistant(watch: DistantWatch): void {
    this.#watched?.delete(watch)
    this.#distant?.delete(watch.ref.key)
    watch.subscription?.[Symbol.dispose]()
  }

  unwatchAll(watcher: Cell): void {
    if (!this.#watched) return
    for (const watch of this.#distant?.values() ?? []) this.#forgetDistant(watch)
    // The others are cells: only `watch` has put them there.
    for (const target of this.#watched.keys()) (target as Cell).ties.#removeWatcher(watcher)
    this.#watched.clear()
  }

  /** Tells all who watch. */
  ended(cell: Cell): void {
    for (const [watcher, message] of this.#watchers ?? [])
      watcher.enqueueAlways(terminationOf(watcher.ties, cell, message))
    this.#watchers?.clear()
  }

  /** What was heard of was put aside, and will be heard again. */
  expect(watched: Watched, message: unknown): void {
    this.#expect(watched, message)
    if (watched instanceof DistantWatch) this.#distant?.set(watched.ref.key, watched)
  }

  /** The end of another was heard of: once. @returns false where nobody waits for it any more */
  heardOf(watched: Watched): boolean {
    const wasWatched = this.#watched?.has(watched) === true
    if (watched instanceof DistantWatch) this.#forgetDistant(watched)
    else this.#watched?.delete(watched)
    return wasWatched
  }
}

function terminationOf(ties: Ties, target: Watched, message: unknown): Termination {
  const ending: Ending = target.ending
  const isSignal = message === bySignal
  const content = isSignal ? { type: 'terminated', ref: target.ref, ending } : message
  return new Termination(ties, target, message, content, isSignal)
}
