// When a watched peer needs attention. Waking up and deciding ask the same functions, so that they
// can never disagree about whether something is due.
import type { MonitorSettings } from './monitor-types.ts'
import type { WatchedPeer } from './watched-peer.ts'

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
