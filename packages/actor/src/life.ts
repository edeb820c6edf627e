// How an actor begins, changes, and ends.
import type { Behavior, MessageHandler } from './behavior.ts'
import type { Cell } from './cell.ts'
import { ActorError } from './errors.ts'
import { instrumented } from './instrument.ts'
import { isPromise } from './is-promise.ts'
import type { Ending } from './signal.ts'
import { stopOrder } from './system-message.ts'
import { wrap } from './surroundings.ts'
import { intercepted, unwrapped } from './wrapping.ts'

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
      cell.onMessage = instrumented(cell, handlerOf(cell, behavior.onMessage))
      cell.onSignal = behavior.onSignal
      settle(cell)
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
      wrap(cell, behavior)
      after(cell, behavior.hooks.preStart?.(cell.context), () => unwrap(cell, behavior.inner))
      return
    case 'supervise':
    case 'supervise-children':
    case 'intercept':
    case 'spy':
      wrap(cell, behavior)
      unwrap(cell, behavior.inner)
      return
    default: // Also what comes from code without types.
      throw ActorError.invalidBehavior(cell.path, behavior?.type ?? behavior)
  }
}

function handlerOf(cell: Cell, onMessage: MessageHandler<unknown>): MessageHandler<unknown> {
  const interceptors = cell.extras?.wrapping.interceptors ?? []
  return interceptors.length === 0 ? onMessage : intercepted(onMessage, interceptors)
}

/** It is set up; where it has begun anew, its hooks come before its first message. */
function settle(cell: Cell): void {
  const { extras } = cell
  if (cell.stage !== 'starting' || !extras?.begunAfter) {
    cell.stage = 'active'
    return
  }
  const { error } = extras.begunAfter
  extras.begunAfter = undefined
  after(cell, extras.wrapping.hooks.postRestart?.(error, cell.context), () => {
    cell.stage = 'active'
  })
}

function after<T>(cell: Cell, value: T | PromiseLike<T>, goOn: (value: T) => void): void {
  if (isPromise(value)) cell.hold(value, goOn)
  else goOn(value)
}

export function stop(cell: Cell, ending: Ending): void {
  if (cell.isEnding) return
  cell.stage = 'stopping'
  cell.ending = ending
  letGo(cell)
  childrenGone(cell)
}

/** Ends what the incarnation holds: its timers, its signal, its children. */
export function letGo(cell: Cell): void {
  const { extras, knownTies } = cell
  if (extras) {
    for (const release of extras.releases) release()
    extras.releases.clear()
    extras.escalated.clear()
  }
  if (!knownTies) return
  knownTies.unwatchAll(cell)
  if (knownTies.children.size === 0) return
  for (const child of knownTies.children.values()) child.order(stopOrder)
}

/** Whoever waits for its children goes on when there are none. */
export function childrenGone(cell: Cell): void {
  if ((cell.knownTies?.children.size ?? 0) > 0) return
  if (cell.stage === 'stopping') finish(cell)
  const { extras } = cell
  if (cell.stage !== 'restarting' || !extras || extras.isPausing) return
  // As an order, so that one to stop comes first, and a setup that fails at once each time lets others run.
  cell.order({ type: 'begin', restarts: extras.restarts })
}

/** Begins anew, where nothing is left of the incarnation before. */
export function begin(cell: Cell, restarts: number): void {
  const { extras } = cell
  if (cell.stage !== 'restarting' || !extras || extras.restarts !== restarts) return
  cell.stage = 'starting'
  extras.wrapping = unwrapped
  extras.spawned = unwrapped
  adopt(cell, cell.initial)
}

function finish(cell: Cell): void {
  try {
    after(cell, cell.extras?.wrapping.hooks.postStop?.(cell.context), () => end(cell))
  } catch (error) {
    cell.runtime.conduct.failed(cell, error)
  }
}

/** It is no more. */
export function end(cell: Cell): void {
  cell.stage = 'stopped'
  cell.runtime.gate?.forget(cell)
  if (cell.mailbox.size > 0) {
    for (const message of cell.mailbox.takeAll()) cell.undelivered(message, 'stopped')
  }
  cell.knownTies?.ended(cell)
  cell.tellEnd()
  cell.runtime.publish({ type: 'actor-stopped', ref: cell.ref, ending: cell.ending })
  if (cell.parent) cell.parent.order({ type: 'child-ended', child: cell })
  else cell.runtime.ended()
}
