import type { Cell } from './cell.ts'

/** Orders between an actor, its parent and its system. They come before all messages, and are never dropped. */
export type SystemMessage =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** The pause before a restart is over. */
  | { readonly type: 'restart-due'; readonly restarts: number }
  /** Nothing is left of the incarnation before. */
  | { readonly type: 'begin'; readonly restarts: number }
  | { readonly type: 'child-ended'; readonly child: Cell }
  | ChildFailed
  /** What the parent decided, over the failure of this actor or of a sibling. */
  | { readonly type: 'resume'; readonly error: unknown }
  | { readonly type: 'restart'; readonly error: unknown; readonly delayMs: number }
  | { readonly type: 'fail'; readonly error: unknown }

/** A child failed, and has no strategy of its own that goes on with it. It waits for its parent to decide. */
export interface ChildFailed {
  readonly type: 'child-failed'
  readonly child: Cell
  readonly error: unknown
}

// Of these there is nothing more to tell, so that all actors get the same.
export const startOrder: SystemMessage = { type: 'start' }
export const stopOrder: SystemMessage = { type: 'stop' }
