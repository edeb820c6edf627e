// The shell around the core of a client: it brings frames, time and contacts to it, and carries out what it answers.
import { systemClock } from '@casty/clock'
import type { Crdt, Replica } from '@casty/crdt'
import type { NodeIdentity } from '@casty/membership'
import { KnownTypes } from '../any-value.ts'
import { nodesNeeded } from '../consistency.ts'
import { CoreRunner, momentOf } from '../core-runner.ts'
import { ReplicatorError } from '../errors.ts'
import { checkKey, type ReplicatedKey } from '../key.ts'
import type { Outcome, ReadOptions, WriteOptions } from '../outcome.ts'
import { isFirstOn } from '../one-for-each-life.ts'
import { UserCalls } from '../user-calls.ts'
import { emptied, valueAs } from '../user-changes.ts'
import { checkListener, ValueListeners } from '../value-listeners.ts'
import { refusalOf } from '../wire/codec.ts'
import type { DecodeLimits } from '../wire/fields.ts'
import { ClientCore } from './client-core.ts'
import type { ClientCoreEvent, ClientEffect, ClientReplicatorEvent } from './client-events.ts'
import { clientFramesOf, clientReplicaFrameType } from './client-frames.ts'
import { decodeClientMessage } from './client-messages.ts'
import {
  checkedClientSettings,
  type ClientReplicatorOptions,
  type ReplicatingClient,
} from './client-options.ts'

/** What a client has of the values of a cluster. */
export interface ClientReplicatorMetrics {
  readonly keys: number
  /** Calls and changes that no member has answered. */
  readonly pendingCalls: number
  readonly listenerErrors: number
  /** Frames that were not taken: they were malformed, or of a type that is not known. */
  readonly dropped: number
}

/**
 * Copies of some values of a cluster, in a process that is no member of it: a page, a phone. Reads and changes are made here,
 * at once, also while no member is in reach. What changed goes to one member, and from there to all; what others change
 * comes from it. A client counts as no node: where a call takes a majority, that is of members.
 */
export class ClientReplicator implements Disposable {
  readonly #client: ReplicatingClient
  readonly #core: ClientCore
  readonly #runner: CoreRunner<ClientCoreEvent, ClientEffect>
  readonly #calls: UserCalls
  readonly #limits: DecodeLimits
  readonly #listeners: ValueListeners
  readonly #watchers = new Set<(event: ClientReplicatorEvent) => void>()
  readonly #subscriptions: readonly Disposable[]
  #contact: NodeIdentity | undefined
  #dropped = 0

