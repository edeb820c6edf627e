import { positive } from './options.ts'

/** What a `HeartbeatSender` remembers of a peer. */
export interface PeerHeartbeat {
  /** When the last heartbeat was sent; absent before the first. */
  readonly lastTickAt: number | undefined
  /** How many were sent. */
  readonly ticks: number
}

interface Schedule extends PeerHeartbeat {
  readonly dueAt: number
}

/**
 * Says to whom a heartbeat is due. The delay from one to the next is fixed, not the rate: after a
 * long pause each peer is due once, because a burst would spoil the intervals the peer learns from.
 */
export class HeartbeatSender<K extends string = string> {
  readonly intervalMs: number
  readonly #peers = new Map<K, Schedule>()

  /**
   * @param intervalMs - from one heartbeat to a peer to the next, above 0
   * @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION`
   */
  constructor(intervalMs: number) {
    this.intervalMs = positive('intervalMs', intervalMs)
  }

  /** The peer is due at once; one that is there already keeps its time. */
  addPeer(peer: K, now: number): void {
    if (this.#peers.has(peer)) return
    this.#peers.set(peer, { lastTickAt: undefined, ticks: 0, dueAt: now })
  }

  removePeer(peer: K): void {
    this.#peers.delete(peer)
  }

  get peerCount(): number {
    return this.#peers.size
  }

  /** Those to send a heartbeat to, each until its `recordTick`. */
  duePeers(now: number): readonly K[] {
    return [...this.#peers].filter(([, { dueAt }]) => dueAt <= now).map(([peer]) => peer)
  }

  /** A heartbeat was sent to the peer. */
  recordTick(peer: K, now: number): void {
    const schedule = this.#peers.get(peer)
    if (schedule === undefined) return
    const dueAt = now + this.intervalMs
    this.#peers.set(peer, { lastTickAt: now, ticks: schedule.ticks + 1, dueAt })
  }

  heartbeatOf(peer: K): PeerHeartbeat | undefined {
    const schedule = this.#peers.get(peer)
    return schedule && { lastTickAt: schedule.lastTickAt, ticks: schedule.ticks }
  }

  /** How many heartbeats each peer was sent, by peer. */
  ticksPerPeer(): readonly (readonly [peer: K, ticks: number])[] {
    return [...this.#peers]
      .map(([peer, { ticks }]): readonly [K, number] => [peer, ticks])
      .sort(([left], [right]) => (left < right ? -1 : 1))
  }

  /** When the next heartbeat is due; absent without peers. */
  nextDeadline(): number | undefined {
    let earliest: number | undefined
    for (const { dueAt } of this.#peers.values()) earliest = Math.min(earliest ?? dueAt, dueAt)
    return earliest
  }
}
