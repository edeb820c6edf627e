// The failure detection of one node. It watches the peers it is told to: sends each a heartbeat at a
// fixed delay, and when one stays silent asks others whether they reach it. Only when none does is
// the peer suspected; when one does, the fault is of the link, and the peer is not to blame.
//
// Pure: events come in as method calls with the time, `step` says what to do, `nextDeadline` when to
// ask again. Changes are found by comparing what a peer is held to be with what was last reported,
// so that a peer that comes and goes between two steps leaves no backlog.
import { seededRandom, type Random } from '@casty/clock'
import {
  monitorSettings,
  validTimeoutFactor,
  type HeartbeatMonitorOptions,
  type MonitorEffect,
  type PeerReport,
  type PeerStatus,
} from './monitor-types.ts'
import { accuseAt, assumeLifeAt, dueAt, type Patience } from './due-times.ts'
import { pickHelpers } from './probe-round.ts'
import {
  abandonProbes,
  creditGap,
  hasNews,
  noteAnswer,
  report,
  roundOf,
  showedLife,
  startRound,
  watchPeer,
  type WatchedPeer,
} from './watched-peer.ts'

/**
 * Judges the peers of one node, by their heartbeats and by what others say of them.
 *
 * @see Hayashibara et al., "The φ accrual failure detector", SRDS 2004 (suspicion); Das, Gupta &
 * Motivala, "SWIM", DSN 2002, §3.1 (indirect probes)
 * @example
 * const monitor = new HeartbeatMonitor<string>()
 * monitor.setPeers(['b:1'], [], 0)
 * monitor.step(0, 0.5) // => [{ type: 'send-heartbeat', to: 'b:1', sequence: 1 }]
 */
export class HeartbeatMonitor<K extends string> {
  readonly #peers = new Map<K, WatchedPeer<K>>()
  #helpers: () => readonly K[] = () => []
  #patience: Patience
  #probeSequence = 0
  #latestNow = 0

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor(options: HeartbeatMonitorOptions = {}) {
    const settings = monitorSettings(options)
    this.#patience = { settings, timeoutFactor: 1, heldUntil: Number.NEGATIVE_INFINITY }
  }

