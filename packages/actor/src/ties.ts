// Whom an actor has to do with: its children, those who watch it, and those whom it watches. Most have
// nobody, so this exists only where there is somebody.
import type { Cell } from './cell.ts'
import type { Ending } from './signal.ts'
import { Termination } from './termination.ts'

/** Stands for a watch by signal; any other value is the message to send instead. */
const bySignal = Symbol('by signal')

export class Ties {
  readonly children: Map<string, Cell> = new Map<string, Cell>()
  /** How many of them were given a name. */
  named = 0
  /** Called when the actor has stopped. */
  readonly onEnd: Set<() => void> = new Set<() => void>()
  readonly #watchers = new Map<Cell, unknown>()
  readonly #watched = new Set<Cell>()

  /** Whether one of that name lives. */
  has(name: string): boolean {
    const child = this.children.get(name)
    return child !== undefined && child.stage !== 'stopped'
  }

  /** A child has stopped. Its name may be another's by now. */
  forgetChild(child: Cell): void {
    if (this.children.get(child.name) === child) this.children.delete(child.name)
  }

  /** Whether its end is still waited for. */
  isWatching(cell: Cell): boolean {
    return this.#watched.has(cell)
  }

  watch(watcher: Cell, target: Cell, message: unknown = bySignal): void {
    if (watcher.isEnding) return // It is told nothing any more.
    this.#watched.add(target)
    if (target.stage === 'stopped') watcher.enqueueAlways(terminationOf(this, target, message))
    else target.ties.#watchers.set(watcher, message)
  }

  unwatch(watcher: Cell, target: Cell): void {
    if (this.#watched.delete(target)) target.ties.#watchers.delete(watcher)
  }

  unwatchAll(watcher: Cell): void {
    for (const target of this.#watched) target.ties.#watchers.delete(watcher)
    this.#watched.clear()
  }

  /** Tells all who watch. */
  ended(cell: Cell): void {
    for (const [watcher, message] of this.#watchers)
      watcher.enqueueAlways(terminationOf(watcher.ties, cell, message))
    this.#watchers.clear()
    for (const told of this.onEnd) told()
    this.onEnd.clear()
  }

  /** What was heard of was put aside, and will be heard again. */
  expect(cell: Cell): void {
    this.#watched.add(cell)
  }

  /** The end of another was heard of: once. @returns false where nobody waits for it any more */
  heardOf(cell: Cell): boolean {
    return this.#watched.delete(cell)
  }
}

function terminationOf(ties: Ties, target: Cell, message: unknown): Termination {
  const ending: Ending = target.ending
  return message === bySignal
    ? new Termination(ties, target, { type: 'terminated', ref: target.ref, ending }, true)
    : new Termination(ties, target, message, false)
}
