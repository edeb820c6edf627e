import type { Cell } from './cell.ts'
import type { Call } from './call.ts'
import type { CellStash } from './stash.ts'
import type { RestartHistory } from './supervision.ts'
import { unwrapped, type Wrapping } from './wrapping.ts'

export function extrasOf(cell: Cell): Extras {
  cell.extras ??= new Extras()
  return cell.extras
}

/** A question that has no answer yet. */
export interface Asked {
  /** Of whom was asked. */
  readonly path: string
  readonly cell: Cell | undefined
  readonly call: Call
  /** It is not to be handled any more. */
  readonly withdraw: (error: unknown) => void
}

/** What few actors have: made for those that do. */
export class Extras {
  /** What is around its behavior. */
  wrapping: Wrapping = unwrapped
  /** And what was around the one that it was set up with. */
  spawned: Wrapping = unwrapped
  /** It is about to behave otherwise, and nothing has been put around that yet. */
  isTurning = false
  history: RestartHistory = []
  /** When each child that its parent restarted failed. */
  readonly histories: WeakMap<Cell, RestartHistory> = new WeakMap<Cell, RestartHistory>()
  /** Children whose failure became its own, while its parent is to decide. */
  readonly escalated: Set<Cell> = new Set<Cell>()
  /** It failed before it was set up: there is nothing to go on with. */
  isUnfinished = false
  /** Counts restarts: what is meant for one incarnation must not reach the next. */
  restarts = 0
  /** What it began anew for, until it is set up. */
  begunAfter: { readonly error: unknown } | undefined
  /** The pause before a restart lasts. */
  isPausing = false
  /** Questions of this actor that have no answer yet. */
  asking: Set<Asked> | undefined
  stash: CellStash<unknown> | undefined
  /** Lets go of what this incarnation holds: timers, and whoever asked to be told. */
  readonly releases: Set<() => void> = new Set<() => void>()
}
