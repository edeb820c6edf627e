// The shell around the core: it brings frames, time and the cluster's changes to it, and carries out what it
// answers. It decides nothing.
import { systemClock, systemRandom, type Clock } from '@casty/clock'
import type { Crdt, Replica } from '@casty/crdt'
import type { Cluster, NodeIdentity } from '@casty/membership'
import { KnownTypes } from './any-value.ts'
import { ClientServing } from './clients/client-serving.ts'
import { CoreRunner, momentOf } from './core-runner.ts'
import type { ReplicatorEffect, ReplicatorEvent } from './core/events.ts'
import { ReplicatorCore } from './core/replicator-core.ts'
import { ReplicatorError } from './errors.ts'
import { explainCore, type ReplicatorExplanation, type ReplicatorMetrics } from './explanation.ts'
import { checkKey, type ReplicatedKey } from './key.ts'
import { isFirstOn } from './one-for-each-life.ts'
import { HoldingMembers } from './holding-members.ts'
import {
  checkedSettings,
  type ClientsOptions,
  type KeepingOptions,
  type ReplicatorOptions,
  type ReplicatorSettings,
} from './options.ts'
import type { Outcome, ReadOptions, WriteOptions } from './outcome.ts'
import { formerLife, type FormerLife } from './store/former-life.ts'
import { Keeping } from './store/keeping.ts'
import { UserCalls } from './user-calls.ts'
import { emptied, valueAs } from './user-changes.ts'
import { ValueListeners } from './value-listeners.ts'
import { decodeMessage, refusalOf } from './wire/codec.ts'
import { encodeEnvelope, type DecodeLimits } from './wire/fields.ts'
import { framesOf } from './wire/frames.ts'
import type { ReplicatorMessage } from './wire/messages.ts'

/** The frame type on `Cluster.endpoint` of everything that replicators tell each other. */
export const replicatorFrameType = 56

/**
 * Values that converge on every member of a cluster. Each node has all of them: reads and changes are made here,
 * at once, also while the cluster is cut in two, and told to the others. A call may ask for more.
 */
export class Replicator implements Disposable, AsyncDisposable {
  readonly #cluster: Cluster
  readonly #core: ReplicatorCore
  readonly #runner: CoreRunner<ReplicatorEvent, ReplicatorEffect>
  readonly #calls: UserCalls
  readonly #members: HoldingMembers
  readonly #limits: DecodeLimits
  readonly #keeper: Keeping | undefined
  readonly #clients: ClientServing | undefined
  readonly #listeners: ValueListeners
  readonly #subscriptions: Disposable[] = []
  #counts = { framesRefused: 0, staleValues: 0 }

