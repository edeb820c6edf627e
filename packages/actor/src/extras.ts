import type { Cell } from './cell.ts'
import type { LifecycleHooks, Observation } from './behavior.ts'
import type { RestartHistory, SupervisionStrategy } from './supervision.ts'

export function extrasOf(cell: Cell): Extras {
  cell.extras ??= new Extras()
  return cell.extras
}

/** What few actors have: made for those that do. */
export class Extras {
  hooks: LifecycleHooks<unknown> | undefined
  observe: ((seen: Observation<unknown>) => void) | undefined
  /** How its own failures are dealt with, the innermost first. */
  strategies: readonly SupervisionStrategy[] = []
  /** And those of its children. */
  childStrategy: SupervisionStrategy | undefined
  history: RestartHistory = []
  /** When each child that its parent restarted failed. */
  readonly histories = new WeakMap<Cell, RestartHistory>()
  /** Counts restarts: what is meant for one incarnation must not reach the next. */
  restarts = 0
  /** The pause before a restart lasts. */
  isPausing = false
  /** Lets go of what this incarnation holds: timers, and whoever asked to be told. */
  readonly releases = new Set<() => void>()
}
