import type { FailureDetector } from './failure-detector.ts'
import { atLeast, nonNegative, positive, wholeFrom } from './options.ts'
import { PhiAccrualDetector, phiDefaults, type PhiAccrualOptions } from './phi-accrual-detector.ts'

/**
 * How a `HeartbeatMonitor` judges. A peer that dies without a word is suspected after about
 * `heartbeatIntervalMs` + `acceptablePauseMs` + 5.22 × deviation + `probeTimeoutMs`: 4.5 s with the
 * defaults once the heartbeat is known to be steady, 5.3 s right after the first one.
 */
export interface HeartbeatMonitorOptions extends PhiAccrualOptions {
  /** From one heartbeat to a peer to the next, in milliseconds. @defaultValue 1_000 */
  readonly heartbeatIntervalMs?: number
  /**
   * Silence forgiven on top of the mean interval, in milliseconds; a peer is also always given this
   * long to answer. Each raise delays detection by as much. @defaultValue 2_000
   */
  readonly acceptablePauseMs?: number
  /** How many others are asked whether they reach a silent peer; 0 asks nobody. @defaultValue 3 */
  readonly probeCount?: number
  /** How long they may take to answer, in milliseconds. @defaultValue 1_000 */
  readonly probeTimeoutMs?: number
  /** Makes the detector of each peer. @defaultValue a `PhiAccrualDetector` of these options */
  readonly createDetector?: () => FailureDetector
}

/** The first estimate of the interval is the configured one, unless it is given. */
export const heartbeatMonitorDefaults: Required<
  Omit<HeartbeatMonitorOptions, 'createDetector' | 'firstHeartbeatEstimateMs'>
> = {
  heartbeatIntervalMs: 1_000,
  acceptablePauseMs: 2_000,
  threshold: phiDefaults.threshold,
  maxSampleSize: phiDefaults.maxSampleSize,
  minStdDevMs: phiDefaults.minStdDevMs,
  probeCount: 3,
  probeTimeoutMs: 1_000,
}

/**
 * What a peer is held to be. `probing`: silent for too long, and others have been asked.
 * `link-fault`: silent here, but another node reaches it. `suspected`: silent to all who were
 * asked, or refusing connections.
 */
export type PeerStatus = 'trusted' | 'probing' | 'link-fault' | 'suspected'

/** Why a peer is suspected: it does not answer, or its host says that it is not there. */
export type Evidence = 'silence' | 'refused'

/** What the owner of a monitor must do or report. */
export type MonitorEffect<K extends string = string> =
  | { readonly type: 'send-heartbeat'; readonly to: K; readonly sequence: number }
  /** Ask `via` to send a heartbeat to `subject`, and to say whether it was answered. */
  | { readonly type: 'ask-probe'; readonly via: K; readonly subject: K; readonly sequence: number }
  /** Told again where there is other evidence: one that is silent turns out to refuse connections. */
  | { readonly type: 'suspect'; readonly peer: K; readonly evidence: Evidence }
  /** A suspected peer has shown life. */
  | { readonly type: 'trust'; readonly peer: K }
  /** `reachedVia` reaches the peer and this node does not: an alarm, no reason to give it up. */
  | { readonly type: 'link-fault'; readonly peer: K; readonly reachedVia: K }
  /** The peer answers this node again. A fault that ends in `suspect` is not restored. */
  | { readonly type: 'link-restored'; readonly peer: K }

/** What became of asking one helper about a silent peer. */
export interface ProbeReport<K extends string = string> {
  readonly via: K
  readonly answer: 'waiting' | 'reached' | 'not-reached'
}

/** A row of `HeartbeatMonitor.explain`. */
export interface PeerReport<K extends string = string> {
  readonly peer: K
  readonly phi: number
  /** Milliseconds since the last sign of life; absent before the first. */
  readonly silentMs: number | undefined
  readonly status: PeerStatus
  /** Why it is suspected; absent while it is not. */
  readonly evidence: Evidence | undefined
  /** Those asked in the current round of probes, or in the last one; empty while trusted. */
  readonly probes: readonly ProbeReport<K>[]
}

/** Checked options, with every default filled in. */
export interface MonitorSettings {
  readonly heartbeatIntervalMs: number
  readonly acceptablePauseMs: number
  readonly firstHeartbeatEstimateMs: number
  readonly probeCount: number
  readonly probeTimeoutMs: number
  readonly createDetector: () => FailureDetector
}

export function monitorSettings(options: HeartbeatMonitorOptions): MonitorSettings {
  const given = { ...heartbeatMonitorDefaults, ...options }
  const heartbeatIntervalMs = positive('heartbeatIntervalMs', given.heartbeatIntervalMs)
  const acceptablePauseMs = nonNegative('acceptablePauseMs', given.acceptablePauseMs)
  const firstHeartbeatEstimateMs = positive(
    'firstHeartbeatEstimateMs',
    given.firstHeartbeatEstimateMs ?? heartbeatIntervalMs,
  )
  const { threshold, maxSampleSize, minStdDevMs } = given
  const phiOptions = { threshold, maxSampleSize, minStdDevMs, acceptablePauseMs }
  const createDetector =
    options.createDetector ??
    (() => new PhiAccrualDetector({ ...phiOptions, firstHeartbeatEstimateMs }))
  createDetector() // Finds a wrong option at the door, not when the first peer comes.
  return {
    heartbeatIntervalMs,
    acceptablePauseMs,
    firstHeartbeatEstimateMs,
    probeCount: wholeFrom('probeCount', 0, given.probeCount),
    probeTimeoutMs: positive('probeTimeoutMs', given.probeTimeoutMs),
    createDetector,
  }
}

export function validTimeoutFactor(factor: number): number {
  return atLeast('timeoutFactor', 1, factor)
}
