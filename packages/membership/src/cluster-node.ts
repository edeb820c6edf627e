// The shell around the protocol core of one node: it owns the timer and the life cycle, turns what
// arrives into events and effects into calls, and decides nothing.
import { systemClock, systemRandom, type Clock } from '@casty/clock'
import type { Endpoint, EndpointEvent, NodeIdentity } from '@casty/transport'
import { Alarm } from './alarm.ts'
import type { CheckedConfig } from './check-config.ts'
import { DelayedCalls } from './delayed-calls.ts'
import { Detection } from './detection.ts'
import { DowningRunner } from './downing-runner.ts'
import { EvictionFollower } from './eviction-follower.ts'
import type { ClusterEvent, StopReason } from './events.ts'
import { ExitTasks } from './exit-tasks.ts'
import { FalseClaimLog } from './false-claim-log.ts'
import { Joiner } from './joiner.ts'
import { leaveOutcomeOf, stopErrorOf, warnOfLeaving } from './leave-outcome.ts'
import {
  initialState,
  type MembershipEffect,
  type MembershipInput,
  type MembershipState,
} from './membership-state.ts'
import type { ClusterMessage } from './messages.ts'
import { Messenger } from './messenger.ts'
import type { ClusterConfig, Logger } from './options.ts'
import { Protocol } from './protocol.ts'
import { warnOfStranger } from './stranger-log.ts'
import { Subscribers } from './subscribers.ts'
import { Tally } from './tally.ts'
import { Waiters } from './waiters.ts'
import { wordsOfRefusal } from './words-of-refusal.ts'

