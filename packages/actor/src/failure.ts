// What becomes of an actor that failed: its own strategies are asked, the innermost first, then its
// parent. Where nobody goes on with it, it stops.
import type { Cell } from './cell.ts'
import { extrasOf } from './extras.ts'
import { isPromise } from './is-promise.ts'
import { childrenGone, end, letGo, stop } from './life.ts'
import {
  judgeFailure,
  type Directive,
  type RestartHistory,
  type SupervisionStrategy,
  type Verdict,
} from './supervision.ts'

export function failed(cell: Cell, error: unknown): void {
  const { current } = cell
  cell.current = undefined
  if (current !== undefined) cell.undelivered(current, 'failed')
  if (cell.stage === 'stopping') {
    tell(cell, error, 'stop')
    end(cell) // Its last hook failed.
    return
  }
  const verdict = verdictOf(cell, error)
  tell(cell, error, verdict.type)
  switch (verdict.type) {
    case 'resume':
      if (cell.stage === 'starting') stop(cell, 'failed') // There is nothing to go on with.
      return
    case 'restart':
      extrasOf(cell).history = verdict.history
      restart(cell, error, verdict.delayMs)
      return
    case 'stop':
      stop(cell, 'failed')
      return
    case 'escalate':
      cell.stage = 'paused'
      cell.parent?.order({ type: 'child-failed', child: cell, error })
  }
}

function verdictOf(cell: Cell, error: unknown): Verdict {
  const { strategies = [], history = [] } = cell.extras ?? {}
  for (const strategy of strategies) {
    const verdict = judge(cell, strategy, error, history)
    if (verdict.type !== 'escalate') return verdict
  }
  return { type: cell.parent?.extras?.childStrategy ? 'escalate' : 'stop' }
}

function judge(
  cell: Cell,
  strategy: SupervisionStrategy,
  error: unknown,
  history: RestartHistory,
): Verdict {
  const { clock, random } = cell.runtime
  return judgeFailure(strategy, error, history, clock.now(), random())
}

function tell(cell: Cell, error: unknown, directive: Directive): void {
  cell.runtime.publish({ type: 'actor-failed', ref: cell.ref, error, directive })
}

/** Begins anew: with the mailbox that it has, and without anything else. */
export function restart(cell: Cell, error: unknown, delayMs: number): void {
  if (cell.stage === 'stopping' || cell.stage === 'stopped') return
  const extras = extrasOf(cell)
  const restarts = ++extras.restarts
  const goOn = (): void => {
    if (cell.stage !== 'restarting') return
    letGo(cell)
    if (delayMs > 0) {
      extras.isPausing = true
      cell.runtime.clock.schedule(delayMs, () => cell.order({ type: 'restart-due', restarts }))
    }
    cell.runtime.publish({ type: 'actor-restarted', ref: cell.ref, error })
    childrenGone(cell)
  }
  cell.stage = 'restarting'
  extras.isPausing = false
  try {
    const hook = error === undefined ? undefined : extras.hooks?.preRestart?.(error, cell.context)
    if (isPromise(hook)) cell.hold(hook, goOn)
    else goOn()
  } catch (failure) {
    tell(cell, failure, 'stop')
    stop(cell, 'failed') // It cannot even let go.
  }
}

/** The parent decides over a child that failed; over all of them, where they share their fate. */
export function childFailed(cell: Cell, child: Cell, error: unknown): void {
  const strategy = cell.extras?.childStrategy
  const { children } = cell.ties
  if (children.get(child.name) !== child) return
  const { histories } = extrasOf(cell)
  const verdict: Verdict = strategy
    ? judge(cell, strategy, error, histories.get(child) ?? [])
    : { type: 'stop' }
  const concerned = strategy?.type === 'all-for-one' ? [...children.values()] : [child]
  switch (verdict.type) {
    case 'resume':
      child.order({ type: 'resume' })
      return
    case 'restart':
      histories.set(child, verdict.history)
      for (const one of concerned) one.order({ type: 'restart', error, delayMs: verdict.delayMs })
      return
    case 'stop':
      for (const one of concerned) one.order({ type: 'fail', error })
      return
    case 'escalate':
      failed(cell, error)
      if (cell.stage === 'active') child.order({ type: 'fail', error })
  }
}