  /**
   * Whom to watch, and who may be asked to probe (a subject is never asked about itself). Everything
   * known of a peer that is no longer watched is forgotten. Those that are new get their first
   * heartbeat within one interval, spread over it so that they do not fall due together for ever.
   *
   * @param helpers - or who they are when some are needed: of thousands no list is made before
   */
  setPeers(
    monitored: readonly K[],
    helpers: readonly K[] | (() => readonly K[]),
    now: number,
  ): void {
    const wanted = new Set(monitored)
    for (const peer of this.#peers.keys()) if (!wanted.has(peer)) this.#peers.delete(peer)
    const added = [...wanted].filter((peer) => !this.#peers.has(peer))
    const { heartbeatIntervalMs, createDetector } = this.#patience.settings
    added.forEach((peer, index) => {
      const firstAt = now + (heartbeatIntervalMs * index) / added.length
      this.#peers.set(peer, watchPeer(peer, createDetector(), firstAt))
    })
    this.#helpers = typeof helpers === 'function' ? helpers : () => helpers
  }

  /** Stretches all patience, for a node that doubts itself. @param factor - 1 or above */
  setTimeoutFactor(factor: number): void {
    this.#patience = { ...this.#patience, timeoutFactor: validTimeoutFactor(factor) }
  }

  /**
   * Any authenticated frame of the peer arrived. It may be told late, with the time of its arrival:
   * what arrived before the peer's host refused a connection does not speak against that.
   */
  heard(peer: K, now: number): void {
    const watched = this.#peers.get(peer)
    if (watched === undefined) return
    watched.detector.touch(now)
    this.#latestNow = Math.max(this.#latestNow, now)
    showedLife(watched, now)
  }

  /** The peer answered a heartbeat. */
  answered(peer: K, now: number): void {
    const watched = this.#peers.get(peer)
    if (watched === undefined) return
    watched.detector.heartbeat(now)
    this.#latestNow = now
    showedLife(watched, now)
  }

  /**
   * The peer's connection closed and its host refuses another, or another incarnation answers in its
   * place. It is suspected at once: nobody needs to be asked, and an own stall is no excuse.
   */
  connectionRefused(peer: K, now: number): void {
    const watched = this.#peers.get(peer)
    if (watched === undefined) return
    this.#latestNow = now
    watched.judgement = { type: 'suspected', evidence: 'refused', at: now }
  }

  /**
   * A helper says whether it reached the subject.
   *
   * @param sequence - that of its `ask-probe`, to tell its answer from one to an earlier round
   */
  probeAnswered(subject: K, via: K, reached: boolean, now: number, sequence?: number): void {
    const watched = this.#peers.get(subject)
    const round = watched && roundOf(watched)
    if (watched === undefined || round === undefined || !round.asked.has(via)) return
    if (sequence !== undefined && sequence !== round.sequence) return
    this.#latestNow = now
    const nextRoundAt = now + this.#patience.settings.heartbeatIntervalMs
    noteAnswer(watched, round, { via, reached, nextRoundAt })
  }

  /**
   * This process stood still for `gapMs` until `now`. The gap is counted against nobody, probes that
   * run are abandoned, and for one heartbeat interval nobody is accused for silence. Call it before
   * the `step` that is late: what peers said meanwhile is still waiting to be read.
   */
  stalled(gapMs: number, now: number): void {
    const { heartbeatIntervalMs } = this.#patience.settings
    const heldUntil = Math.max(this.#patience.heldUntil, now + heartbeatIntervalMs)
    this.#patience = { ...this.#patience, heldUntil }
    for (const watched of this.#peers.values()) {
      creditGap(watched, gapMs, now)
      abandonProbes(watched, heldUntil)
    }
  }

  /**
   * Does what is due. Call it at `nextDeadline()`; at any other time it does no harm. After however
   * long a delay it sends each peer one heartbeat, and accuses nobody it has not asked in time.
   *
   * @param draw - uniform in [0, 1): picks the helpers
   */
  step(now: number, draw: number): readonly MonitorEffect<K>[] {
    const effects: MonitorEffect<K>[] = []
    const random = seededRandom(draw * 2 ** 32)
    for (const watched of this.#peers.values()) {
      this.#sendHeartbeat(watched, now, effects)
      this.#judge(watched, now, random, effects)
      report(watched, effects)
    }
    return effects
  }

  /**
   * When to call `step` next; not after the latest event when that is yet to be reported, absent when
   * nobody is watched. Any event may bring it forward.
   */
  nextDeadline(): number | undefined {
    let earliest = Number.POSITIVE_INFINITY
    for (const watched of this.#peers.values()) {
      if (hasNews(watched)) return this.#latestNow
      earliest = Math.min(earliest, dueAt(watched, this.#patience))
    }
    return this.#peers.size === 0 ? undefined : earliest
  }

  /** Suspicion of a peer, by its detector and without the own doubts; 0 for one not watched. */
  phi(peer: K, now: number): number {
    return this.#peers.get(peer)?.detector.suspicion(now) ?? 0
  }

  /** What a peer is held to be; nothing is held against one that is not watched. */
  status(peer: K): PeerStatus {
    return this.#peers.get(peer)?.judgement.type ?? 'trusted'
  }

  /** Everything known, a row per watched peer, for people. */
  explain(now: number): readonly PeerReport<K>[] {
    return [...this.#peers.values()].map(({ peer, detector, judgement, lastProbes }) => ({
      peer,
      phi: detector.suspicion(now),
      silentMs: detector.silentMs(now),
      status: judgement.type,
      evidence: judgement.type === 'suspected' ? judgement.evidence : undefined,
      probes: lastProbes,
    }))
  }

  /** At a fixed delay, not a fixed rate: what was missed is never made up for in a burst. */
  #sendHeartbeat(watched: WatchedPeer<K>, now: number, effects: MonitorEffect<K>[]): void {
    if (now < watched.nextHeartbeatAt) return
    watched.nextHeartbeatAt = now + this.#patience.settings.heartbeatIntervalMs
    watched.firstHeartbeatAt ??= now
    watched.askedAt ??= now
    watched.sequence += 1
    effects.push({ type: 'send-heartbeat', to: watched.peer, sequence: watched.sequence })
  }

  #judge(watched: WatchedPeer<K>, now: number, random: Random, effects: MonitorEffect<K>[]): void {
    const lifeAt = assumeLifeAt(watched, this.#patience)
    if (now >= lifeAt) watched.detector.touch(lifeAt)
    const { judgement } = watched
    switch (judgement.type) {
      case 'trusted':
        if (now >= accuseAt(watched, this.#patience)) this.#accuse(watched, now, random, effects)
        return
      case 'probing':
        if (now >= judgement.round.deadline) this.#suspect(watched)
        return
      case 'link-fault':
        if (judgement.round !== undefined) {
          if (now >= judgement.round.deadline) this.#suspect(watched)
        } else if (now >= judgement.nextRoundAt) this.#accuse(watched, now, random, effects)
        return
      case 'suspected':
        return
    }
  }

  /** Asks the helpers, or suspects at once where there is nobody to ask. */
  #accuse(watched: WatchedPeer<K>, now: number, random: Random, effects: MonitorEffect<K>[]): void {
    const { probeCount, probeTimeoutMs } = this.#patience.settings
    const candidates = [...new Set(this.#helpers())].filter((helper) => helper !== watched.peer)
    const isFit = (helper: K): boolean => this.status(helper) === 'trusted'
    const vias = pickHelpers(candidates, isFit, probeCount, random)
    if (vias.length === 0) {
      this.#suspect(watched)
      return
    }
    this.#probeSequence += 1
    const sequence = this.#probeSequence
    const deadline = now + probeTimeoutMs * this.#patience.timeoutFactor
    startRound(watched, { sequence, deadline, asked: new Map(vias.map((via) => [via, undefined])) })
    for (const via of vias) {
      effects.push({ type: 'ask-probe', via, subject: watched.peer, sequence })
    }
  }

  #suspect(watched: WatchedPeer<K>): void {
    watched.judgement = { type: 'suspected', evidence: 'silence' }
  }
}
