// What an actor does when it is ordered to, and what it becomes when its handler says so.
import type { Behavior } from './behavior.ts'
import type { Cell } from './cell.ts'
import { decide, restart, resume } from './failure.ts'
import { adopt, begin, childrenGone, stop } from './life.ts'
import type { SystemMessage } from './system-message.ts'

/** Orders of its parent and its system. */
export function obey(cell: Cell, order: SystemMessage): void {
  switch (order.type) {
    case 'start':
      cell.runtime.publish({ type: 'actor-started', ref: cell.ref })
      adopt(cell, cell.initial)
      return
    case 'stop':
      stop(cell, 'stopped')
      return
    case 'child-ended':
      cell.ties.forgetChild(order.child)
      childrenGone(cell)
      return
    case 'child-failed':
      decide(cell, order)
      return
    case 'restart-due':
      if (cell.stage !== 'restarting' || cell.extras?.restarts !== order.restarts) return
      cell.extras.isPausing = false
      childrenGone(cell)
      return
    case 'begin':
      begin(cell, order.restarts)
      return
    case 'resume':
      resume(cell, order.error)
      return
    case 'restart':
      restart(cell, order.error, order.delayMs)
      return
    case 'fail':
      stop(cell, 'failed')
  }
}

/** What a handler wants to be from now on. */
export function become(cell: Cell, next: Behavior<unknown>): void {
  switch (next?.type) {
    case 'same':
    case 'unhandled':
      return
    case 'stopped':
      stop(cell, 'stopped')
      return
    case 'restart':
      restart(cell, undefined, 0)
      return
    default: // Also what comes from code without types, null for one.
      if (cell.extras) cell.extras.isTurning = true
      adopt(cell, next)
  }
}
