// The failure detection of one node: which peers it watches, what it hears of them, and what it
// makes of that. The judging is the monitors', one for peers at home, one for other data centers; here
// are the ring, the wire and the own stalls.
import {
  HeartbeatMonitor,
  heartbeatMonitorDefaults,
  selectReceivers,
  StallDetector,
  type MonitorEffect,
  type PeerReport,
} from '@casty/failure-detector'
import type { EndpointEvent, NodeAddress, NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { acrossMonitor, watchedAcross } from './cross-watch.ts'
import { fullSizeBytes, FullSizePaths } from './full-size-paths.ts'
import { byAddress, type Member } from './member.ts'
import type { DetectionMessage } from './messages.ts'
import { ProbeRelay } from './probe-relay.ts'
import { watchersOf } from './unreachable.ts'
import type { WatchOptions, WatchSurroundings } from './watch-surroundings.ts'

const lagSampleMs = 1_000

export class PeerWatch {
  readonly #self: NodeIdentity
  readonly #options: WatchOptions
  readonly #around: WatchSurroundings
  readonly #monitor: HeartbeatMonitor<NodeKey>
  readonly #acrossMonitor: HeartbeatMonitor<NodeKey>
  readonly #monitors: readonly HeartbeatMonitor<NodeKey>[]
  readonly #stalls = new StallDetector()
  readonly #relay: ProbeRelay
  readonly #paths: FullSizePaths
  #members: ReadonlyMap<NodeKey, Member> = new Map()
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
    this.#acrossMonitor = acrossMonitor(options)
    this.#paths = new FullSizePaths(self.key)
    this.#monitors = [this.#monitor, this.#acrossMonitor]
    // Answers must reach the asker within the time that it waits.
    const probeTimeoutMs = options.monitor.probeTimeoutMs ?? heartbeatMonitorDefaults.probeTimeoutMs
    this.#relay = new ProbeRelay((to, message) => around.send(to, message), probeTimeoutMs * 0.8)
    this.#nextTickAt = around.clock.now()
    this.#nextLagSampleAt = this.#nextTickAt + lagSampleMs
    options.eventLoopDelay?.enable()
  }

  /** Follows the members: the next ones on the ring are watched, and whoever is out of reach. */
  update(cluster: ClusterState): void {
    const now = this.#around.clock.now()
    this.#members = cluster.membersByKey
    const exiting = cluster.members.filter(({ status }) => status === 'exiting')
    this.#exiting = new Set(exiting.map(({ key }) => key))
    const across = watchedAcross(cluster, this.#self.key)
    this.#acrossMonitor.setPeers(across.watched, across.helpers, now)
    const watched = [...this.#watchHome(cluster, now), ...across.watched]
    this.#watched = watched.flatMap((key) => this.#members.get(key)?.node ?? [])
    this.#heardAt = new Map([...this.#heardAt].filter(([key]) => watched.includes(key)))
    this.#paths.follow(new Set(watched))
    this.#around.keepConnected(this.#watched)
  }

  /** Watches members of the own data center, and says whom. */
  #watchHome(cluster: ClusterState, now: number): readonly NodeKey[] {
    const name = cluster.member(this.#self)?.dataCenter
    const home = name === undefined ? undefined : cluster.dataCenters.get(name)
    const atHome = (keys: Iterable<string>): readonly Member[] =>
      [...keys].flatMap((key) => home?.membersByKey.get(key as NodeKey) ?? []) // Looked up.
    // Whoever is out of reach is replaced at once, before others agree: a node that is cut off must
    // come to watch everybody, or it would never find enough votes against those it cannot reach.
    const own = cluster.reachability.unreachableFrom(this.#self.key)
    const outOfReach = atHome(own).map(({ key }) => key)
    const receivers = selectReceivers({
      ringOrder: home?.watchRing ?? [],
      self: this.#self.key,
      unreachable: new Set<NodeKey>([...cluster.unreachable, ...outOfReach]),
      count: watchersOf(home?.members.length ?? 0, this.#options.monitoredBy, outOfReach.length),
    })
    const watched = atHome(new Set([...receivers, ...outOfReach]))
      .toSorted(byAddress)
      .map(({ key }) => key)
    const helpers = (): readonly NodeKey[] =>
      (home?.members ?? []).flatMap(({ key }) =>
        key === this.#self.key || cluster.unreachable.has(key) ? [] : [key],
      )
    this.#monitor.setPeers(watched, helpers, now)
    return watched
  }

  receive(from: NodeIdentity, message: DetectionMessage): void {
    const now = this.#around.clock.now()
    switch (message.type) {
      case 'heartbeat':
        this.#around.send(from, { ...message, type: 'heartbeat-answer' })
        return
      case 'heartbeat-answer':
        this.#answered(from.key, message, now)
        return
      case 'probe':
        this.#probe(from, message.subject, message.sequence, now)
        return
      case 'probe-answer':
        for (const monitor of this.#monitors) {
          const { subject, reached, sequence } = message
          monitor.probeAnswered(subject.key, from.key, reached, now, sequence)
        }
        return
    }
  }

  #answered(
    peer: NodeKey,
    { sequence, paddingBytes }: DetectionMessage & { type: 'heartbeat-answer' },
    now: number,
  ): void {
    this.#paths.answered(peer, paddingBytes, now)
    if (!this.#paths.isTrusted(peer)) return
    if (paddingBytes >= fullSizeBytes) this.#relay.heard(peer)
    // A heartbeat out of turn has no number, and says nothing of the rhythm.
    for (const monitor of this.#monitors) {
      if (sequence === 0) monitor.heard(peer, now)
      else monitor.answered(peer, now)
    }
  }

  #probe(askedBy: NodeIdentity, subject: NodeIdentity, sequence: number, now: number): void {
    const known = this.#members.get(subject.key)?.node
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
    const replaced = event.type === 'dial-refused' && isLaterLife(event.refusal.actual, peer)
    if (replaced) this.#around.observed(peer, 'terminated')
    const isGone = event.type === 'dial-failed' && event.failure === 'refused'
    if (replaced || (isGone && !this.#exiting.has(peer.key))) this.#refused(peer)
  }

  /**
   * Somebody has a control connection with this node, whoever dialled. A former life of it in another data center is
   * over: nobody there can say so here. Within one data center it says so itself, by joining.
   */
  connected(node: NodeIdentity): void {
    const peer = this.#memberAt(node.address)
    if (!peer || !isLaterLife(node, peer) || !this.#isAway(peer)) return
    this.#around.observed(peer, 'terminated')
    this.#refused(peer)
  }

  #isAway({ key }: NodeIdentity): boolean {
    const home = this.#members.get(this.#self.key)?.dataCenter
    return home !== undefined && this.#members.get(key)?.dataCenter !== home
  }

  #refused({ key }: NodeIdentity): void {
    this.#relay.refused(key)
    const now = this.#around.clock.now()
    for (const monitor of this.#monitors) monitor.connectionRefused(key, now)
  }

  #memberAt(address: NodeAddress): NodeIdentity | undefined {
    for (const { node } of this.#members.values()) if (node.address.equals(address)) return node
    return undefined
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
    const draw = this.#around.random()
    for (const monitor of this.#monitors)
      for (const effect of monitor.step(now, draw)) this.#perform(effect)
  }

  get nextDeadline(): number {
    return Math.min(
      ...this.#monitors.map((monitor) => monitor.nextDeadline() ?? Number.POSITIVE_INFINITY),
      this.#nextTickAt,
      this.#relay.nextDeadline,
    )
  }

  #tick(now: number): void {
    this.#nextTickAt = now + this.#stalls.intervalMs
    const stall = this.#stalls.tick(now, this.#around.clock.wallNow())
    if (stall) for (const monitor of this.#monitors) monitor.stalled(stall.gapMs, now)
    if (now >= this.#nextLagSampleAt) this.#sampleLag(now)
    const factor = this.#stalls.factor(now)
    for (const monitor of this.#monitors) monitor.setTimeoutFactor(factor)
    // A machine that slept may have been given up meanwhile. That it is told for a moment is news that all
    // who still hear this node will have seen; whoever is not, it learns of by their silence.
    const doubtful = this.#stalls.isDoubtful(now) || stall?.cause === 'suspended'
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
    if (this.#paths.isTrusted(peer.key)) {
      for (const monitor of this.#monitors) monitor.heard(peer.key, heardAt)
    } else if (this.#paths.isWorthAsking(peer.key)) this.#sendHeartbeat(peer, 0)
  }

  #perform(effect: MonitorEffect<NodeKey>): void {
    switch (effect.type) {
      case 'send-heartbeat':
        this.#with(effect.to, (to) => this.#sendHeartbeat(to, effect.sequence))
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
          const isRefused = effect.evidence === 'refused'
          this.#around.observed(peer, isRefused ? 'refused' : 'unreachable')
          if (isRefused) return
          this.#paths.doubt(peer.key)
          // Its connection may be half-open: only a new one can bring it back.
          this.#around.reconnect(peer)
        })
        return
      case 'trust':
        this.#with(effect.peer, (peer) => this.#around.observed(peer, 'reachable'))
        return
      case 'link-fault':
        this.#paths.doubt(effect.peer)
        this.#with(effect.peer, (peer) => this.#around.linkFault(peer, effect.reachedVia))
        return
      case 'link-restored':
        this.#with(effect.peer, (peer) => this.#around.linkFault(peer, undefined))
        return
    }
  }

  #sendHeartbeat(to: NodeIdentity, sequence: number): void {
    const paddingBytes = this.#paths.paddingFor(to.key, this.#around.clock.now())
    this.#around.send(to, { type: 'heartbeat', sequence, paddingBytes })
  }

  #with(key: NodeKey, use: (node: NodeIdentity) => void): void {
    const node = this.#members.get(key)?.node
    if (node) use(node)
  }

  /** Suspicion of every watched peer. */
  report(): readonly PeerReport<NodeKey>[] {
    const now = this.#around.clock.now()
    return this.#monitors.flatMap((monitor) => monitor.explain(now))
  }

  /** The own doubts, from 0 to 8: above 0 all own patience is stretched. */
  get doubt(): number {
    return this.#stalls.score(this.#around.clock.now())
  }

  stop(): void {
    this.#options.eventLoopDelay?.disable()
  }
}

function isLaterLife(node: NodeIdentity | undefined, peer: NodeIdentity): boolean {
  return node?.address.equals(peer.address) === true && node.incarnation > peer.incarnation
}
