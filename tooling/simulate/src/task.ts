// What the threads are told, and what they answer.
import type { Plan, RunResult, Shrunk } from '@casty/simulation'
import type { SeededBug } from './bugs/bug.ts'

export interface Task {
  readonly scenario: string
  readonly subject: { readonly seed: number } | { readonly plan: Plan }
  /** Also the last events of each host, which are many. */
  readonly events: boolean
  /** Look for a smaller plan, if this one is violated. */
  readonly shrink: boolean
  /** Draw the run, or the smaller one that was looked for. */
  readonly diagram: boolean
}

export interface Outcome {
  readonly result: RunResult
  /** By the real clock, in milliseconds. */
  readonly wallMs: number
  readonly shrunk: Shrunk | undefined
  /** SVG. */
  readonly diagram: string | undefined
}

export type Answer =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'done'; readonly outcome: Outcome }
  /** The task cannot be carried out: a plan of other code, a bug that does not fit. */
  | { readonly type: 'refused'; readonly message: string }

/** What a thread is started with. */
export interface ThreadData {
  readonly bug: SeededBug | undefined
}
