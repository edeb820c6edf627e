import type { NodeEvent, NodeView } from './protocol.ts'

/**
 * How a process ended: killed by the demo, gone after its node had left the cluster, stopped because
 * the demo ends, or failed, which is everything else.
 */
export type Ending = 'killed' | 'left' | 'stopped' | 'failed'

/** Everything that happens in a run. What is drawn, printed or waited for is made of this alone. */
export type News =
  | { readonly type: 'process-started'; readonly node: string; readonly pid: number }
  | { readonly type: 'process-paused'; readonly node: string }
  | { readonly type: 'process-resumed'; readonly node: string }
  /** The nodes of one side do not reach those of the other any more. */
  | { readonly type: 'network-cut'; readonly sides: Sides }
  | { readonly type: 'network-mended' }
  | {
      readonly type: 'process-ended'
      readonly node: string
      readonly pid: number
      readonly ending: Ending
      /** What went wrong, for one that failed. */
      readonly failure: Failure | undefined
    }
  | {
      readonly type: 'node-listening'
      readonly node: string
      readonly address: string
      readonly incarnation: number
    }
  | { readonly type: 'node-event'; readonly node: string; readonly event: NodeEvent }
  | { readonly type: 'node-view'; readonly node: string; readonly view: NodeView }
  | StepNews
  /** An answer to a key. */
  | { readonly type: 'notice'; readonly text: string }

/** Names of the nodes on each side of a cut. */
export type Sides = readonly [readonly string[], readonly string[]]

export type StepNews =
  /** The story that is going to be told. */
  | { readonly type: 'story-told'; readonly steps: readonly StepHeading[] }
  | { readonly type: 'step-started'; readonly step: StepHeading }
  | { readonly type: 'step-ended'; readonly step: StepHeading; readonly outcome: StepOutcome }

export interface StepHeading {
  readonly id: string
  readonly title: string
  /** From what the time of the step counts. */
  readonly since: string
}

export type StepOutcome =
  | { readonly type: 'done'; readonly elapsedMs: number }
  | { readonly type: 'failed'; readonly elapsedMs: number; readonly reason: string }

export interface Failure {
  /** The code of the error that the process died of, where it had one. */
  readonly code: string | undefined
  readonly message: string
}
