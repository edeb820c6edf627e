import type { Overflow, SubjectName } from './subject.ts'
import type { WorkloadName } from './workloads.ts'

/** What a measuring process is to do. */
export type Assignment =
  | { readonly type: 'rate'; readonly subject: SubjectName; readonly workload: WorkloadName }
  | {
      readonly type: 'overflow'
      readonly subject: 'casty' | 'limit'
      readonly overflow: Overflow
    }
  | { readonly type: 'idle'; readonly subject: SubjectName; readonly count: number }

/** Operations per second; or what actors cost that have handled a message and wait for the next. */
export type Report =
  | { readonly type: 'rate'; readonly perSecond: number }
  | { readonly type: 'idle'; readonly bytes: number; readonly seconds: number }
