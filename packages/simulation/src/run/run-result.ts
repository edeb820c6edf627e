import type { DiskFaultKind } from '../storage/disk-faults.ts'
import type { TraceEvent, TraceOptions } from '../world/trace.ts'
import type { Plan } from './plan.ts'

/** Something that must hold, and did not; or that a checker gave up on. */
export interface Violation {
  /** The checker that found it. */
  readonly checker: string
  /** Milliseconds of virtual time. */
  readonly at: number
  readonly text: string
}

/** How long a stage of healing took, in milliseconds of virtual time. */
export interface HealTime {
  readonly stage: string
  readonly tookMs: number
  /** From when every link was whole and every process ran on: with all stages before it. */
  readonly sinceMs: number
}

/** What came of one run. */
export interface RunResult {
  readonly plan: Plan
  /** `unknown`: a checker gave up; that is no success. */
  readonly verdict: 'passed' | 'violated' | 'unknown'
  readonly violations: readonly Violation[]
  /** What checkers gave up on, and why. */
  readonly unknown: readonly Violation[]
  /** Of every event and state: equal for equal runs. */
  readonly traceHash: string
  /** Events of the trace. */
  readonly events: number
  /** Milliseconds of virtual time. */
  readonly virtualMs: number
  /** Rare states that were reached, and how often. */
  readonly reached: ReadonlyMap<string, number>
  /** Faults of disks that struck, by kind. */
  readonly diskFaults: Readonly<Partial<Record<DiskFaultKind, number>>>
  /** Actions carried out, by type. */
  readonly performed: ReadonlyMap<string, number>
  /** The stages of healing that came to their end, in order. */
  readonly healing: readonly HealTime[]
  /** The last events of each host. */
  readonly lastEvents: ReadonlyMap<string, readonly TraceEvent[]>
  /** Every event, if asked for. */
  readonly trace: readonly TraceEvent[] | undefined
}

export interface RunOptions extends TraceOptions {
  /** Stop at the first violation. @defaultValue true */
  readonly stopAtViolation?: boolean
}
