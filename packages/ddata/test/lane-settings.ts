import type { LaneSettings } from '../src/session/lane-port.ts'

/** Times that a test can wait for by its own clock. */
export const laneSettings: LaneSettings = {
  resendMs: 500,
  maxResendMs: 1_000,
  pollMs: 1_000,
  sessionTtlMs: 30_000,
  settleMs: 5_000,
  horizonMs: 150_000,
  maxRequestBytes: 1_000,
}
