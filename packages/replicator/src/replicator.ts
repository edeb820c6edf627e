// The shell around the core: it brings frames, time and the cluster's changes to it, and carries out what it
// answers. It decides nothing.
import { systemClock, systemRandom, type Clock, type Random } from '@casty/clock'
import { fresh, type Crdt, type Replica } from '@casty/crdt'
import { byAge, type Cluster, type NodeIdentity } from '@casty/membership'
import { KnownTypes, type AnyValue } from './any-value.ts'
import { ClientServing } from './clients/client-serving.ts'
import type { Consistency } from './consistency.ts'
import type { Call, ReplicatorEffect, ReplicatorEvent } from './core/events.ts'
import { ReplicatorCore, type CoreCounts } from './core/replicator-core.ts'
import { ReplicatorError } from './errors.ts'
import type { ReplicatedKey } from './key.ts'
import {
  checkedDuration,
  checkedSettings,
  type ClientsOptions,
  type KeepingOptions,
  type ReplicatorOptions,
  type ReplicatorSettings,
} from './options.ts'
import { Keeper } from './store/keeper.ts'
import { changeOfAny, emptied } from './user-changes.ts'
import { ValueListeners } from './value-listeners.ts'
import { WaitingCalls } from './waiting-calls.ts'
import { decodeMessage, refusalOf } from './wire/codec.ts'
import { decodeEnvelope, encodeEnvelope } from './wire/fields.ts'
import { framesOf } from './wire/frames.ts'
import type { KeyState, ReplicatorMessage } from './wire/messages.ts'

/** The frame type on `Cluster.endpoint` of everything that replicators tell each other. */
export const replicatorFrameType = 56

/** Members in these states hold values. */
const holding: readonly string[] = ['weakly-up', 'up', 'leaving']

/** How long a call waits for other nodes, and whether it still does. */
export interface WaitOptions {
  /** @defaultValue the replicator's `timeoutMs` */
  readonly timeoutMs?: number
  /** Ends the waiting, with its reason. What was changed stays changed. */
  readonly signal?: AbortSignal
}

export interface WriteOptions extends WaitOptions {
  /** How many nodes must have the change. @defaultValue 'local' */
  readonly write?: Consistency
}

export interface ReadOptions extends WaitOptions {
  /** How many nodes are asked. @defaultValue 'local' */
  readonly read?: Consistency
}

/**
 * What came of a call. `unconfirmed`: fewer nodes than `needed` have answered in time, or there are not that
 * many. A change is not undone by that: it reaches the others later.
 */
export type Outcome<C> =
  | { readonly type: 'confirmed'; readonly value: C; readonly nodes: number }
  | {
      readonly type: 'unconfirmed'
      readonly value: C
      readonly nodes: number
      readonly needed: number
    }

/** Counts since the start, and how much there is now. */
export interface ReplicatorMetrics extends CoreCounts {
  readonly keys: number
  readonly pendingCalls: number
  readonly listenerErrors: number
  /** Frames that the endpoint did not take: digests bring what was in them. */
  readonly framesRefused: number
  /** Values that were kept for too long by a former life of this node, and were not taken up again. */
  readonly staleValues: number
}

/** What a replicator works with, and what it waits for. */
export interface ReplicatorExplanation {
  /** Other nodes that hold values, and whether they are in reach. */
  readonly nodes: readonly { readonly node: string; readonly isReachable: boolean }[]
  /** Nodes that are gone, and not out of all values yet, or not for long. */
  readonly nodesToPrune: readonly string[]
  readonly pendingCalls: number
  readonly keys: number
  readonly summary: string
}

/** How often in `pruningMarkerMs` the store is told that this node is alive. */
const signsOfLife = 8

/** What a former life of this node kept. */
interface Restored {
  readonly states: readonly KeyState[]
  readonly staleValues: number
}

/**
 * Values that converge on every member of a cluster. Each node has all of them: reads and changes are made here,
 * at once, also while the cluster is cut in two, and told to the others. A call may ask for more.
 */
export class Replicator implements Disposable {
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #random: Random
  readonly #core: ReplicatorCore
  readonly #timeoutMs: number
  readonly #knownTypes: KnownTypes
  readonly #maxValueBytes: number
  readonly #onError: (error: unknown) => void
  readonly #isKept: (key: string) => boolean
  readonly #keeper: Keeper | undefined
  readonly #clients: ClientServing | undefined
  readonly #waiting = new WaitingCalls()
  readonly #listeners: ValueListeners
  readonly #queue: ReplicatorEvent[] = []
  readonly #subscriptions: Disposable[] = []
  #members = new Map<string, NodeIdentity>()
  #timer: { readonly atMs: number; readonly handle: Disposable } | undefined
  #counts = { framesRefused: 0, staleValues: 0 }
  #lifeSign: Disposable | undefined
  #isDisposed = false

