import { systemClock, systemRandom } from '@casty/clock'
import {
  Endpoint,
  endpointLimitDefaults,
  type EndpointCounters,
  type Forbidden,
  type NodeAddress,
  type NodeIdentity,
} from '@casty/transport'
import type { ShardAllocation } from './allocations.ts'
import { checkConfig } from './check-config.ts'
import { ClusterEndpoint } from './cluster-endpoint.ts'
import { ClusterNode } from './cluster-node.ts'
import type { ClusterState } from './cluster-state.ts'
import { maxForbidden } from './evictions.ts'
import { MembershipError } from './errors.ts'
import type { ClusterEvent } from './events.ts'
import { explainState, type ClusterExplanation } from './explanation.ts'
import { leaveOutcomeOf, stopErrorOf, type LeaveOutcome } from './leave-outcome.ts'
import type { Member } from './member.ts'
import { viewpoint } from './membership-state.ts'
import type { ClusterConfig } from './options.ts'
import { admissionOf, believes } from './peer-lives.ts'
import { checkForbidden, checkOffer, checkService, checkTable } from './published.ts'
import { sameTopology, topologyOf, type TopologySnapshot } from './topology-snapshot.ts'
import { checkWaitFor, type WaitOutcome } from './waiters.ts'

/** A member out of reach is dialled again at least this often, so that a healed network is noticed. */
const maxReconnectMs = 1_000

/** Counts since the start of the node. */
export interface ClusterMetrics {
  /** Messages of membership, by type. */
  readonly messagesSent: Readonly<Record<string, number>>
  readonly messagesReceived: Readonly<Record<string, number>>
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Messages not heeded, by reason. */
  readonly dropped: Readonly<Record<string, number>>
  readonly listenerErrors: number
  readonly endpoint: EndpointCounters
}

/**
 * One node of a cluster, running.
 *
 * It starts listening, asks its seed nodes to let it join, and follows the cluster from then on.
 * Everything it knows is in `getState()`; everything that happens is told to subscribers.
 */
export class Cluster implements AsyncDisposable {
  readonly #node: ClusterNode
  /** Frames of the user's own go through here, to any member: types from 32 on. */
  readonly endpoint: ClusterEndpoint
  /** How many this node has evicted: what others tell takes none of its room. */
  #forbiddenHere = 0

  private constructor(node: ClusterNode) {
    this.#node = node
    this.endpoint = new ClusterEndpoint(node.endpoint)
  }

  /**
   * Binds, listens, and begins to join. Resolves once the node listens; `waitFor` tells when the
   * cluster is there.
   *
   * Rejects with `CASTY_MEMBERSHIP_INVALID_OPTION` for a wrong option, and with the transport's
   * `CASTY_TRANSPORT_ADDRESS_IN_USE`, `CASTY_TRANSPORT_LISTEN_FAILED` or
   * `CASTY_TRANSPORT_INSECURE_BIND` where the address cannot be bound.
   */
  static async start(config: ClusterConfig): Promise<Cluster> {
    const checked = checkConfig(config)
    const clock = config.clock ?? systemClock
    // Peers may connect before there is a node to ask: it knows of nobody yet.
    const started: { node?: ClusterNode } = {}
    const endpoint = await Endpoint.start({
      transport: config.transport,
      clock,
      random: config.random ?? systemRandom,
      address: checked.bind,
      advertised: { host: checked.advertisedHost },
      incarnation: Math.floor(clock.wallNow()),
      clusterName: checked.name,
      configDigest: checked.agreement,
      ...(config.authentication && { authentication: config.authentication }),
      insecure: checked.insecure,
      admit: (peer) =>
        started.node
          ? admissionOf(started.node.state, peer, checked.dialsBack)
          : { type: 'admitted' },
      ...(config.mayDial && { mayDial: config.mayDial }),
      believes: (peer) => started.node === undefined || believes(started.node.state, peer),
      limits: { maxReconnectMs, ...config.limits },
    })
    try {
      const { maxDataFrameBytes = endpointLimitDefaults.maxDataFrameBytes } = config.limits ?? {}
      const node = new ClusterNode(config, checked, endpoint, maxDataFrameBytes)
      started.node = node
      node.open(checked.bootstrap)
      return new Cluster(node)
    } catch (error) {
      await endpoint[Symbol.asyncDispose]() // An option of the failure detector was wrong.
      throw error
    }
  }

  /** This node: its address, where a requested port 0 is resolved, and its incarnation. */
  get self(): NodeIdentity {
    return this.#node.state.self
  }

  /** This node as a member, once it was admitted. */
  get selfMember(): Member | undefined {
    return this.getState().member(this.self)
  }

  /** What this node knows of its cluster now; empty until it was admitted. */
  getState(): ClusterState {
    return this.#node.state.cluster
  }

