// The shell around the protocol core of one node: it owns the timer and the life cycle, turns what
// arrives into events and effects into calls, and decides nothing.
import { systemClock, systemRandom, type Clock, type Random } from '@casty/clock'
import type {
  Admission,
  Endpoint,
  EndpointEvent,
  NodeAddress,
  NodeIdentity,
  NodeKey,
  PeerHello,
} from '@casty/transport'
import type { DowningOutcome, DowningProvider, DowningView } from './downing.ts'
import { MembershipError } from './errors.ts'
import type { ClusterEvent, StopReason } from './events.ts'
import { Joiner, type LastRefusal } from './joiner.ts'
import { outlivedBy } from './joining.ts'
import {
  initialState,
  viewpoint,
  type MembershipEffect,
  type MembershipInput,
  type MembershipState,
} from './membership-state.ts'
import type { ClusterMessage } from './messages.ts'
import { Messenger } from './messenger.ts'
import type { CheckedConfig, ClusterConfig, Logger } from './options.ts'
import { PeerWatch } from './peer-watch.ts'
import { nextDeadline, step } from './step.ts'
import { Subscribers } from './subscribers.ts'
import { Tally } from './tally.ts'
import { Waiters } from './waiters.ts'

/** After removal, how long connections to a node stay open for its last words. */
const forgetAfterMs = 1_000