  private constructor(options: ClientReplicatorOptions) {
    const { client, clock = systemClock, types = [], onError = (): void => {} } = options
    const { timeoutMs, ...settings } = checkedClientSettings(options)
    if (client.isClosed) throw ReplicatorError.stopped(client.self.key)
    const knownTypes = new KnownTypes(types)
    const core = new ClientCore({ ...settings, self: client.self.key }, momentOf(clock))
    this.#client = client
    this.#core = core
    this.#limits = { knownTypes, maxValueBytes: settings.maxValueBytes }
    this.#listeners = new ValueListeners(onError)
    this.#runner = new CoreRunner({
      clock,
      step: (event) => core.step(event, momentOf(clock)),
      nextDeadline: () => core.nextDeadline,
      perform: (effect) => this.#perform(effect),
      timePassed: { type: 'time-passed' },
    })
    this.#calls = new UserCalls({
      timeoutMs,
      knownTypes,
      dispatch: (event) => this.#runner.dispatch(event),
      stopped: () => (this.#runner.isDisposed ? this.#stopped() : undefined),
      // How many members there are is for them to say.
      check: (consistency) => void nodesNeeded(consistency, 1),
    })
    this.#subscriptions = [
      client.cluster.endpoint.handle(
        clientReplicaFrameType,
        (from, bytes, start, end) => this.#frameArrived(from, bytes, start, end),
        { from: 'members' },
      ),
      client.subscribe(() => this.#contactMayHaveChanged()),
    ]
    if (!isFirstOn(client.cluster.endpoint)) {
      this[Symbol.dispose]()
      throw this.#stopped()
    }
    this.#contactMayHaveChanged()
  }

  /**
   * Begins to hold values in a client of a cluster, until it is disposed of. One for each client, also one after the other.
   *
   * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`, `CASTY_REPLICATOR_STOPPED` of a client that has ended, or had one before; TransportError `CASTY_TRANSPORT_INVALID_OPTION` where the
   * client has one already
   */
  static attach(options: ClientReplicatorOptions): ClientReplicator {
    return new ClientReplicator(options)
  }

  /**
   * Changes a value: here at once, and on members in time. The key is held from then on.
   *
   * @param change - as of `Replicator.update`
   * @returns once as many members have the change as `write` asks for: by default the one that this client talks to. Where no
   * member answered in time, it is unconfirmed with 0 nodes, and is sent until one does
   *
   * Rejects with `CASTY_REPLICATOR_…`: with `…_REFUSED` or `…_LOST` where the members did not take it, and it is undone here;
   * with what `change` throws, or with `CASTY_CRDT_FOREIGN_VALUE`: nothing was changed then; and with `signal.reason`.
   */
  async update<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    change: (value: C, replica: Replica) => C,
    options: WriteOptions = {},
  ): Promise<Outcome<C>> {
    return await this.#calls.update(key, change, options)
  }

  /** The value of a key as members have it, and held from then on: of as many of them as `read` asks for. */
  async get<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    options: ReadOptions = {},
  ): Promise<Outcome<C>> {
    return await this.#calls.get(key, options)
  }

  /** Empties a value: what is here of it is gone, what others change at the same time stays. */
  async delete<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    options: WriteOptions = {},
  ): Promise<Outcome<C>> {
    return await this.update(key, (value) => emptied(value), options)
  }

  /** What is here of a key now; the empty value where nothing was told yet. */
  local<C extends Crdt<C>>(key: ReplicatedKey<C>): C {
    checkKey(key)
    return valueAs(key, this.#core.valueOf(key.name, this.#limits.knownTypes.of(key.type)))
  }

  /**
   * Holds a key, and delivers its value: the one that is here now, then every later one. A listener that throws disturbs
   * nobody. The key stays held until it is released.
   *
   * @throws ReplicatorError `CASTY_REPLICATOR_FULL`, `…_TYPE_MISMATCH`, `…_STOPPED`
   */
  subscribe<C extends Crdt<C>>(key: ReplicatedKey<C>, listener: (value: C) => void): Disposable {
    if (this.#runner.isDisposed) throw this.#stopped()
    const current = this.local(key)
    this.#core.checkRoom(key.name)
    this.#runner.dispatch({
      type: 'hold-requested',
      key: key.name,
      valueType: this.#limits.knownTypes.of(key.type),
    })
    return this.#listeners.add(key, current, listener)
  }

  /** Has its copy forgotten, and no longer told of. What was changed still goes to a member. */
  release(key: Pick<ReplicatedKey<unknown>, 'name'>): void {
    this.#runner.dispatch({ type: 'release-requested', key: key.name })
  }

  /** Tells of what else happens to the copies, from now on. */
  watch(listener: (event: ClientReplicatorEvent) => void): Disposable {
    checkListener(listener)
    this.#watchers.add(listener)
    return { [Symbol.dispose]: () => this.#watchers.delete(listener) }
  }

  metrics(): ClientReplicatorMetrics {
    return {
      keys: this.#core.keys.length,
      pendingCalls: this.#core.pendingCalls,
      listenerErrors: this.#listeners.errors,
      dropped: this.#dropped,
    }
  }

  /** Ends: calls that wait fail with `CASTY_REPLICATOR_STOPPED`, what no member has is lost. */
  [Symbol.dispose](): void {
    if (this.#runner.isDisposed) return
    this.#runner[Symbol.dispose]()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#calls.failAll(this.#stopped())
    this.#listeners.clear()
    this.#watchers.clear()
  }

  #stopped(): ReplicatorError {
    return ReplicatorError.stopped(this.#client.self.key)
  }

  #perform(effect: ClientEffect): void {
    switch (effect.type) {
      case 'send':
        if (!this.#contact) return
        for (const frame of clientFramesOf(effect.message, this.#limits.maxValueBytes)) {
          // What is dropped is found missing when digests are told next.
          const { endpoint } = this.#client.cluster
          endpoint.send(this.#contact, 'data', clientReplicaFrameType, frame)
        }
        return
      case 'publish':
        this.#listeners.publish(effect.key, effect.value)
        return
      case 'answer':
        this.#calls.settle(effect.id, effect.outcome)
        return
      case 'tell':
        for (const watcher of this.#watchers) {
          this.#listeners.guard(() => watcher(effect.event))
        }
    }
  }

  #contactMayHaveChanged(): void {
    const { contact } = this.#client
    if (contact?.key === this.#contact?.key) return
    this.#contact = contact
    this.#runner.dispatch({ type: 'contact-changed', contact: contact?.key })
  }

  #frameArrived(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    try {
      const message = decodeClientMessage(bytes, start, end, this.#limits)
      this.#runner.dispatch({ type: 'message-received', from: from.key, message })
    } catch (error) {
      if (refusalOf(error) === undefined) throw error
      this.#dropped++
    }
  }
}