  private constructor(options: ReplicatorOptions, keeping?: KeepingOptions, restored?: Restored) {
    const { cluster, clock = systemClock, random = systemRandom, types = [] } = options
    const settings = checkedSettings(options)
    this.#cluster = cluster
    this.#clock = clock
    this.#random = random
    this.#timeoutMs = settings.timeoutMs
    this.#maxValueBytes = settings.maxValueBytes
    this.#knownTypes = new KnownTypes(types)
    this.#onError = options.onError ?? ((): void => {})
    this.#listeners = new ValueListeners(this.#onError)
    this.#isKept = keeping ? (keeping.isKept ?? ((): boolean => true)) : (): boolean => false
    const isKept = this.#isKept
    this.#core = new ReplicatorCore({ ...settings, isKept, self: cluster.self.key })
    this.#keeper = keeping && this.#keeperOf(keeping)
    // Nobody would tell it that the node has ended.
    if (cluster.explain().phase === 'stopped') throw this.#stopped()
    this.#clients = options.clients && this.#serving(options.clients, settings)
    try {
      this.#open(restored)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
    if (keeping) this.#signLife(settings.pruningMarkerMs / signsOfLife)
  }

  /** Takes part from now on. @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` where another one does */
  #open(restored: Restored | undefined): void {
    const { endpoint } = this.#cluster
    const received = endpoint.handle(
      replicatorFrameType,
      (from, bytes, start, end) => this.#frameArrived(from, bytes, start, end),
      { from: 'members' },
    )
    this.#subscriptions.push(received)
    if (restored) {
      this.#counts.staleValues = restored.staleValues
      this.#dispatch({ type: 'values-restored', states: restored.states })
    }
    const subscription = this.#cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down') this[Symbol.dispose]()
      else if (event.type === 'member-removed') this.#membersChanged([event.member.key])
      else this.#membersChanged([])
    })
    this.#subscriptions.push(subscription)
    this.#arm()
  }

  /**
   * Begins to replicate on a node of a cluster, until it is disposed of. One for each node.
   *
   * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`, `…_STOPPED` where the node has ended; TransportError
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
   * Rejects as `attach` throws, also where the node ends before all was read, and with what the store rejects with.
   */
  static async restore(options: ReplicatorOptions & KeepingOptions): Promise<Replicator> {
    const { store, clock = systemClock, types = [] } = options
    const settings = checkedSettings(options)
    const kept = await store.load()
    const limits = { knownTypes: new KnownTypes(types), maxValueBytes: settings.maxValueBytes }
    const isStale =
      kept !== undefined && kept.savedAtMs + settings.pruningMarkerMs < clock.wallNow()
    const states = [...(kept?.values ?? [])].flatMap(({ key, bytes }) =>
      bytes === undefined ? [] : [{ key, bytes }],
    )
    return new Replicator(options, options, {
      staleValues: isStale ? states.length : 0,
      states: isStale
        ? []
        : states.map(({ key, bytes }) => ({ key, envelope: decodeEnvelope(bytes, limits) })),
    })
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
    return await this.#call(key, options.write ?? 'local', options, (call) => ({
      type: 'update-requested',
      call,
      change: changeOfAny(key, change, this.#knownTypes),
    }))
  }

  /** The value of a key, with what as many nodes have of it as `read` asks for; the empty one where there is none. */
  async get<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    options: ReadOptions = {},
  ): Promise<Outcome<C>> {
    return await this.#call(key, options.read ?? 'local', options, (call) => ({
      type: 'read-requested',
      call,
    }))
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
    const value = this.#core.valueOf(key.name, this.#knownTypes.of(key.type))
    this.#sameType(key, value)
    return fresh(key.type, value.body.state)
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
    const { nodes, nodesToPrune, pendingCalls, keys } = this.#core
    const reachable = this.#reachable()
    const outOfReach = nodes.filter((node) => !reachable.has(node))
    const summary =
      `${keys.size} keys on ${nodes.length + 1} nodes, ${pendingCalls} calls wait.` +
      (outOfReach.length === 0 ? '' : ` Out of reach: ${outOfReach.join(', ')}.`) +
      (nodesToPrune.length === 0 ? '' : ` Being pruned: ${nodesToPrune.join(', ')}.`)
    return {
      nodes: nodes.map((node) => ({ node, isReachable: reachable.has(node) })),
      nodesToPrune,
      pendingCalls,
      keys: keys.size,
      summary,
    }
  }

  /** Ends: calls that wait fail with `CASTY_REPLICATOR_STOPPED`, values stay with the others. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#timer?.handle[Symbol.dispose]()
    this.#keeper?.close()
    this.#clients?.[Symbol.dispose]()
    this.#lifeSign?.[Symbol.dispose]()
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#waiting.failAll(this.#stopped())
    this.#listeners.clear()
  }

  #stopped(): ReplicatorError {
    return ReplicatorError.stopped(this.#cluster.self.key)
  }

  #sameType<C>(key: ReplicatedKey<C>, value: AnyValue): void {
    if (value.type.name !== key.type.name) {
      throw ReplicatorError.typeMismatch(key.name, value.type.name, key.type.name)
    }
  }

  async #call<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    consistency: Consistency,
    { timeoutMs = this.#timeoutMs, signal }: WaitOptions,
    eventOf: (call: Call) => ReplicatorEvent,
  ): Promise<Outcome<C>> {
    if (this.#isDisposed) throw this.#stopped()
    signal?.throwIfAborted()
    checkedDuration('timeoutMs', timeoutMs)
    const type = this.#knownTypes.of(key.type)
    return await this.#waiting.wait(
      key.type,
      { ...(signal && { signal }) },
      (id) => this.#dispatch(eventOf({ id, key: key.name, type, consistency, timeoutMs })),
      (id) => this.#dispatch({ type: 'call-abandoned', id }),
    )
  }

  // ---- Events in, effects out

  /** Runs each event to completion: one raised by a listener waits its turn. */
  #dispatch(event: ReplicatorEvent): void {
    if (this.#isDisposed || this.#queue.push(event) > 1) return
    for (const next of this.#queue) {
      const moment = {
        nowMs: this.#clock.now(),
        wallMs: Math.max(0, Math.floor(this.#clock.wallNow())),
        draw: this.#random(),
      }
      for (const effect of this.#core.step(next, moment)) this.#perform(effect)
    }
    this.#queue.length = 0
    this.#arm()
  }

  #perform(effect: ReplicatorEffect): void {
    switch (effect.type) {
      case 'keep':
        if (this.#keeper && this.#isKept(effect.key)) this.#keeper.changed(effect.key)
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
        if (!this.#keeper || outcome.type === 'failed') return this.#waiting.settle(id, outcome)
        return this.#keeper.after(key, (error) =>
          this.#waiting.settle(
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
    const to = this.#members.get(key)
    if (to === undefined || this.#isDisposed) return
    for (const frame of framesOf(message, this.#maxValueBytes)) {
      const outcome = this.#cluster.endpoint.send(to, 'data', replicatorFrameType, frame)
      if (outcome === 'dropped') this.#counts.framesRefused++
    }
  }

  #keeperOf({ store }: KeepingOptions): Keeper {
    return new Keeper({
      store,
      valueOf: (key) => {
        const entry = this.#core.keys.get(key)
        return entry && encodeEnvelope(entry.envelope)
      },
      wallNow: () => this.#clock.wallNow(),
      schedule: (delayMs, callback) => this.#clock.schedule(delayMs, callback),
      onError: this.#onError,
    })
  }

  /** Has the store told again and again that this node is alive. */
  #signLife(everyMs: number): void {
    this.#lifeSign = this.#clock.schedule(everyMs, () => {
      this.#keeper?.signOfLife()
      this.#signLife(everyMs)
    })
  }

  #serving(
    options: ClientsOptions,
    { clientNameMs, maxClientLead }: Required<ReplicatorSettings>,
  ): ClientServing {
    const { endpoint, self } = this.#cluster
    const maxValueBytes = this.#maxValueBytes
    return new ClientServing({
      options,
      clientNameMs,
      self: self.key,
      maxLead: maxClientLead,
      reachable: () => this.#reachable(),
      endpoint,
      limits: { knownTypes: this.#knownTypes, maxValueBytes },
      clock: this.#clock,
      replicator: {
        envelopeOf: (key) => this.#core.keys.get(key)?.envelope,
        update: (key, change, waiting) => this.update(key, change, waiting),
        get: (key, waiting) => this.get(key, waiting),
      },
      named: (names) => this.#dispatch({ type: 'clients-named', names }),
      dropped: (reason) => this.#core.countDropped(reason),
      notSent: () => this.#counts.framesRefused++,
    })
  }

  #frameArrived(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    try {
      const limits = { knownTypes: this.#knownTypes, maxValueBytes: this.#maxValueBytes }
      const message = decodeMessage(bytes, start, end, limits)
      this.#dispatch({ type: 'message-received', from: from.key, message })
    } catch (error) {
      const reason = refusalOf(error)
      if (reason === undefined) throw error
      this.#core.countDropped(reason)
    }
  }

  #membersChanged(removed: readonly string[]): void {
    const self = this.#cluster.self.key
    const state = this.#cluster.getState()
    const members = state.members.filter(({ status }) => holding.includes(status))
    this.#members = new Map(members.map((member) => [member.key, member.node]))
    const reachable = this.#reachable()
    const oldestInReach = members
      .filter(({ key }) => key === self || reachable.has(key))
      .toSorted(byAge)[0]
    this.#dispatch({
      type: 'members-changed',
      nodes: [...this.#members.keys()].filter((key) => key !== self).toSorted(),
      reachable,
      removed,
      prunes: oldestInReach?.key === self,
    })
  }

  #reachable(): ReadonlySet<string> {
    const { unreachable } = this.#cluster.getState()
    const out = new Set<string>(unreachable)
    return new Set([...this.#members.keys()].filter((key) => !out.has(key)))
  }

  #arm(): void {
    const atMs = this.#core.nextDeadline()
    if (this.#isDisposed || this.#timer?.atMs === atMs) return
    this.#timer?.handle[Symbol.dispose]()
    const delayMs = Math.max(0, atMs - this.#clock.now())
    const handle = this.#clock.schedule(delayMs, () => {
      this.#timer = undefined
      this.#dispatch({ type: 'time-passed' })
    })
    this.#timer = { atMs, handle }
  }
}
