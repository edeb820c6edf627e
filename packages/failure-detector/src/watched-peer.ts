// What a monitor holds about one peer it watches, and how events change it. When something becomes
// due is in due-times.ts, what is decided then in heartbeat-monitor.ts.
import type { FailureDetector } from './failure-detector.ts'
import type { Evidence, MonitorEffect, ProbeReport } from './monitor-types.ts'
import { isDenied, probeReports, withAnswer, type ProbeRound } from './probe-round.ts'

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

/** What the owner of a monitor is told of a peer: probing is not worth telling, why it is suspected is. */
export type Standing = 'trusted' | 'link-fault' | Evidence

/** All that is known of a peer: forgetting this is forgetting the peer. */
export interface WatchedPeer<K extends string> {
  readonly peer: K
  readonly detector: FailureDetector
  nextHeartbeatAt: number
  sequence: number
  /** When the last sign of life arrived, as it was told. */
  heardAt: number
  /** When the first heartbeat ever was sent. */
  firstHeartbeatAt: number | undefined
  /** When the first heartbeat since the last sign of life was sent: who was not asked is not silent. */
  askedAt: number | undefined
  judgement: Judgement<K>
  /** What the owner of the monitor was last told. */
  reported: Standing
  lastProbes: readonly ProbeReport<K>[]
}

export function watchPeer<K extends string>(
  peer: K,
  detector: FailureDetector,
  nextHeartbeatAt: number,
): WatchedPeer<K> {
  return {
    peer,
    detector,
    nextHeartbeatAt,
    sequence: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    firstHeartbeatAt: undefined,
    askedAt: undefined,
    judgement: { type: 'trusted' },
    reported: 'trusted',
    lastProbes: [],
  }
}

/** A sign of life ends every suspicion that is not younger; what helpers said no longer matters. */
export function showedLife<K extends string>(watched: WatchedPeer<K>, at: number): void {
  if (at <= watched.heardAt) return
  watched.heardAt = at
  if (watched.askedAt !== undefined && watched.askedAt <= at) watched.askedAt = undefined
  const { judgement } = watched
  if (judgement.type === 'trusted') return
  if (judgement.type === 'suspected' && judgement.evidence === 'refused' && at <= judgement.at)
    return
  watched.judgement = { type: 'trusted' }
  watched.lastProbes = []
}

/** Does not hold against a peer that it was asked, and gave no sign, before the gap was over. */
export function creditGap<K extends string>(
  watched: WatchedPeer<K>,
  gapMs: number,
  now: number,
): void {
  const later = (at: number | undefined): number | undefined =>
    at === undefined ? undefined : Math.max(at, Math.min(at + gapMs, now))
  watched.detector.credit(gapMs, now)
  watched.askedAt = later(watched.askedAt)
  watched.firstHeartbeatAt = later(watched.firstHeartbeatAt)
}

/** Judges as if the running round had not been: its answers may be among what was missed. */
export function abandonProbes<K extends string>(watched: WatchedPeer<K>, heldUntil: number): void {
  const { judgement } = watched
  if (judgement.type === 'probing') watched.judgement = { type: 'trusted' }
  else if (judgement.type === 'link-fault') {
    watched.judgement = { ...judgement, round: undefined, nextRoundAt: heldUntil }
  }
}

/** The round of probes under way, if there is one. */
export function roundOf<K extends string>({
  judgement,
}: WatchedPeer<K>): ProbeRound<K> | undefined {
  return judgement.type === 'probing' || judgement.type === 'link-fault'
    ? judgement.round
    : undefined
}

/** A round of probes begins; a link fault stays one until its outcome is known. */
export function startRound<K extends string>(watched: WatchedPeer<K>, round: ProbeRound<K>): void {
  watched.lastProbes = probeReports(round)
  watched.judgement =
    watched.judgement.type === 'link-fault'
      ? { ...watched.judgement, round }
      : { type: 'probing', round }
}

/** One helper that reaches the peer decides, or all that were asked when none does. */
export function noteAnswer<K extends string>(
  watched: WatchedPeer<K>,
  round: ProbeRound<K>,
  answer: { readonly via: K; readonly reached: boolean; readonly nextRoundAt: number },
): void {
  const { via, reached, nextRoundAt } = answer
  const answered = withAnswer(round, via, reached)
  if (reached) {
    watched.judgement = { type: 'link-fault', reachedVia: via, round: undefined, nextRoundAt }
    watched.lastProbes = probeReports(answered)
  } else startRound(watched, answered)
  if (isDenied(answered)) watched.judgement = { type: 'suspected', evidence: 'silence' }
}

/** Whether the owner has yet to be told of a change. */
export function hasNews<K extends string>({ judgement, reported }: WatchedPeer<K>): boolean {
  return standingOf(judgement) !== reported
}

function standingOf<K extends string>(judgement: Judgement<K>): Standing {
  switch (judgement.type) {
    case 'trusted':
    case 'probing':
      return 'trusted'
    case 'link-fault':
      return judgement.type
    case 'suspected':
      return judgement.evidence
  }
}

/** Tells the owner where the peer stands, when that is not what it was last told. */
export function report<K extends string>(
  watched: WatchedPeer<K>,
  effects: MonitorEffect<K>[],
): void {
  if (!hasNews(watched)) return
  const { peer, judgement, reported } = watched
  watched.reported = standingOf(judgement)
  switch (judgement.type) {
    case 'trusted':
    case 'probing':
      effects.push({ type: reported === 'link-fault' ? 'link-restored' : 'trust', peer })
      return
    case 'link-fault':
      effects.push({ type: 'link-fault', peer, reachedVia: judgement.reachedVia })
      return
    case 'suspected':
      effects.push({ type: 'suspect', peer, evidence: judgement.evidence })
      return
  }
}
