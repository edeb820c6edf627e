import type { Latency } from '@casty/transport'
import type { SimulatedDiskSettings } from '../storage/disk-options.ts'
import type { ClockSkew } from './node-clock.ts'
import type { Program } from './simulated-process.ts'
import type { TraceOptions } from './trace.ts'

export interface WorldOptions<P> extends TraceOptions {
  readonly seed: number
  readonly program: Program<P>
  readonly hosts: readonly HostOptions[]
  /** Time of one write on a link, in milliseconds. @defaultValue 0.2 plus exponential, 0.8 on average */
  readonly latencyMs?: Latency
  /** How fast and large every disk is. @defaultValue `simulatedDiskDefaults` */
  readonly disk?: Partial<SimulatedDiskSettings>
}

/** A machine, with a clock that may be wrong. */
export interface HostOptions extends ClockSkew {
  readonly name: string
}