  private constructor(options: ReplicatorOptions, keeping?: KeepingOptions, former?: FormerLife) {
    const { cluster, clock = systemClock, random = systemRandom, types = [] } = options
    const { onError = (): void => {} } = options
    const settings = checkedSettings(options)
    const { timeoutMs, maxValueBytes, pruningMarkerMs } = settings
    const knownTypes = new KnownTypes(types)
    const isKept = keeping ? (keeping.isKept ?? ((): boolean => true)) : (): boolean => false
    const core = new ReplicatorCore({ ...settings, isKept, self: cluster.self.key })
    this.#cluster = cluster
    this.#core = core
    this.#members = new HoldingMembers(cluster)
    this.#limits = { knownTypes, maxValueBytes }
    this.#listeners = new ValueListeners(onError)
    this.#runner = new CoreRunner({
      clock,
      step: (event) => core.step(event, { ...momentOf(clock), draw: random() }),
      nextDeadline: () => core.nextDeadline(),
      perform: (effect) => this.#perform(effect),
      timePassed: { type: 'time-passed' },
    })
    this.#calls = new UserCalls({
      timeoutMs,
      knownTypes,
      dispatch: (event) => this.#runner.dispatch(event),
      stopped: () => (this.#runner.isDisposed ? this.#stopped() : undefined),
    })
    const bytesOf = (key: string): Uint8Array | undefined => {
      const entry = core.keys.get(key)
      return entry && encodeEnvelope(entry.envelope)
    }
    this.#keeper =
      keeping &&
      new Keeping({ store: keeping.store, isKept, clock, pruningMarkerMs, bytesOf, onError })
    // Nobody would tell it that the node has ended.
    if (cluster.explain().phase === 'stopped') throw this.#stopped()
    this.#clients = options.clients && this.#serving(options.clients, clock, settings)
    try {
      this.#open(former)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
    if (!this.#runner.isDisposed) this.#keeper?.begin()
  }

  /**
   * Takes part from now on.
   *
   * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` where another one does, ReplicatorError `CASTY_REPLICATOR_STOPPED` where
   * one did
   */
  #open(former: FormerLife | undefined): void {
    const { endpoint } = this.#cluster
    const received = endpoint.handle(
      replicatorFrameType,
      (from, bytes, start, end) => this.#frameArrived(from, bytes, start, end),
      { from: 'members' },
    )
    this.#subscriptions.push(received)
    const isFirst = isFirstOn(endpoint)
    if (!isFirst && !this.#keeper) throw this.#stopped()
    if (former) {
      this.#counts.staleValues = former.staleValues
      this.#runner.dispatch({ type: 'values-restored', states: former.states })
    }
    const subscription = this.#cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') this[Symbol.dispose]()
      else if (event.type === 'member-removed') this.#membersChanged([event.member.key])
      else this.#membersChanged([])
    })
    this.#subscriptions.push(subscription)
    this.#runner.arm()
  }

  /**
   * Begins to replicate on a node of a cluster, until it is disposed of. One for each node, also one after the other.
   *
   * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`, `…_STOPPED` where the node has ended, or had one before; TransportError
   * `CASTY_TRANSPORT_INVALID_OPTION` where the node has one already
   */
  static attach(options: ReplicatorOptions): Replicator {
    return new Replicator(options)
  }

  /**
   * Begins to replicate with what a former life of this node kept, and keeps what changes from now on: a change of
   * such a key is confirmed once it outlives this node, and every node that confirms it.
   *
   * What was kept longer than `pruningMarkerMs` ago is not taken up: others may have forgotten by now what was
   * removed meanwhile. They have the rest, and bring it. Until then, what this node alone knew comes to all: for so
   * long nobody is pruned out of these keys, so all nodes are to keep the same ones.
   *
   * Where this life of the node had a replicator before, that must have kept all that it changed, in the same store.
   *
   * Rejects as `attach` throws, also where the node ends before all was read, and with what the store rejects with.
   */
  static async restore(options: ReplicatorOptions & KeepingOptions): Promise<Replicator> {
    return new Replicator(options, options, await formerLife(options))
  }

  /**
   * Changes a value: here at once, and on others in time.
   *
   * @param change - a pure function of the value, the empty one where there is none; answers what it makes of it
   * @returns once as many nodes have the change as `write` asks for, or the time is up
   *
   * Rejects with `CASTY_REPLICATOR_…`, with what `change` throws, or with `CASTY_CRDT_FOREIGN_VALUE`: nothing was
   * changed then; and with `signal.reason`.
   */
  async update<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    change: (value: C, replica: Replica) => C,
    options: WriteOptions = {},
  ): Promise<Outcome<C>> {
    return await this.#calls.update(key, change, options)
  }

  /** The value of a key, with what as many nodes have of it as `read` asks for; the empty one where there is none. */
  async get<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    options: ReadOptions = {},
  ): Promise<Outcome<C>> {
    return await this.#calls.get(key, options)
  }

  /**
   * Empties a value: what this node has seen of it is gone, what others change at the same time stays. The key
   * can be used again at once.
   */
  async delete<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    options: WriteOptions = {},
  ): Promise<Outcome<C>> {
    return await this.update(key, (value) => emptied(value), options)
  }

  /** What this node has of a key now; the empty value where it has nothing. */
  local<C extends Crdt<C>>(key: ReplicatedKey<C>): C {
    checkKey(key)
    return valueAs(key, this.#core.valueOf(key.name, this.#limits.knownTypes.of(key.type)))
  }

  /** Delivers the value that this node has now, then every later one. A listener that throws disturbs nobody. */
  subscribe<C extends Crdt<C>>(key: ReplicatedKey<C>, listener: (value: C) => void): Disposable {
    return this.#listeners.add(key, this.local(key), listener)
  }

  metrics(): ReplicatorMetrics {
    const { keys, pendingCalls, counts } = this.#core
    const listenerErrors = this.#listeners.errors
    return { ...counts, ...this.#counts, listenerErrors, keys: keys.size, pendingCalls }
  }

  /** Why something is not confirmed, or a node not pruned yet. */
  explain(): ReplicatorExplanation {
    return explainCore(this.#core, this.#members.reachable)
  }

  /** Ends: calls that wait fail with `CASTY_REPLICATOR_STOPPED`, values stay with the others. */
  [Symbol.dispose](): void {
    if (this.#runner.isDisposed) return
    this.#runner[Symbol.dispose]()
    this.#keeper?.[Symbol.dispose]()
    this.#clients?.[Symbol.dispose]()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#calls.failAll(this.#stopped())
    this.#listeners.clear()
  }

  /** The same, and resolves once nothing is being written any more: a journal is closed after that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]()
    await this.#keeper?.lastSave
  }

  #stopped(): ReplicatorError {
    return ReplicatorError.stopped(this.#cluster.self.key)
  }

  #perform(effect: ReplicatorEffect): void {
    switch (effect.type) {
      case 'keep':
        this.#keeper?.changed(effect.key)
        return
      case 'send': {
        const { to, message, afterKeeping } = effect
        if (afterKeeping === undefined || !this.#keeper) return this.#send(to, message)
        return this.#keeper.after(afterKeeping, (error) => {
          if (error === undefined) this.#send(to, message)
        })
      }
      case 'publish':
        this.#listeners.publish(effect.key, effect.value)
        this.#clients?.changed(effect.key, effect.change)
        return
      case 'answer': {
        const { id, key, outcome } = effect
        if (!this.#keeper || outcome.type === 'failed') return this.#calls.settle(id, outcome)
        return this.#keeper.after(key, (error) =>
          this.#calls.settle(
            id,
            error === undefined
              ? outcome
              : { type: 'failed', error: ReplicatorError.notKept(key, error) },
          ),
        )
      }
    }
  }

  #send(key: string, message: ReplicatorMessage): void {
    const to = this.#members.node(key)
    if (to === undefined || this.#runner.isDisposed) return
    for (const frame of framesOf(message, this.#limits.maxValueBytes)) {
      const outcome = this.#cluster.endpoint.send(to, 'data', replicatorFrameType, frame)
      if (outcome === 'dropped') this.#counts.framesRefused++
    }
  }

  #serving(
    options: ClientsOptions,
    clock: Clock,
    { clientNameMs, maxClientLead }: Required<ReplicatorSettings>,
  ): ClientServing {
    const { endpoint, self } = this.#cluster
    return new ClientServing({
      options,
      clientNameMs,
      self: self.key,
      maxLead: maxClientLead,
      reachable: () => this.#members.reachable,
      endpoint,
      limits: this.#limits,
      clock,
      replicator: {
        envelopeOf: (key) => this.#core.keys.get(key)?.envelope,
        update: (key, change, waiting) => this.update(key, change, waiting),
        get: (key, waiting) => this.get(key, waiting),
      },
      named: (names) => this.#runner.dispatch({ type: 'clients-named', names }),
      dropped: (reason) => this.#core.countDropped(reason),
      notSent: () => this.#counts.framesRefused++,
    })
  }

  #frameArrived(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    try {
      const message = decodeMessage(bytes, start, end, this.#limits)
      this.#runner.dispatch({ type: 'message-received', from: from.key, message })
    } catch (error) {
      const reason = refusalOf(error)
      if (reason === undefined) throw error
      this.#core.countDropped(reason)
    }
  }

  #membersChanged(removed: readonly string[]): void {
    this.#runner.dispatch(this.#members.change(removed))
  }
}
