// What becomes of an actor that failed: its own strategies are asked, the innermost first, then its
// parent. Where nobody goes on with it, it stops.
import type { Cell } from './cell.ts'
import { ActorError } from './errors.ts'
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
import type { ChildFailed } from './system-message.ts'

export function failed(cell: Cell, error: unknown): void {
  const code = error instanceof ActorError ? error.code : undefined
  if (code === 'CASTY_ACTOR_STOPPED' && cell.fate) {
    cell.drop('stopped') // It was told to wait no longer.
    return
  }
  cell.drop(code === 'CASTY_ACTOR_STASH_FULL' ? 'stash-full' : 'failed', error)
  switch (cell.stage) {
    case 'stopping': // Its last hook failed.
      tell(cell, error, 'stop')
      end(cell)
      return
    case 'restarting': // It cannot even let go.
      tell(cell, error, 'stop')
      stop(cell, 'failed')
      return
    default:
      if (cell.fate) tell(cell, error, cell.fate)
      else suffer(cell, error, verdictOf(cell, error))
  }
}

function suffer(cell: Cell, error: unknown, verdict: Verdict): void {
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
      extrasOf(cell).isUnfinished = cell.stage === 'starting'
      cell.stage = 'paused'
      cell.parent?.order({ type: 'child-failed', child: cell, error })
  }
}

function verdictOf(cell: Cell, error: unknown): Verdict {
  const { wrapping, history = [] } = cell.extras ?? {}
  for (const strategy of wrapping?.strategies ?? []) {
    const verdict = judge(cell, strategy, error, history)
    if (verdict.type !== 'escalate') return verdict
  }
  return { type: cell.parent?.extras?.wrapping.childStrategy ? 'escalate' : 'stop' }
}

function judge(
  cell: Cell,
  strategy: SupervisionStrategy,
  error: unknown,
  history: RestartHistory,
): Verdict {
  const { clock, random } = cell.runtime
  try {
    return judgeFailure(strategy, error, history, clock.now(), random())
  } catch (failure) {
    cell.runtime.report(
      failure,
      `The supervision strategy of ${cell.path} threw: it stops who failed`,
    )
    return { type: 'stop' }
  }
}

function tell(cell: Cell, error: unknown, directive: Directive): void {
  cell.runtime.publish({ type: 'actor-failed', ref: cell.ref, error, directive })
}

/** Begins anew: with the mailbox that it has, and without anything else. */
export function restart(cell: Cell, error: unknown, delayMs: number): void {
  if (cell.isEnding || cell.stage === 'restarting') return
  cell.stage = 'restarting'
  const extras = extrasOf(cell)
  extras.restarts++
  extras.begunAfter = { error }
  extras.isPausing = delayMs > 0
  try {
    const hook = extras.wrapping.hooks.preRestart?.(error, cell.context)
    if (isPromise(hook)) cell.hold(hook, () => clear(cell, error, delayMs))
    else clear(cell, error, delayMs)
  } catch (failure) {
    failed(cell, failure)
  }
}

function clear(cell: Cell, error: unknown, delayMs: number): void {
  letGo(cell)
  const { restarts, releases } = extrasOf(cell)
  if (delayMs > 0) {
    const pause = cell.runtime.clock.schedule(delayMs, () =>
      cell.order({ type: 'restart-due', restarts }),
    )
    releases.add(() => pause[Symbol.dispose]())
  }
  cell.runtime.publish({ type: 'actor-restarted', ref: cell.ref, error })
  childrenGone(cell)
}

/** It may go on as it was, where it ever was anything. */
export function resume(cell: Cell, error: unknown): void {
  if (cell.stage !== 'paused') return
  if (cell.extras?.isUnfinished === true) {
    stop(cell, 'failed')
    return
  }
  cell.stage = 'active'
  const { escalated } = extrasOf(cell)
  for (const child of escalated) child.order({ type: 'fail', error })
  escalated.clear()
}

/**
 * The parent decides over a child that failed; over all of them, where they share their fate.
 *
 * @returns false where the failure becomes its own, which it cannot while it waits for a promise
 */
export function decide(cell: Cell, { child, error }: ChildFailed): boolean {
  // Children of one that stops, or begins anew, are about to stop.
  if (cell.isEnding || cell.stage === 'restarting') return true
  if (child.stage !== 'paused' || child.fate) return true // Decided already, over all of them.
  const verdict = verdictOver(cell, child, error)
  const { childStrategy } = extrasOf(cell).wrapping
  const { children } = cell.ties
  const concerned = childStrategy?.type === 'all-for-one' ? [...children.values()] : [child]
  switch (verdict.type) {
    case 'resume':
      child.order({ type: 'resume', error })
      return true
    case 'restart':
      extrasOf(cell).histories.set(child, verdict.history)
      for (const one of concerned) one.order({ type: 'restart', error, delayMs: verdict.delayMs })
      return true
    case 'stop':
      for (const one of concerned) one.order({ type: 'fail', error })
      return true
    case 'escalate':
      if (cell.isHeld) return false
      escalate(cell, child, error)
      return true
  }
}

function verdictOver(cell: Cell, child: Cell, error: unknown): Verdict {
  const { wrapping, histories } = extrasOf(cell)
  const { childStrategy } = wrapping
  if (!childStrategy) return { type: 'stop' }
  return judge(cell, childStrategy, error, histories.get(child) ?? [])
}

function escalate(cell: Cell, child: Cell, error: unknown): void {
  // What becomes of the parent becomes of all whose failures are its own.
  if (cell.stage !== 'paused') failed(cell, error)
  if (cell.stage === 'paused') extrasOf(cell).escalated.add(child)
  else if (cell.stage === 'active') child.order({ type: 'fail', error })
}
