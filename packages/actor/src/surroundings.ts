// What is around the behavior of an actor, as it is put there, and as it is used.
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import { extrasOf } from './extras.ts'
import { wrapped, type Wrapper } from './wrapping.ts'

/** Puts one thing more around what an actor is about to be. */
export function wrap(cell: Cell, wrapper: Wrapper): void {
  const extras = extrasOf(cell)
  if (cell.stage === 'starting') {
    extras.spawned = wrapped(extras.spawned, wrapper)
    extras.wrapping = extras.spawned
    return
  }
  // What wraps a behavior takes the place of what wrapped the one before it, or it would grow with each.
  extras.wrapping = wrapped(extras.isTurning ? extras.spawned : extras.wrapping, wrapper)
  extras.isTurning = false
}

/** Tells the spies of an actor what it has handled, as its handler saw it. */
export function observed(cell: Cell, item: unknown): void {
  const observers = cell.extras?.wrapping.observers ?? []
  if (observers.length === 0) return
  const message = item instanceof Envelope ? item.content : item
  const seen = { path: cell.path, message, at: cell.runtime.clock.now() }
  for (const observe of observers) {
    try {
      observe(seen)
    } catch (error) {
      cell.runtime.report(error, `A spy of ${cell.path} threw`)
    }
  }
}
