// What a monitor holds about one peer it watches. Decisions are in heartbeat-monitor.ts; here is
// only when something becomes due, so that waking up and deciding can never disagree.
import type { FailureDetector } from './failure-detector.ts'
import type { MonitorSettings, PeerStatus, ProbeReport } from './monitor-types.ts'

/** A round of indirect probes of one subject. */
export interface ProbeRound<K extends string> {
  readonly sequence: number
  readonly deadline: number
  /** Per helper what it answered; absent while it has not. */
  readonly asked: ReadonlyMap<K, boolean | undefined>
}

/** The status, with what is known only in it. */
export type Judgement<K extends string> =
  | { readonly type: 'trusted' }
  | { readonly type: 'probing'; readonly round: ProbeRound<K> }
  | {
      readonly type: 'link-fault'
      readonly reachedVia: K
      /** The round under way; absent between two of them. */
      readonly round: ProbeRound<K> | undefined
      readonly nextRoundAt: number
    }
  | { readonly type: 'suspected'; readonly evidence: 'silence' }
  | { readonly type: 'suspected'; readonly evidence: 'refused'; readonly at: number }

export interface WatchedPeer<K extends string> {
  readonly peer: K
  readonly detector: FailureDetector
  nextHeartbeatAt: number
  sequence: number
  /** When the last sign of life arrived, as it was told. */
  heardAt: number
  /** When the first heartbeat ever was sent. */
  firstHeartbeatAt: number | undefined
  /** When the first heartbeat since the last sign of life was sent: silence without a question is
   * no answer withheld. */
  askedAt: number | undefined
  judgement: Judgement<K>
  /** What the owner of the monitor was last told; probing is not worth telling. */
  reported: Exclude<PeerStatus, 'probing'>
  lastProbes: readonly ProbeReport<K>[]
}

/** What every peer of a monitor has in common at one moment. */
export interface Patience {
  readonly settings: MonitorSettings
  readonly timeoutFactor: number
  /** After an own stall nobody is accused before this instant. */
  readonly heldUntil: number
}

/** When the peer is due for an accusation if it stays silent; `Infinity` while there is no reason. */
export function accuseAt<K extends string>(watched: WatchedPeer<K>, patience: Patience): number {
  const suspectAt = watched.detector.suspectAt(patience.timeoutFactor)
  if (suspectAt === undefined || watched.askedAt === undefined) return Number.POSITIVE_INFINITY
  const answerBy = watched.askedAt + patience.settings.acceptablePauseMs * patience.timeoutFactor
  return Math.max(suspectAt, answerBy, patience.heldUntil)
}

/** When a first sign of life is assumed of a peer that gave none; `Infinity` once it gave one. */
export function assumeLifeAt<K extends string>(
  watched: WatchedPeer<K>,
  { settings }: Patience,
): number {
  if (watched.detector.isMonitoring || watched.firstHeartbeatAt === undefined) {
    return Number.POSITIVE_INFINITY
  }
  return watched.firstHeartbeatAt + settings.firstHeartbeatEstimateMs
}

/** When `step` has something to do for this peer, if nothing is heard before. */
export function dueAt<K extends string>(watched: WatchedPeer<K>, patience: Patience): number {
  return Math.min(
    watched.nextHeartbeatAt,
    assumeLifeAt(watched, patience),
    judgementDueAt(watched, patience),
  )
}

function judgementDueAt<K extends string>(watched: WatchedPeer<K>, patience: Patience): number {
  const { judgement } = watched
  switch (judgement.type) {
    case 'trusted':
      return accuseAt(watched, patience)
    case 'probing':
      return judgement.round.deadline
    case 'link-fault':
      return judgement.round?.deadline ?? judgement.nextRoundAt
    case 'suspected':
      return Number.POSITIVE_INFINITY
  }
}

/** Whether the owner has yet to be told of a change. */
export function hasNews<K extends string>({ judgement, reported }: WatchedPeer<K>): boolean {
  return (judgement.type === 'probing' ? 'trusted' : judgement.type) !== reported
}

export function probeReports<K extends string>(round: ProbeRound<K>): readonly ProbeReport<K>[] {
  return [...round.asked].map(([via, reached]) => ({
    via,
    answer: reached === undefined ? 'waiting' : reached ? 'reached' : 'not-reached',
  }))
}
