// What a measurement of a large cluster tells.
import type { ChangeFigures, DeathFigures, JoinFigures } from './change-phases.ts'
import type { FalseAlarms, IdleFigures, StallFigures } from './steady-phases.ts'

/** The phases of a measurement, in their order. */
export const scalePhases = [
  'forming',
  'idle',
  'changes',
  'joins',
  'loss-0',
  'loss-10',
  'loss-30',
  'frozen',
  'stalls',
  'aged-changes',
  'killed',
] as const
/** A phase of a measurement. */
export type ScalePhase = (typeof scalePhases)[number]

/** What one phase took. */
export interface PhaseResources {
  readonly wallMs: number
  /** Of all processors: above `wallMs` where garbage is collected beside the work. */
  readonly processorMs: number
  readonly virtualMs: number
}

/** What the phases found; of a phase that was left out, or is not over, there are no figures. */
export interface ScaleFigures {
  readonly idle: IdleFigures | undefined
  readonly changes: ChangeFigures | undefined
  readonly joins: JoinFigures | undefined
  readonly loss: readonly (FalseAlarms & { readonly probability: number })[]
  readonly stalls: StallFigures | undefined
  /** After the stalls, when most members have changed something. */
  readonly agedChanges: ChangeFigures | undefined
  readonly frozen: DeathFigures | undefined
  readonly killed: DeathFigures | undefined
  /**
   * The most that any node had: of a cluster in which nothing changes, and when others have just
   * joined, before the connections that joining took were found idle.
   */
  readonly controlConnections: { readonly idle: number; readonly afterJoins: number }
}

/** The figures of one cluster. */
export interface ScaleReport extends ScaleFigures {
  readonly nodes: number
  readonly seed: number
  readonly traceHash: string
  /** What the run took of this machine: the only figures that differ from run to run. */
  readonly resources: ScaleResources
}

/** What a measurement took of this machine. */
export interface ScaleResources {
  readonly phases: Readonly<Partial<Record<ScalePhase, PhaseResources>>>
  readonly wallMs: number
  readonly rssBytes: number
  readonly heapBytesPerNode: number
}

/** Before the first phase is over. */
export const nothingFound: ScaleFigures = {
  idle: undefined,
  changes: undefined,
  joins: undefined,
  loss: [],
  stalls: undefined,
  agedChanges: undefined,
  frozen: undefined,
  killed: undefined,
  controlConnections: { idle: 0, afterJoins: 0 },
}

/** How many packets are lost in which phase. */
export const lossShares = [
  ['loss-0', 0],
  ['loss-10', 0.1],
  ['loss-30', 0.3],
] as const