/** A downing provider is not asked again sooner than this, whatever it asks for. */
const soonestDowningMs = 100

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export class ClusterNode {
  readonly endpoint: Endpoint
  /** Largest frame of the data lane: what is published must fit. */
  readonly maxFrameBytes: number
  readonly messenger: Messenger
  readonly subscribers: Subscribers
  readonly waiters: Waiters
  readonly dropped: Tally = new Tally()
  readonly exitTasks: Set<() => Promise<void>> = new Set()
  readonly #config: ClusterConfig
  readonly #checked: CheckedConfig
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #joiner: Joiner
  readonly #queue: MembershipInput[] = []
  readonly #timers = new Set<Disposable>()
  #state: MembershipState
  #watch: PeerWatch
  #watched: MembershipState['cluster'] | undefined
  #timer: Disposable | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #downingAt = Number.POSITIVE_INFINITY
  #steps = 0
  #closed: Promise<void> | undefined

  constructor(
    config: ClusterConfig,
    checked: CheckedConfig,
    endpoint: Endpoint,
    maxFrameBytes: number,
  ) {
    this.#config = config
    this.#checked = checked
    this.#clock = config.clock ?? systemClock
    this.#random = config.random ?? systemRandom
    const logger = config.logger ?? silent
    this.#logger = logger
    this.endpoint = endpoint
    this.maxFrameBytes = maxFrameBytes
    this.messenger = new Messenger(endpoint, maxFrameBytes)
    this.subscribers = new Subscribers((error) => logger.error({ error }, 'A listener threw'))
    this.waiters = new Waiters(this.#clock)
    this.#joiner = new Joiner(endpoint, checked.seedNodes, logger, {
      input: (input) => this.dispatch(input),
      refused: (refusal) => this.#publishNow({ type: 'join-refused', ...refusal }),
    })
    const id = checked.settings.id ?? endpoint.self.address.toString()
    this.#state = initialState(endpoint.self, {
      ...checked.settings,
      id,
      monitoredBy: checked.monitoredBy,
      // The other half is for what a large partition makes nodes say of each other.
      maxStateBytes: maxFrameBytes / 2,
    })
    this.#watch = this.#createWatch(endpoint.self)
  }

  open(): void {
    this.messenger.listen((from, message) => this.#receive(from, message))
    this.endpoint.subscribe((event) => this.#transportEvent(event))
    this.dispatch({ type: 'started', bootstrap: this.#checked.bootstrap })
  }

  get state(): MembershipState {
    return this.#state
  }

  get watch(): PeerWatch {
    return this.#watch
  }

  get lastRefusal(): LastRefusal | undefined {
    return this.#state.phase.type === 'joining' ? this.#joiner.lastRefusal : undefined
  }

  /** How many events were taken: names the state that a subscriber was told at first. */
  get steps(): number {
    return this.#steps
  }

  /** Settles when the endpoint of a node that has stopped is closed. */
  get closed(): Promise<void> {
    return this.#closed ?? Promise.resolve()
  }

  /** Runs each event to completion: one raised meanwhile waits its turn, so all see one order. */
  dispatch(input: MembershipInput): void {
    if (this.#queue.push(input) > 1) return
    try {
      for (const next of this.#queue) this.#take(next)
    } finally {
      this.#queue.length = 0
    }
    this.#arm()
  }

  #take(input: MembershipInput): void {
    const now = this.#clock.now()
    const wallNow = this.#clock.wallNow()
    const [state, effects] = step(this.#state, { ...input, now, wallNow, draw: this.#random() })
    this.#state = state
    this.#steps++
    for (const effect of effects) {
      if (this.#closed) return // A listener shut the node down: nothing comes after that.
      this.#perform(effect)
    }
    this.#follow()
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.type) {
      case 'resolve-contacts':
        void this.#joiner.resolveContacts()
        return
      case 'ask-to-join':
        void this.#ask(effect.contact)
        return
      case 'send':
        this.messenger.send(effect.to, effect.message)
        return
      case 'reincarnate':
        this.#reincarnate(effect.incarnation)
        return
      case 'publish':
        this.#publish(effect.event)
        return
      case 'forget':
        this.#forgetLater(effect.node)
        return
      case 'drop':
        this.dropped.count(effect.reason)
        return
      case 'run-exit-tasks':
        void this.#runExitTasks()
        return
      case 'stop':
        this.stop(effect.reason)
        return
    }
  }

  /** What depends on the state follows it: the peers watched, the downing provider, who waits. */
  #follow(): void {
    const { cluster, phase } = this.#state
    const isSame =
      this.#watched?.records === cluster.records &&
      this.#watched.reachability === cluster.reachability
    if (!isSame && phase.type !== 'stopped') {
      this.#watched = cluster
      this.#watch.update(cluster)
      this.#askDowning()
    }
    this.waiters.changed()
  }

  #askDowning(): void {
    const { downing } = this.#config
    const { phase, self, cluster } = this.#state
    if (!downing || phase.type === 'joining' || phase.type === 'stopped') return
    const now = this.#clock.now()
    const outcome = this.#decide(downing, {
      now,
      self,
      state: cluster,
      viewpoint: viewpoint(this.#state),
    })
    const { wakeAt = Number.POSITIVE_INFINITY } = outcome
    // Asked for a time that is over it is asked again soon, but the node does other things meanwhile.
    this.#downingAt = wakeAt > now ? wakeAt : now + soonestDowningMs
    if (outcome.down.length > 0) this.dispatch({ type: 'down-requested', nodes: outcome.down })
  }

  /** A provider is a user's code. One that throws has decided nothing, and is asked at the next change. */
  #decide(downing: DowningProvider, view: DowningView): DowningOutcome {
    try {
      return downing.decide(view)
    } catch (error) {
      this.#logger.error({ error }, 'The downing provider threw')
      return { down: [] }
    }
  }

  /** One timer for all that is due, set to whatever is due first. */
  #arm(): void {
    const at = Math.min(nextDeadline(this.#state), this.#watch.nextDeadline, this.#downingAt)
    if (at === this.#timerAt || this.#state.phase.type === 'stopped') return
    this.#timer?.[Symbol.dispose]()
    this.#timerAt = at
    this.#timer = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => this.#wake())
  }

  #wake(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#watch.wake()
    const now = this.#clock.now()
    if (now >= this.#downingAt) this.#askDowning()
    if (now >= nextDeadline(this.#state)) this.dispatch({ type: 'deadline-reached' })
    this.#arm()
  }

  async #ask(contact: NodeAddress): Promise<void> {
    const member = await this.#joiner.reach(contact)
    if (!member || this.#state.phase.type !== 'joining') return
    const { id, roles } = this.#state.settings
    this.messenger.send(member, { type: 'join', id, roles })
  }

  #reincarnate(incarnation: number): void {
    this.messenger.keepConnected([])
    this.endpoint.reincarnate(incarnation)
    this.#watch.stop()
    this.#watch = this.#createWatch(this.endpoint.self)
    this.dispatch({ type: 'reincarnated', self: this.endpoint.self })
  }

  #createWatch(self: NodeIdentity): PeerWatch {
    const options = {
      monitoredBy: this.#checked.monitoredBy,
      monitor: this.#config.failureDetector ?? {},
      eventLoopDelay: this.#config.eventLoopDelay,
    }
    return new PeerWatch(self, options, {
      clock: this.#clock,
      random: this.#random,
      send: (to, message) => this.messenger.send(to, message),
      isConnected: (peer) => this.endpoint.isConnected(peer, 'control'),
      lastHeardAt: (peer) => this.endpoint.lastHeardAt(peer),
      keepConnected: (peers) => this.messenger.keepConnected(peers),
      reconnect: (peer) => this.endpoint.reset(peer),
      observed: (subject, status) => this.dispatch({ type: 'node-observed', subject, status }),
      linkFault: (subject, reachedVia) => this.#reportLink(subject, reachedVia),
      doubtsChanged: (doubtful) => this.dispatch({ type: 'doubts-changed', doubtful }),
    })
  }

  #reportLink(node: NodeIdentity, reachedVia: NodeKey | undefined): void {
    const subject = this.#state.cluster.member(node)
    if (!subject) return
    const observer = this.#state.self.key
    this.#publishNow(
      reachedVia === undefined
        ? { type: 'link-restored', observer, subject }
        : { type: 'link-fault', observer, subject, reachedVia },
    )
  }

  #receive(from: NodeIdentity, message: ClusterMessage): void {
    if (this.#state.phase.type === 'stopped') return
    switch (message.type) {
      case 'heartbeat':
      case 'heartbeat-answer':
      case 'probe':
      case 'probe-answer':
        this.#watch.receive(from, message)
        this.#arm()
        return
      default:
        this.dispatch({ type: 'message-received', from, message })
    }
  }

  /** The endpoint asks about every peer that connects: whoever is known to be over stays out. */
  admit({ identity }: PeerHello): Admission {
    const knownIncarnation = outlivedBy(this.#state.cluster, identity)
    if (knownIncarnation === undefined) return { type: 'admitted' }
    const reason = knownIncarnation === identity.incarnation ? 'removed' : 'stale-incarnation'
    const detail = `incarnation ${knownIncarnation} of ${identity.address} is known here`
    return { type: 'refused', reason, knownIncarnation, detail }
  }

  #transportEvent(event: EndpointEvent): void {
    const isFailure = event.type === 'dial-failed' || event.type === 'dial-refused'
    if (!isFailure || this.#state.phase.type === 'stopped') return
    this.#watch.connectionFailed(event)
    if (event.type === 'dial-refused') this.#heedRefusal(event)
    this.#watch.wake()
    this.#arm()
  }

  /** A member of our cluster says that this incarnation of ours is over. */
  #heedRefusal({ refusal }: Extract<EndpointEvent, { type: 'dial-refused' }>): void {
    const { reason, actual, knownIncarnation } = refusal
    if (reason !== 'removed' && reason !== 'stale-incarnation') return
    if (!actual || !this.#state.cluster.member(actual)) return
    const known = knownIncarnation ?? this.#state.self.incarnation
    this.dispatch({ type: 'outlived', knownIncarnation: known })
  }

  async #runExitTasks(): Promise<void> {
    const tasks = Promise.allSettled([...this.exitTasks].map(async (task) => task()))
    const results = await Promise.race([tasks, this.#exitTimeout()])
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      this.#logger.error({ error: result.reason }, 'An exit task failed')
    }
    this.dispatch({ type: 'exit-tasks-done' })
  }

  /** The failure that exit tasks come to when they do not end. */
  async #exitTimeout(): Promise<readonly PromiseSettledResult<void>[]> {
    const { exitTimeoutMs } = this.#checked
    return await new Promise((resolve) => {
      const timer = this.#clock.schedule(exitTimeoutMs, () => {
        this.#timers.delete(timer)
        const reason = MembershipError.exitTasksOverdue(exitTimeoutMs)
        resolve([{ status: 'rejected', reason }])
      })
      this.#timers.add(timer)
    })
  }

  #forgetLater(node: NodeIdentity): void {
    const timer = this.#clock.schedule(forgetAfterMs, () => {
      this.#timers.delete(timer)
      this.endpoint.forget(node, 'removed')
    })
    this.#timers.add(timer)
  }

  /** Publishes what no step brought: also to those who subscribed since the last one. */
  #publishNow(event: ClusterEvent): void {
    this.#steps++
    this.#publish(event)
  }

  #publish(event: ClusterEvent): void {
    this.subscribers.publish(event, this.#steps)
  }

  /** Stops whatever the phase was. What still waits fails, and no call succeeds any more. */
  stop(reason: StopReason): void {
    if (this.#closed) return
    this.#state = { ...this.#state, phase: { type: 'stopped', reason } }
    this.#closed = this.endpoint[Symbol.asyncDispose]()
    this.#timer?.[Symbol.dispose]()
    this.#watch.stop()
    this.#joiner.stop(this.stopError('go on'))
    for (const timer of this.#timers) timer[Symbol.dispose]()
    this.#steps++
    if (reason !== 'left') this.#publish({ type: 'self-downed', self: this.#state.self.key })
    this.#publish({ type: 'cluster-shutting-down', reason })
    this.waiters.changed()
  }

  /** Why a node that has stopped cannot do something. */
  stopError(what: string): MembershipError {
    const { phase, self } = this.#state
    const isOut = phase.type === 'stopped' && phase.reason !== 'left'
    return isOut ? MembershipError.downed(self.key) : MembershipError.stopped(self.key, what)
  }
}
