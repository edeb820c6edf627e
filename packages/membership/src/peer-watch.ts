// The failure detection of one node: which peers it watches, what it hears of them, and what it
// makes of that. The judging is the monitor's; here are the ring, the wire and the own stalls.
import type { Clock, Random } from '@casty/clock'
import {
  HeartbeatMonitor,
  heartbeatMonitorDefaults,
  selectReceivers,
  StallDetector,
  type HeartbeatMonitorOptions,
  type MonitorEffect,
  type PeerReport,
} from '@casty/failure-detector'
import type { EndpointEvent, NodeAddress, NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { ClusterMessage, DetectionMessage } from './messages.ts'
import type { EventLoopDelay } from './options.ts'
import { ProbeRelay } from './probe-relay.ts'

/** What the watch needs of the node around it. */
export interface WatchSurroundings {
  readonly clock: Clock
  readonly random: Random
  send(to: NodeIdentity, message: ClusterMessage): void
  /** Whether the control connection to a peer is open. */
  isConnected(peer: NodeIdentity): boolean
  /** When the last bytes of a peer arrived, on the monotonic clock. */
  lastHeardAt(peer: NodeIdentity): number | undefined
  /** Keep a control connection to exactly these. */
  keepConnected(peers: readonly NodeIdentity[]): void
  /** Replace the control connection to a peer that stays silent. */
  reconnect(peer: NodeIdentity): void
  observed(subject: NodeIdentity, status: 'reachable' | 'unreachable' | 'terminated'): void
  linkFault(subject: NodeIdentity, reachedVia: NodeKey | undefined): void
  doubtsChanged(doubtful: boolean): void
}

export interface WatchOptions {
  readonly monitoredBy: number
  readonly monitor: HeartbeatMonitorOptions
  readonly eventLoopDelay: EventLoopDelay | undefined
}

const lagSampleMs = 1_000

export class PeerWatch {
  readonly #self: NodeIdentity
  readonly #options: WatchOptions
  readonly #around: WatchSurroundings
  readonly #monitor: HeartbeatMonitor<NodeKey>
  readonly #stalls = new StallDetector()
  readonly #relay: ProbeRelay
  #members: ReadonlyMap<NodeKey, NodeIdentity> = new Map()
  #exiting: ReadonlySet<NodeKey> = new Set()
  #watched: readonly NodeIdentity[] = []
  #heardAt = new Map<NodeKey, number>()
  #nextTickAt: number
  #nextLagSampleAt: number
  #doubtful = false

  constructor(self: NodeIdentity, options: WatchOptions, around: WatchSurroundings) {
    this.#self = self
    this.#options = options
    this.#around = around
    this.#monitor = new HeartbeatMonitor(options.monitor)
    // Answers must reach the asker within the time that it waits.
    const probeTimeoutMs = options.monitor.probeTimeoutMs ?? heartbeatMonitorDefaults.probeTimeoutMs
    this.#relay = new ProbeRelay((to, message) => around.send(to, message), probeTimeoutMs * 0.8)
    this.#nextTickAt = around.clock.now()
    this.#nextLagSampleAt = this.#nextTickAt + lagSampleMs
    options.eventLoopDelay?.enable()
  }

  /** Follows the members: the next ones on the ring are watched, and whoever is out of reach. */
  update(cluster: ClusterState): void {
    this.#members = new Map(cluster.members.map(({ node }) => [node.key, node]))
    const exiting = cluster.members.filter(({ status }) => status === 'exiting')
    this.#exiting = new Set(exiting.map(({ key }) => key))
    const keys = [...this.#members.keys()]
    // Whoever is out of reach is replaced at once, before others agree: a node that is cut off must
    // come to watch everybody, or it would never find enough votes against those it cannot reach.
    const own = cluster.reachability.unreachableFrom(this.#self.key)
    const outOfReach = keys.filter((key) => own.includes(key))
    const receivers = selectReceivers({
      ringOrder: cluster.watchRing,
      self: this.#self.key,
      unreachable: new Set<NodeKey>([...cluster.unreachable, ...outOfReach]),
      count: this.#options.monitoredBy,
    })
    const watched = keys.filter((key) => receivers.includes(key) || outOfReach.includes(key))
    const helpers = keys.filter((key) => key !== this.#self.key && !cluster.unreachable.has(key))
    this.#monitor.setPeers(watched, helpers, this.#around.clock.now())
    this.#watched = watched.flatMap((key) => this.#members.get(key) ?? [])
    this.#heardAt = new Map([...this.#heardAt].filter(([key]) => watched.includes(key)))
    this.#around.keepConnected(this.#watched)
  }

  receive(from: NodeIdentity, message: DetectionMessage): void {
    const now = this.#around.clock.now()
    this.#relay.heard(from.key)
    switch (message.type) {
      case 'heartbeat':
        this.#around.send(from, { type: 'heartbeat-answer', sequence: message.sequence })
        return
      case 'heartbeat-answer':
        // A probe's heartbeat has no number: it came out of turn, and says nothing of the rhythm.
        if (message.sequence === 0) this.#monitor.heard(from.key, now)
        else this.#monitor.answered(from.key, now)
        return
      case 'probe':
        this.#probe(from, message.subject, message.sequence, now)
        return
      case 'probe-answer':
        this.#monitor.probeAnswered(
          message.subject.key,
          from.key,
          message.reached,
          now,
          message.sequence,
        )
        return
    }
  }

  #probe(askedBy: NodeIdentity, subject: NodeIdentity, sequence: number, now: number): void {
    const known = this.#members.get(subject.key)
    if (known) this.#relay.ask(askedBy, known, sequence, now)
    else this.#around.send(askedBy, { type: 'probe-answer', subject, sequence, reached: false })
  }

  /**
   * The fast path: a peer whose host refuses connections is gone, and nobody has to wait for it. One
   * that is exiting is expected to go: the leader removes it, and only silence counts against it.
   */
  connectionFailed(event: Extract<EndpointEvent, { type: 'dial-failed' | 'dial-refused' }>): void {
    const peer = event.lane === 'control' ? this.#memberAt(event.address) : undefined
    if (!peer || this.#around.isConnected(peer)) return
    const replaced =
      event.type === 'dial-refused' &&
      event.refusal.actual?.address.equals(peer.address) === true &&
      event.refusal.actual.incarnation > peer.incarnation
    if (replaced) this.#around.observed(peer, 'terminated')
    const isGone = event.type === 'dial-failed' && event.failure === 'refused'
    if (replaced || (isGone && !this.#exiting.has(peer.key))) {
      this.#relay.refused(peer.key)
      this.#monitor.connectionRefused(peer.key, this.#around.clock.now())
    }
  }

  #memberAt(address: NodeAddress): NodeIdentity | undefined {
    return [...this.#members.values()].find((node) => node.address.equals(address))
  }

  /**
   * Does what is due. The own lateness is looked at first: whoever was stalled has heard nobody, and
   * must not take that for silence.
   */
  wake(): void {
    const now = this.#around.clock.now()
    if (now >= this.#nextTickAt) this.#tick(now)
    this.#relay.expire(now)
    for (const peer of this.#watched) this.#noteLife(peer)
    for (const effect of this.#monitor.step(now, this.#around.random())) this.#perform(effect)
  }

  get nextDeadline(): number {
    return Math.min(
      this.#monitor.nextDeadline() ?? Number.POSITIVE_INFINITY,
      this.#nextTickAt,
      this.#relay.nextDeadline,
    )
  }

  #tick(now: number): void {
    this.#nextTickAt = now + this.#stalls.intervalMs
    const stall = this.#stalls.tick(now, this.#around.clock.wallNow())
    if (stall) this.#monitor.stalled(stall.gapMs, now)
    if (now >= this.#nextLagSampleAt) this.#sampleLag(now)
    this.#monitor.setTimeoutFactor(this.#stalls.factor(now))
    const doubtful = this.#stalls.isDoubtful(now)
    if (doubtful === this.#doubtful) return
    this.#doubtful = doubtful
    this.#around.doubtsChanged(doubtful)
  }

  #sampleLag(now: number): void {
    this.#nextLagSampleAt = now + lagSampleMs
    const histogram = this.#options.eventLoopDelay
    if (!histogram) return
    this.#stalls.lagSample(histogram.percentile(99) / 1_000_000, now)
    histogram.reset()
  }

  #noteLife(peer: NodeIdentity): void {
    const heardAt = this.#around.lastHeardAt(peer)
    if (
      heardAt === undefined ||
      heardAt <= (this.#heardAt.get(peer.key) ?? Number.NEGATIVE_INFINITY)
    )
      return
    this.#heardAt.set(peer.key, heardAt)
    this.#monitor.heard(peer.key, heardAt)
  }

  #perform(effect: MonitorEffect<NodeKey>): void {
    switch (effect.type) {
      case 'send-heartbeat':
        this.#with(effect.to, (to) =>
          this.#around.send(to, { type: 'heartbeat', sequence: effect.sequence }),
        )
        return
      case 'ask-probe':
        this.#with(effect.via, (via) =>
          this.#with(effect.subject, (subject) =>
            this.#around.send(via, { type: 'probe', subject, sequence: effect.sequence }),
          ),
        )
        return
      case 'suspect':
        this.#with(effect.peer, (peer) => {
          this.#around.observed(peer, 'unreachable')
          // Its connection may be half-open: only a new one can bring it back.
          if (effect.evidence === 'silence') this.#around.reconnect(peer)
        })
        return
      case 'trust':
        this.#with(effect.peer, (peer) => this.#around.observed(peer, 'reachable'))
        return
      case 'link-fault':
        this.#with(effect.peer, (peer) => this.#around.linkFault(peer, effect.reachedVia))
        return
      case 'link-restored':
        this.#with(effect.peer, (peer) => this.#around.linkFault(peer, undefined))
        return
    }
  }

  #with(key: NodeKey, use: (node: NodeIdentity) => void): void {
    const node = this.#members.get(key)
    if (node) use(node)
  }

  /** Suspicion of every watched peer. */
  report(): readonly PeerReport<NodeKey>[] {
    return this.#monitor.explain(this.#around.clock.now())
  }

  /** The own doubts, from 0 to 8: above 0 all own patience is stretched. */
  get doubt(): number {
    return this.#stalls.score(this.#around.clock.now())
  }

  stop(): void {
    this.#options.eventLoopDelay?.disable()
  }
}
