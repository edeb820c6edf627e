// What users ask of values, and get.
import type { Consistency } from './consistency.ts'

/** How long a call waits for other nodes, and whether it still does. */
export interface WaitOptions {
  /** @defaultValue the replicator's `timeoutMs` */
  readonly timeoutMs?: number
  /** Ends the waiting, with its reason. What was changed stays changed. */
  readonly signal?: AbortSignal
}

export interface WriteOptions extends WaitOptions {
  /** How many nodes must have the change. @defaultValue 'local' */
  readonly write?: Consistency
}

export interface ReadOptions extends WaitOptions {
  /** How many nodes are asked. @defaultValue 'local' */
  readonly read?: Consistency
}

/**
 * What came of a call. `unconfirmed`: fewer nodes than `needed` have answered in time, or there are not that
 * many. A change is not undone by that: it reaches the others later.
 */
export type Outcome<C> =
  | { readonly type: 'confirmed'; readonly value: C; readonly nodes: number }
  | {
      readonly type: 'unconfirmed'
      readonly value: C
      readonly nodes: number
      readonly needed: number
    }
