// How an actor begins, changes, and ends.
import type { Behavior, LifecycleHooks } from './behavior.ts'
import type { Cell } from './cell.ts'
import { extrasOf, type Extras } from './extras.ts'
import { ActorError } from './errors.ts'
import { isPromise } from './is-promise.ts'
import type { Ending } from './signal.ts'
import type { SupervisionStrategy } from './supervision.ts'

/** Sets a behavior up: what is around it, and what it makes of itself. */
export function adopt(cell: Cell, behavior: Behavior<unknown>): void {
  try {
    unwrap(cell, behavior)
  } catch (error) {
    cell.runtime.conduct.failed(cell, error)
  }
}

function unwrap(cell: Cell, behavior: Behavior<unknown>): void {
  switch (behavior?.type) {
    case 'receive':
      cell.onMessage = behavior.onMessage
      cell.onSignal = behavior.onSignal
      cell.stage = 'active'
      return
    case 'ignore':
      unwrap(cell, { type: 'receive', onMessage: () => {}, onSignal: () => {} })
      return
    case 'stopped':
      stop(cell, 'stopped')
      return
    case 'setup':
      after(cell, behavior.factory(cell.context), (made) => unwrap(cell, made))
      return
    case 'lifecycle':
      extrasOf(cell).hooks = behavior.hooks
      after(cell, behavior.hooks.preStart?.(cell.context), () => unwrap(cell, behavior.inner))
      return
    case 'supervise':
      addStrategy(extrasOf(cell), behavior.strategy)
      unwrap(cell, behavior.inner)
      return
    case 'supervise-children':
      extrasOf(cell).childStrategy = behavior.strategy
      unwrap(cell, behavior.inner)
      return
    case 'spy':
      extrasOf(cell).observe = behavior.observe
      unwrap(cell, behavior.inner)
      return
    default: // Also what comes from code without types.
      throw ActorError.invalidBehavior(cell.path, behavior?.type ?? behavior)
  }
}

function addStrategy(extras: Extras, strategy: SupervisionStrategy): void {
  if (!extras.strategies.includes(strategy)) extras.strategies = [strategy, ...extras.strategies]
}

function after<T>(cell: Cell, value: T | Promise<T>, goOn: (value: T) => void): void {
  if (isPromise(value)) cell.hold(value, goOn)
  else goOn(value)
}

export function stop(cell: Cell, ending: Ending): void {
  if (cell.stage === 'stopping' || cell.stage === 'stopped') return
  cell.stage = 'stopping'
  cell.ending = ending
  letGo(cell)
  childrenGone(cell)
}

/** Ends what the incarnation holds: its timers, its signal, its children. */
export function letGo(cell: Cell): void {
  const releases = cell.extras?.releases
  for (const release of releases ?? []) release()
  releases?.clear()
  cell.knownTies?.unwatchAll(cell)
  for (const child of cell.knownTies?.children.values() ?? []) child.order({ type: 'stop' })
}

/** Whoever waits for its children goes on when there are none. */
export function childrenGone(cell: Cell): void {
  if ((cell.knownTies?.children.size ?? 0) > 0) return
  if (cell.stage === 'stopping') finish(cell, cell.extras?.hooks)
  if (cell.stage !== 'restarting' || cell.extras?.isPausing === true) return
  cell.stage = 'starting'
  adopt(cell, cell.initial)
}

function finish(cell: Cell, hooks: LifecycleHooks<unknown> | undefined): void {
  try {
    after(cell, hooks?.postStop?.(cell.context), () => end(cell))
  } catch (error) {
    cell.runtime.conduct.failed(cell, error)
  }
}

/** It is no more. */
export function end(cell: Cell): void {
  cell.stage = 'stopped'
  for (const message of cell.mailbox.takeAll()) cell.undelivered(message, 'stopped')
  cell.knownTies?.ended(cell)
  cell.runtime.publish({ type: 'actor-stopped', ref: cell.ref, ending: cell.ending })
  if (cell.parent) cell.parent.order({ type: 'child-ended', child: cell })
  else cell.runtime.ended()
}
