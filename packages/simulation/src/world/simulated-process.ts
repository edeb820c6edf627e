import type { Clock, Random } from '@casty/clock'
import type { NodeAddress, Transport } from '@casty/transport'
import type { FileSystem } from '../storage/file-system.ts'
import type { NodeClock } from './node-clock.ts'

/** All that a process has of its world. What it takes from elsewhere makes a run unrepeatable. */
export interface Surroundings {
  /** Its host, which is also the host of its address. */
  readonly host: string
  readonly address: NodeAddress
  /** How many processes ran at this host before. */
  readonly life: number
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport
  /** The disk of its host, which outlives it; what was not synced may not. */
  readonly fileSystem: FileSystem
  /** Writes a line to the trace. */
  readonly log: (text: string) => void
  /** The process ends by its own will: to be called once, when it has let go of everything. */
  readonly exit: (reason: string) => void
}

/** What runs on every host: starts one process, and gives what checkers and actions deal with. */
export type Program<P> = (surroundings: Surroundings) => Promise<P>

/** How a process ended. `failed`: its program rejected before it had started. */
export interface ProcessEnd {
  readonly how: 'crashed' | 'exited' | 'failed'
  readonly reason: string
  readonly at: number
}

/** One life of one host. */
export class SimulatedProcess<P> {
  readonly host: string
  readonly life: number
  readonly startedAt: number
  readonly clock: NodeClock
  /** Undefined until it has started. */
  program: P | undefined
  end: ProcessEnd | undefined
  /** Timers that it left behind a while after its own exit: it should have cancelled them. */
  leftTimers = 0

  constructor(options: {
    readonly host: string
    readonly life: number
    readonly startedAt: number
    readonly clock: NodeClock
  }) {
    this.host = options.host
    this.life = options.life
    this.startedAt = options.startedAt
    this.clock = options.clock
  }

  get isRunning(): boolean {
    return this.end === undefined
  }

  /** `b, life 2`: names the process in reports. */
  toString(): string {
    return this.life === 0 ? this.host : `${this.host}, life ${this.life + 1}`
  }
}
