import type { DropReason } from './events.ts'

/** What is counted for `metrics()`. */
export interface CoreCounts {
  readonly updates: number
  readonly reads: number
  readonly unconfirmed: number
  readonly deltasSent: number
  readonly statesSent: number
  readonly gaps: number
  readonly dropped: Readonly<Record<DropReason, number>>
}

/** Counts since the start. Mutable, and of one core. */
export class Tally {
  updates = 0
  reads = 0
  unconfirmed = 0
  deltasSent = 0
  statesSent = 0
  gaps = 0
  readonly dropped: Record<DropReason, number> = {
    full: 0,
    implausible: 0,
    malformed: 0,
    'not-a-client': 0,
    'not-a-member': 0,
    'type-mismatch': 0,
    'unknown-type': 0,
  }

  get counts(): CoreCounts {
    const { updates, reads, unconfirmed, deltasSent, statesSent, gaps } = this
    const dropped = { ...this.dropped }
    return { updates, reads, unconfirmed, deltasSent, statesSent, gaps, dropped }
  }
}