  /**
   * Delivers the current state, then everything that happens, in order. A listener that throws is
   * reported to the logger and counted; it disturbs nobody.
   */
  subscribe(listener: (event: ClusterEvent) => void): Disposable {
    const { subscribers, protocol } = this.#node
    const subscription = subscribers.add(listener, protocol.steps)
    const current: ClusterEvent = { type: 'current-state', state: this.getState() }
    subscribers.guard(() => listener(current))
    return subscription
  }

  /** Delivers a snapshot now, and another whenever members, leader, shards or services change. */
  subscribeTopology(listener: (snapshot: TopologySnapshot) => void): Disposable {
    const { subscribers, waiters } = this.#node
    let last: ClusterState | undefined
    const tell = (): void => {
      const state = this.getState()
      if (last && sameTopology(last, state)) return
      last = state
      subscribers.guard(() => listener(topologyOf(state, viewpoint(this.#node.state))))
    }
    tell()
    return waiters.watch(tell)
  }

  /**
   * Resolves with the state once at least `count` members are up and reachable.
   *
   * Rejects with `CASTY_MEMBERSHIP_INVALID_OPTION`; with `CASTY_MEMBERSHIP_TIMEOUT` after `timeoutMs` (60,000 by default); with
   * `CASTY_MEMBERSHIP_JOIN_REFUSED` when a contact refuses this node for good (name, settings or
   * version differ, or its roles are too large); with `CASTY_MEMBERSHIP_FORBIDDEN`,
   * `…_DOWNED` or `…_STOPPED` when the node stops; with `signal.reason` when that is aborted.
   */
  async waitFor(
    count: number,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ClusterState> {
    checkWaitFor(count, options)
    const what = `Waiting for ${count} members to be up`
    await this.#node.waiters.until(() => this.#outcome(upAndReachable(this.getState()) >= count), {
      ...options,
      timeout: (timeoutMs) =>
        MembershipError.timeout(
          what,
          timeoutMs,
          this.explain().summary,
          this.getState().toString(),
        ),
    })
    return this.getState()
  }

  /** What became of waiting for something: it holds, or it cannot come about any more. */
  #outcome(holds: boolean): WaitOutcome | undefined {
    const { state, joiner } = this.#node
    if (state.phase.type === 'stopped') {
      return { type: 'failed', error: stopErrorOf(state, 'wait') }
    }
    if (holds) return { type: 'done' }
    if (!joiner?.lastRefusal || !joiner.isRefusedForGood) return undefined
    const { contact, reason, detail } = joiner.lastRefusal
    // One contact alone may say so: the node stops where none says otherwise.
    if (reason === 'forbidden') return undefined
    return { type: 'failed', error: MembershipError.joinRefused(contact, reason, detail) }
  }

  /** The member with this id or address, in its latest incarnation; undefined where there is none. */
  resolveNode(id: string): Member | undefined {
    const { members } = this.getState()
    return (
      members.find((member) => member.id === id) ??
      members.find((member) => member.address.toString() === id)
    )
  }

  /**
   * Leaves the cluster: hands over, waits until the others have let this node go, and stops. What
   * has begun is not undone; called again it waits for the same end.
   *
   * Resolves with `'gave-up'` where the others did not let it go within `leaveTimeoutMs`, or it was
   * shut down meanwhile: they still count it as a member then, and will find it unreachable. Rejects
   * with `CASTY_MEMBERSHIP_DOWNED`, or `…_FORBIDDEN`, when the cluster decides against the node meanwhile.
   */
  async leave(): Promise<LeaveOutcome> {
    const { waiters } = this.#node
    if (!this.#isStopped) this.#node.dispatch({ type: 'leave-requested', node: this.self })
    await waiters.untilDone(() => (this.#isStopped ? { type: 'done' } : undefined))
    await this.#node.closed
    const { phase } = this.#node.state
    const isRuledOut = phase.type === 'stopped' && phase.reason !== 'left'
    if (isRuledOut) throw stopErrorOf(this.#node.state, 'leave')
    return leaveOutcomeOf(this.#node.state)
  }

  /**
   * Takes a member out of the cluster by decision, for good: for one that is known not to come back.
   * If it does, it comes as a new incarnation. An address means whichever incarnation is a member.
   *
   * @throws MembershipError `CASTY_MEMBERSHIP_UNKNOWN_NODE` when it is no member;
   * `CASTY_MEMBERSHIP_STOPPED` or `CASTY_MEMBERSHIP_DOWNED` when this node is none any more
   */
  down(node: NodeIdentity | NodeAddress): void {
    this.#assertRunning('down a member')
    const member = this.getState().member(node)
    if (!member) throw MembershipError.unknownNode(node.toString())
    this.#node.dispatch({ type: 'down-requested', nodes: [member.node] })
  }

  /**
   * Evicts whoever has that address, in every life, or shows that certificate: every member closes what it has
   * with it, and refuses it as `forbidden` for as long as any member lives. A member at a forbidden address, or that shows
   * a forbidden certificate, is downed, and stops itself with `CASTY_MEMBERSHIP_FORBIDDEN`. Decisions of sides that were apart are joined; none is taken back.
   *
   * @param whom - by address, or by the SHA-256 of its certificate as `openssl` shows it
   * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` for this node's own address, or what is no SHA-256;
   * `CASTY_MEMBERSHIP_TOO_MANY_FORBIDDEN` beyond 1,024 by this node, or where 4,096 are forbidden; `CASTY_MEMBERSHIP_STOPPED` or
   * `CASTY_MEMBERSHIP_DOWNED` when this node is no member any more
   */
  forbid(whom: Forbidden): void {
    this.#assertRunning('forbid anybody')
    const forbidden = checkForbidden(whom, this.self)
    const { evictions } = this.getState()
    if (evictions.has(forbidden)) return
    const hasRoom = evictions.merge([forbidden]).has(forbidden)
    if (!hasRoom || this.#forbiddenHere >= maxForbidden) {
      throw MembershipError.tooManyForbidden(maxForbidden)
    }
    this.#forbiddenHere++
    this.#change((state) => state.with({ evictions: state.evictions.merge([forbidden]) }))
  }

  /** Runs `task` when this node leaves, before the others let it go: for handing over. */
  beforeExit(task: () => Promise<void>): Disposable {
    return this.#node.exitTasks.add(task)
  }

  /** Offers a service: every member sees it until this is disposed of, or the node is gone. */
  registerService(key: string, path: string): Disposable {
    this.#assertRunning('offer a service')
    checkService(key, path)
    const row = this.getState().registry.register(this.self, key, path).rows.get(this.self.key)
    if (row) checkOffer(row, this.#node.maxFrameBytes)
    this.#change((state) => state.withRegistry(state.registry.register(this.self, key, path)))
    return {
      [Symbol.dispose]: () =>
        this.#change((state) =>
          state.withRegistry(state.registry.unregister(this.self, key, path)),
        ),
    }
  }

  /**
   * Spreads the shard table of one entity type. A table of a higher epoch replaces it everywhere,
   * one of a lower epoch changes nothing. Who may publish is for the caller to decide. Epochs go up to `highestBelieved`:
   * of members as well, so that one that makes up an epoch does not end all publishing.
   */
  publishAllocations(
    type: string,
    shards: ReadonlyMap<number, ShardAllocation>,
    epoch: number,
  ): void {
    this.#assertRunning('publish allocations')
    checkTable(type, shards, epoch, this.self, this.#node)
    this.#change((state) => state.withAllocations(type, shards, epoch, this.self))
  }

  #change(change: (state: ClusterState) => ClusterState): void {
    if (!this.#isStopped) this.#node.dispatch({ type: 'sections-changed', cluster: change })
  }

  metrics(): ClusterMetrics {
    const { messenger, dropped, subscribers, endpoint } = this.#node
    return {
      messagesSent: messenger.sent.toJSON(),
      messagesReceived: messenger.received.toJSON(),
      bytesSent: messenger.bytesSent,
      bytesReceived: messenger.bytesReceived,
      dropped: dropped.toJSON(),
      listenerErrors: subscribers.errors,
      endpoint: endpoint.counters(),
    }
  }

  /** Why this node is not up, who blocks convergence, why a member is unreachable. */
  explain(): ClusterExplanation {
    const { state, detection, downing, joiner, dropped, endpoint } = this.#node
    const lastRefusal = joiner?.lastRefusal
    return explainState(state, {
      watched: detection.watch.report(),
      doubt: detection.watch.doubt,
      lastRefusal:
        lastRefusal && `${lastRefusal.contact}: ${lastRefusal.reason}, ${lastRefusal.detail}`,
      contacts: joiner?.contacts ?? [],
      lastDiscoveryError: joiner?.discoveryError,
      dropped: dropped.toJSON(),
      downing: downing.explain(),
      transport: endpoint.explain(),
    })
  }

  /** Stops at once and tells nobody: the others will find this node unreachable. Idempotent. */
  async shutdown(): Promise<void> {
    await this.#node.shutdown()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  get #isStopped(): boolean {
    return this.#node.state.phase.type === 'stopped'
  }

  #assertRunning(what: string): void {
    if (this.#isStopped) throw stopErrorOf(this.#node.state, what)
  }
}

function upAndReachable({ members, unreachable }: ClusterState): number {
  return members.filter(({ status, key }) => status === 'up' && !unreachable.has(key)).length
}