/** After removal, how long connections to a node stay open for its last words. */
const forgetAfterMs = 1_000

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export class ClusterNode {
  readonly endpoint: Endpoint
  /** Largest frame of the data lane: what is published must fit. */
  readonly maxFrameBytes: number
  readonly messenger: Messenger
  readonly protocol: Protocol
  readonly subscribers: Subscribers
  readonly waiters: Waiters
  readonly dropped: Tally = new Tally()
  readonly exitTasks: ExitTasks
  readonly detection: Detection
  readonly downing: DowningRunner
  readonly #clock: Clock
  readonly #logger: Logger
  /** There is a secret, and nothing that encrypts. */
  readonly #speaksOpenly: boolean
  readonly #joiner: Joiner
  readonly #alarm: Alarm
  readonly #delayed: DelayedCalls
  readonly #falseClaims: FalseClaimLog
  readonly #evictions: EvictionFollower
  #closed: Promise<void> | undefined

  constructor(
    config: ClusterConfig,
    checked: CheckedConfig,
    endpoint: Endpoint,
    maxFrameBytes: number,
  ) {
    this.#clock = config.clock ?? systemClock
    const random = config.random ?? systemRandom
    const logger = config.logger ?? silent
    this.#logger = logger
    this.#speaksOpenly = config.authentication !== undefined && !config.transport.security
    this.endpoint = endpoint
    this.maxFrameBytes = maxFrameBytes
    this.messenger = new Messenger(endpoint, maxFrameBytes)
    this.subscribers = new Subscribers((error) => logger.error({ error }, 'A listener threw'))
    this.waiters = new Waiters(this.#clock)
    this.exitTasks = new ExitTasks(this.#clock, checked.exitTimeoutMs, logger)
    this.#delayed = new DelayedCalls(this.#clock)
    this.#falseClaims = new FalseClaimLog(logger, this.#clock)
    this.#evictions = new EvictionFollower({
      endpoint,
      delayed: this.#delayed,
      cluster: () => this.state.cluster,
      down: (nodes) => this.dispatch({ type: 'down-requested', nodes }),
    })
    this.downing = new DowningRunner(config.downing, {
      clock: this.#clock,
      logger,
      state: () => this.state,
      down: (nodes) => this.dispatch({ type: 'down-requested', nodes }),
      deadlineMoved: () => this.#alarm.arm(),
    })
    const around = { logger, clock: this.#clock }
    this.#joiner = new Joiner(endpoint, checked.seedNodes, around, {
      input: (input) => this.dispatch(input),
      refused: (refusal) => this.#publishNow({ type: 'join-refused', ...refusal }),
    })
    const id = checked.settings.id ?? endpoint.self.address.toString()
    const state = initialState(endpoint.self, {
      ...checked.settings,
      id,
      monitoredBy: checked.monitoredBy,
      // The other half is for what a large partition makes nodes say of each other.
      maxStateBytes: maxFrameBytes / 2,
    })
    this.protocol = new Protocol(state, this.#clock, random, {
      perform: (effect) => this.#perform(effect),
      stepped: () => this.#follow(),
    })
    this.detection = new Detection(config, checked, {
      clock: this.#clock,
      random,
      endpoint,
      messenger: this.messenger,
      dispatch: (input) => this.dispatch(input),
      state: () => this.state,
      publish: (event) => this.#publishNow(event),
    })
    this.#alarm = new Alarm(this.#clock, [this.detection, this.downing, this.protocol])
  }

  open(bootstrap: boolean): void {
    this.downing.start(this.endpoint.self)
    this.messenger.listen(
      (from, message) => this.#receive(from, message),
      (from) => this.#askAnew(from),
    )
    this.endpoint.subscribe((event) => this.#transportEvent(event))
    if (this.#speaksOpenly) {
      const { address } = this.endpoint.self
      const message =
        'Nodes prove a secret to each other, and do not encrypt: who is on the way reads all'
      this.#logger.warn({ address: address.toString() }, message)
    }
    this.dispatch({ type: 'started', bootstrap })
  }

  get state(): MembershipState {
    return this.protocol.state
  }

  /** The wall clock, in milliseconds since the epoch. */
  get wallNow(): number {
    return this.#clock.wallNow()
  }

  /** What asking to join came to so far; undefined once it is over. */
  get joiner(): Joiner | undefined {
    return this.state.phase.type === 'joining' ? this.#joiner : undefined
  }

  /** Settles when the endpoint of a node that has stopped is closed. */
  get closed(): Promise<void> {
    return this.#closed ?? Promise.resolve()
  }

  dispatch(input: MembershipInput): void {
    this.protocol.dispatch(input)
    this.#alarm.arm()
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.type) {
      case 'resolve-contacts':
        void this.#joiner.resolveContacts()
        return
      case 'ask-to-join':
        void this.#joiner.ask(effect.contact, (member) => this.#join(member))
        return
      case 'dial':
        this.endpoint.connect(effect.address, { namedBy: 'others' }).then(
          (node) => this.dispatch({ type: 'successor-met', node }),
          () => {}, // Whoever refuses is heard of by an event of the endpoint.
        )
        return
      case 'send':
        this.messenger.tells(effect.to, this.state.cluster.version)
        this.messenger.send(effect.to, effect.message)
        return
      case 'reincarnate':
        this.#reincarnate(effect.incarnation)
        return
      case 'publish':
        if (effect.event.type === 'join-refused') this.#joiner.refusedByMember(effect.event)
        if (effect.event.type === 'false-claim') this.#falseClaims.note(effect.event)
        this.#publish(effect.event)
        return
      case 'forget':
        this.#delayed.after(forgetAfterMs, () => this.endpoint.forget(effect.node, 'removed'))
        return
      case 'drop':
        this.dropped.count(effect.reason)
        return
      case 'run-exit-tasks':
        void this.#runExitTasks()
        return
      case 'stop':
        if (effect.reason === 'left' && leaveOutcomeOf(this.state) === 'gave-up') {
          warnOfLeaving(this.state, 'stops', this.#logger)
        }
        this.stop(effect.reason, { isInOrder: effect.reason === 'left' })
        return
    }
  }

  /** What depends on the state follows it: the peers watched, the downing runtime, who waits. */
  #follow(): void {
    const { cluster, phase } = this.state
    this.#evictions.follow(cluster)
    if (phase.type !== 'stopped') {
      const isNews = this.detection.follow(cluster)
      if (isNews || this.downing.isNews(cluster)) this.downing.ask()
    }
    this.waiters.changed()
  }

  #join(member: NodeIdentity): void {
    const { phase, settings } = this.state
    if (phase.type !== 'joining') return
    this.messenger.send(member, { type: 'join', id: settings.id, roles: settings.roles })
  }

  #reincarnate(incarnation: number): void {
    this.messenger.keepConnected([])
    this.endpoint.reincarnate(incarnation)
    this.detection.restart()
    try {
      this.downing.start(this.endpoint.self)
    } catch (error) {
      this.#logger.error({ error }, 'The downing provider did not start again; the node stops')
      this.stop('left')
      return
    }
    this.dispatch({ type: 'reincarnated', self: this.endpoint.self })
  }

  #receive(from: NodeIdentity, message: ClusterMessage): void {
    if (this.state.phase.type === 'stopped') return
    switch (message.type) {
      case 'heartbeat':
      case 'heartbeat-answer':
      case 'probe':
      case 'probe-answer':
        this.detection.watch.receive(from, message)
        this.#alarm.arm()
        return
      default:
        if (message.type === 'join-refused') this.#joiner.declined(from, message.reason)
        this.dispatch({ type: 'message-received', from, message })
    }
  }

  /** A peer builds on a version that is forgotten here: told ours as a whole, it begins anew. */
  #askAnew(from: NodeIdentity): void {
    const { phase, cluster } = this.state
    if (phase.type === 'joining' || phase.type === 'stopped') return
    this.messenger.tells(from, cluster.version)
    this.messenger.send(from, { type: 'gossip-request', version: cluster.version })
  }

  #transportEvent(event: EndpointEvent): void {
    if (warnOfStranger(event, this.#logger) || this.state.phase.type === 'stopped') return
    if (event.type === 'lane-opened' && event.lane === 'control') {
      this.detection.watch.connected(event.peer)
      this.#alarm.arm()
    }
    if (event.type !== 'dial-failed' && event.type !== 'dial-refused') return
    this.detection.watch.connectionFailed(event)
    if (event.type === 'dial-refused') {
      for (const word of wordsOfRefusal(this, event)) this.dispatch(word)
    }
    this.detection.watch.wake()
    this.#alarm.arm()
  }

  async #runExitTasks(): Promise<void> {
    const { cluster, self } = this.state
    if (cluster.member(self)?.status !== 'exiting') {
      warnOfLeaving(this.state, 'runs its exit tasks', this.#logger)
    }
    await this.exitTasks.run()
    this.dispatch({ type: 'exit-tasks-done' })
  }

  /** Publishes what no step brought: also to those who subscribed since the last one. */
  #publishNow(event: ClusterEvent): void {
    this.protocol.countEvent()
    this.#publish(event)
  }

  #publish(event: ClusterEvent): void {
    this.subscribers.publish(event, this.protocol.steps)
  }

  async #close(isInOrder: boolean): Promise<void> {
    const { endpoint, downing } = this
    const closed = isInOrder ? endpoint.leave() : endpoint[Symbol.asyncDispose]()
    await Promise.all([closed, downing.stop()])
  }

  /** Stops at once, also a node that is about to close its connections in order. */
  async shutdown(): Promise<void> {
    if (this.#closed) await this.endpoint[Symbol.asyncDispose]()
    else this.stop('left')
    await this.#closed
  }

  /**
   * Stops whatever the phase was. What still waits fails, and no call succeeds any more.
   *
   * @param isInOrder - what the others have sent already still arrives: for whoever leaves
   */
  stop(reason: StopReason, { isInOrder = false }: { readonly isInOrder?: boolean } = {}): void {
    if (this.#closed) return
    this.protocol.halt(reason)
    this.#closed = this.#close(isInOrder)
    this.#alarm.stop()
    this.exitTasks.stop()
    this.detection.watch.stop()
    this.#joiner.stop(stopErrorOf(this.state, 'go on'))
    this.#delayed.stop()
    this.protocol.countEvent()
    if (reason !== 'left') this.#publish({ type: 'self-downed', self: this.state.self.key, reason })
    this.#publish({ type: 'cluster-shutting-down', reason })
    this.waiters.changed()
  }
}
