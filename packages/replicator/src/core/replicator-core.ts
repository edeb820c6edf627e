// All that a replicator decides, without a timer, a socket or a clock: events go in with their moment, effects
// come out. Values are kept here, and changed in place of none but their owner.
import {
  byteSize,
  CrdtError,
  deltaOf,
  equals,
  follows,
  fresh,
  Replica,
  withoutDelta,
  type CrdtType,
} from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { nodesNeeded } from '../consistency.ts'
import { ReplicatorError } from '../errors.ts'
import type { KeyState, ReplicatorMessage } from '../wire/messages.ts'
import { DeltaLog, sliceSizeOf } from './delta-log.ts'
import {
  addSeen,
  changeOf,
  isAheadOf,
  mergeEnvelopes,
  withoutOrphans,
  type Envelope,
} from './envelope.ts'
import type {
  Call,
  CallOutcome,
  CoreSettings,
  DropReason,
  Moment,
  ReplicatorEffect,
  ReplicatorEvent,
} from './events.ts'
import { emptyEntry, KeyTable, type Entry } from './key-table.ts'
import { firstAsked, PendingCalls, type PendingCall } from './pending-calls.ts'
import { Pruner } from './pruner.ts'
import { answersToBucket, bucketsThatDiffer } from './repair.ts'

/** In how many rounds of deltas all nodes are told, about. */
const gossipIntervalDivisor = 5

/** While nodes differ, digests are exchanged this often. */
const repairIntervalMs = 100

/** What is counted for `metrics()`. */
export interface CoreCounts {
  readonly updates: number
  readonly reads: number
  readonly unconfirmed: number
  readonly deltasSent: number
  readonly statesSent: number
  readonly gaps: number
  readonly dropped: Readonly<Record<DropReason, number>>
}

export class ReplicatorCore {
  readonly replica: Replica
  readonly #settings: CoreSettings
  readonly #table = new KeyTable()
  readonly #log = new DeltaLog<AnyValue>()
  readonly #calls = new PendingCalls()
  readonly #pruner: Pruner
  #nodes: readonly string[] = []
  #reachable: ReadonlySet<string> = new Set()
  #nextDeltasMs = 0
  #nextGossipMs = 0
  #effects: ReplicatorEffect[] = []
  #counts = { updates: 0, reads: 0, unconfirmed: 0, deltasSent: 0, statesSent: 0, gaps: 0 }
  readonly #dropped: Record<DropReason, number> = {
    full: 0,
    implausible: 0,
    malformed: 0,
    'not-a-client': 0,
    'not-a-member': 0,
    'type-mismatch': 0,
    'unknown-type': 0,
  }

  constructor(settings: CoreSettings) {
    this.#settings = settings
    this.replica = new Replica(settings.self)
    this.#pruner = new Pruner(settings, this.replica)
  }

  get keys(): KeyTable {
    return this.#table
  }

  get pendingCalls(): number {
    return this.#calls.size
  }

  get nodes(): readonly string[] {
    return this.#nodes
  }

  get nodesToPrune(): readonly string[] {
    return this.#pruner.removed
  }

  get counts(): CoreCounts {
    return { ...this.#counts, dropped: { ...this.#dropped } }
  }

  countDropped(reason: DropReason): void {
    this.#dropped[reason]++
  }

  /** When time has to pass next, by the monotonic clock. */
  nextDeadline(): number {
    const deltas = this.#log.isEmpty ? Infinity : this.#nextDeltasMs
    return Math.min(this.#nextGossipMs, deltas, this.#calls.nextDeadline() ?? Infinity)
  }

  /** What follows from an event, to be carried out in order. */
  step(event: ReplicatorEvent, moment: Moment): readonly ReplicatorEffect[] {
    this.#effects = []
    switch (event.type) {
      case 'members-changed':
        this.#membersChanged(event, moment)
        break
      case 'message-received':
        if (this.#nodes.includes(event.from)) this.#received(event.from, event.message, moment)
        else this.countDropped('not-a-member')
        break
      case 'update-requested':
        this.#update(event.call, event.change, moment)
        break
      case 'read-requested':
        this.#read(event.call, moment)
        break
      case 'call-abandoned':
        this.#calls.delete(event.id)
        break
      case 'clients-named':
        this.#pruner.clientsSeen(event.names, moment.nowMs)
        for (const node of this.#nodesInReach()) {
          this.#send(node, { type: 'clients', names: event.names })
        }
        break
      case 'values-restored':
        for (const state of event.states) this.#take(state, moment)
        break
      case 'time-passed':
        this.#timePassed(moment)
        break
    }
    const touched = this.#table.takeTouched()
    const keeping = Array.from(touched, (key) => ({ type: 'keep', key }) as const)
    return keeping.length === 0 ? this.#effects : [...keeping, ...this.#effects]
  }

  #send(to: string, message: ReplicatorMessage): void {
    this.#effects.push({ type: 'send', to, message })
  }

  #answer({ id, key }: Pick<Call, 'id' | 'key'>, outcome: CallOutcome): void {
    if (outcome.type === 'unconfirmed') this.#counts.unconfirmed++
    this.#effects.push({ type: 'answer', id, key, outcome })
  }

  #membersChanged(
    { nodes, reachable, removed, prunes }: Extract<ReplicatorEvent, { type: 'members-changed' }>,
    moment: Moment,
  ): void {
    const came = nodes.filter((node) => !this.#nodes.includes(node))
    this.#nodes = nodes
    this.#reachable = reachable
    this.#log.forgetTold(this.#nodesInReach())
    this.#pruner.membersChanged(nodes, removed, prunes, moment.nowMs)
    for (const node of came) this.#send(node, { type: 'summary', buckets: this.#table.sums() })
    for (const call of this.#calls.all()) this.#settle(call)
  }

  #nodesInReach(): readonly string[] {
    return this.#nodes.filter((node) => this.#reachable.has(node))
  }

  // ---- Calls

  #update(
    call: Call,
    change: (value: AnyValue, replica: Replica) => AnyValue,
    moment: Moment,
  ): void {
    this.#counts.updates++
    try {
      const needed = nodesNeeded(call.consistency, this.#nodes.length + 1)
      this.#admit(call, needed)
      const delta = this.#change(call, change, moment)
      const state = { key: call.key, envelope: this.#toTell(call, delta) }
      this.#begin(call, needed, { type: 'write', id: call.id, state }, moment)
    } catch (error) {
      this.#answer(call, { type: 'failed', error })
    }
  }

  /** What others must have of a change; of a value that stays as it is, all. */
  #toTell({ key, type }: Pick<Call, 'key' | 'type'>, delta?: AnyValue): Envelope<AnyValue> {
    const envelope = this.#table.get(key)?.envelope ?? emptyEntry(type)
    if (delta === undefined) return envelope
    return changeOf(delta, envelope, (node) => this.#pruner.standsInFor(node))
  }

  /** Changes the value here, and answers what changed. */
  #change(
    { key, type }: Call,
    change: (value: AnyValue, replica: Replica) => AnyValue,
    { nowMs }: Moment,
  ): AnyValue | undefined {
    const entry = this.#table.get(key)
    const envelope = entry?.envelope ?? emptyEntry(type)
    const before = fresh(type, envelope.value.body.state)
    const after = change(before, this.replica)
    if (after.type.name !== type.name || after.body.origin !== before.body.origin)
      throw CrdtError.foreignValue(key)
    const delta = deltaOf(after)
    if (delta === undefined) return undefined
    this.#checkSize(key, entry, after, delta)
    this.#table.set(key, { ...envelope, value: withoutDelta(after) }, nowMs)
    if (this.#log.isEmpty) this.#nextDeltasMs = nowMs + this.#settings.deltaIntervalMs
    if (this.#nodes.length > 0) this.#log.add(key, delta)
    this.#effects.push({
      type: 'publish',
      key,
      value: after,
      change: { value: delta, pruning: envelope.pruning },
    })
    return delta
  }

  #checkSize(key: string, entry: Entry | undefined, after: AnyValue, delta: AnyValue): void {
    const { maxValueBytes } = this.#settings
    // Exact sizes are known to digests; what has changed since is far smaller than the limit, mostly.
    if ((entry?.sizeBytes ?? 0) + byteSize(delta) <= maxValueBytes / 2) return
    const sizeBytes = byteSize(after)
    if (sizeBytes > maxValueBytes) throw ReplicatorError.tooLarge(key, sizeBytes, maxValueBytes)
  }

  #read(call: Call, moment: Moment): void {
    this.#counts.reads++
    try {
      const needed = nodesNeeded(call.consistency, this.#nodes.length + 1)
      this.#admit(call, needed, false)
      this.#begin(call, needed, { type: 'read', id: call.id, key: call.key }, moment)
    } catch (error) {
      this.#answer(call, { type: 'failed', error })
    }
  }

  /** @throws ReplicatorError for a call that cannot be taken */
  #admit({ key, type }: Call, needed: number, isUpdate = true): void {
    const held = this.#table.get(key)
    if (held && held.type.name !== type.name) {
      throw ReplicatorError.typeMismatch(key, held.type.name, type.name)
    }
    if (isUpdate && !held && this.#table.size >= this.#settings.maxKeys) {
      throw ReplicatorError.full(this.#settings.maxKeys)
    }
    if (needed > 1 && this.#calls.size >= this.#settings.maxPending) {
      throw ReplicatorError.busy(this.#settings.maxPending)
    }
  }

  #valueOf({ key, type }: Pick<Call, 'key' | 'type'>): AnyValue {
    return this.#table.get(key)?.envelope.value ?? type.empty
  }

  #begin(call: Call, needed: number, message: ReplicatorMessage, { nowMs }: Moment): void {
    const { id, key, timeoutMs } = call
    const pending = this.#calls.add({ id, key, type: call.type, needed, message }, nowMs, timeoutMs)
    if (this.#settle(pending)) return
    const isReachable = (node: string): boolean => this.#reachable.has(node)
    for (const node of firstAsked(id, needed, this.#nodes, isReachable)) this.#ask(pending, node)
  }

  #ask(call: PendingCall, node: string): void {
    call.asked.add(node)
    this.#send(node, call.message)
  }

  /** Ends a call that has what it needs, or never will. */
  #settle(call: PendingCall): boolean {
    const answered = this.#nodes.filter((node) => call.answered.has(node)).length + 1
    if (answered >= call.needed) {
      this.#end(call, { type: 'confirmed', value: this.#valueOf(call), nodes: answered })
      return true
    }
    if (call.needed <= this.#nodes.length + 1) return false
    this.#giveUp(call)
    return true
  }

  #giveUp(call: PendingCall): void {
    const { needed } = call
    const nodes = call.answered.size + 1
    this.#end(call, { type: 'unconfirmed', value: this.#valueOf(call), nodes, needed })
  }

  #end(call: PendingCall, outcome: CallOutcome): void {
    if (this.#calls.delete(call.id)) this.#answer(call, outcome)
  }

  #answered(id: number, from: string): void {
    const call = this.#calls.get(id)
    if (!call?.asked.has(from)) return
    call.answered.add(from)
    this.#settle(call)
  }

  // ---- What others say

  #received(from: string, message: ReplicatorMessage, moment: Moment): void {
    switch (message.type) {
      case 'write':
        if (this.#takeChange(from, message.state, moment))
          this.#confirm(from, message.id, message.state.key)
        break
      case 'written':
        this.#answered(message.id, from)
        break
      case 'read':
        this.#send(from, {
          type: 'read-answer',
          id: message.id,
          state: this.#stateOf(message.key),
        })
        break
      case 'read-answer':
        if (message.state === undefined || this.#take(message.state, moment))
          this.#answered(message.id, from)
        break
      case 'deltas':
        for (const state of message.states) this.#takeDelta(from, state, moment)
        break
      case 'summary':
        this.#compare(from, message.buckets, moment)
        break
      case 'bucket':
        this.#answerBucket(from, message, moment)
        break
      case 'states':
        this.#takeStates(from, message, moment)
        break
      case 'want':
        this.#sendStates(from, message.keys, false)
        break
      case 'clients':
        this.#pruner.clientsSeen(message.names, moment.nowMs)
        break
    }
  }

  #confirm(to: string, id: number, key: string): void {
    const message = { type: 'written', id } as const
    this.#effects.push({ type: 'send', to, message, afterKeeping: key })
  }

  #stateOf(key: string): KeyState | undefined {
    const entry = this.#table.get(key)
    return entry && { key, envelope: entry.envelope }
  }

  /** Joins what came with what is here. False where it could not be taken. */
  #take({ key, envelope }: KeyState, { nowMs, wallMs }: Moment): boolean {
    const entry = this.#table.get(key)
    const refusal = this.#refusal(entry, envelope)
    if (refusal) {
      this.countDropped(refusal)
      return false
    }
    // Whoever never heard of a key need not remember that it is empty.
    if (entry === undefined && envelope.value.isEmpty) return true
    const before = entry?.envelope ?? emptyEntry(envelope.value.type)
    const isNode = (node: string): boolean =>
      node === this.#settings.self || this.#nodes.includes(node)
    // The beginning of an owner that is gone must not win over that of the next one.
    const [mine, theirs] = [withoutOrphans(before, isNode), withoutOrphans(envelope, isNode)]
    const merged = mergeEnvelopes(mine, theirs, wallMs)
    const after = addSeen(merged, this.#settings.self)
    if (after === before) return true
    this.#table.set(key, after, nowMs)
    if (!equals(after.value, before.value)) {
      const change = { value: envelope.value, pruning: after.pruning }
      this.#effects.push({ type: 'publish', key, value: after.value, change })
    }
    return true
  }

  #refusal(entry: Entry | undefined, { value }: Envelope<AnyValue>): DropReason | undefined {
    if (entry && entry.type.name !== value.type.name) return 'type-mismatch'
    return !entry && this.#table.size >= this.#settings.maxKeys ? 'full' : undefined
  }

  /** What changed somewhere, unless the whole value has to come first: then that is asked for. */
  #takeChange(from: string, state: KeyState, moment: Moment): boolean {
    const entry = this.#table.get(state.key)
    if (!entry || !isAheadOf(state.envelope, entry.envelope.value)) return this.#take(state, moment)
    this.#send(from, { type: 'want', keys: [state.key] })
    return false
  }

  /** A delta that does not follow on what is here is taken all the same, and the rest is asked for. */
  #takeDelta(from: string, state: KeyState, moment: Moment): void {
    const { key, envelope } = state
    const before = this.#table.get(key)?.envelope.value ?? envelope.value.type.empty
    const isGap = before.type.name === envelope.value.type.name && !follows(before, envelope.value)
    if (!this.#takeChange(from, state, moment) || !isGap) return
    this.#counts.gaps++
    this.#send(from, { type: 'want', keys: [key] })
  }

  #takeStates(
    from: string,
    { answers, states }: Extract<ReplicatorMessage, { type: 'states' }>,
    moment: Moment,
  ): void {
    const more = states.filter((state) => {
      if (!this.#take(state, moment) || !answers) return false
      const here = this.#table.get(state.key)?.envelope
      return here && mergeEnvelopes(state.envelope, here, moment.wallMs) !== state.envelope
    })
    this.#sendStates(
      from,
      more.map(({ key }) => key),
      false,
    )
  }

  #sendStates(to: string, keys: readonly string[], answers: boolean): void {
    const states = keys.flatMap((key) => this.#stateOf(key) ?? [])
    if (states.length === 0) return
    this.#counts.statesSent += states.length
    this.#send(to, { type: 'states', answers, states })
  }

  #compare(
    from: string,
    buckets: Extract<ReplicatorMessage, { type: 'summary' }>['buckets'],
    moment: Moment,
  ): void {
    const { messages, isAll } = bucketsThatDiffer(this.#table, buckets, moment.draw)
    for (const message of messages) this.#send(from, message)
    if (!isAll) this.#gossipSoon(moment)
  }

  #answerBucket(
    from: string,
    message: Extract<ReplicatorMessage, { type: 'bucket' }>,
    moment: Moment,
  ): void {
    const { tell, want } = answersToBucket(this.#table, message)
    this.#sendStates(from, tell, true)
    if (want.length > 0) this.#send(from, { type: 'want', keys: want })
    if (tell.length + want.length > 0) this.#gossipSoon(moment)
  }

  #gossipSoon({ nowMs }: Moment): void {
    this.#nextGossipMs = Math.min(this.#nextGossipMs, nowMs + repairIntervalMs)
  }

  // ---- Time

  #timePassed(moment: Moment): void {
    const { nowMs } = moment
    for (const call of this.#calls.all()) {
      if (call.deadlineMs <= nowMs) this.#giveUp(call)
      else if (call.askAllAtMs !== undefined && call.askAllAtMs <= nowMs) this.#askAll(call)
    }
    if (!this.#log.isEmpty && this.#nextDeltasMs <= nowMs) this.#sendDeltas(nowMs)
    if (this.#nextGossipMs <= nowMs) this.#gossip(moment)
  }

  #askAll(call: PendingCall): void {
    call.askAllAtMs = undefined
    for (const node of this.#nodes) if (!call.answered.has(node)) this.#ask(call, node)
  }

  #sendDeltas(nowMs: number): void {
    const nodes = this.#nodesInReach()
    const sliceSize = sliceSizeOf(nodes.length, gossipIntervalDivisor)
    for (const [node, deltas] of this.#log.collect(nodes, sliceSize)) {
      const states = [...deltas].map(([key, { delta }]) => {
        return { key, envelope: this.#toTell({ key, type: delta.type }, delta) }
      })
      this.#counts.deltasSent += states.length
      this.#send(node, { type: 'deltas', states })
    }
    this.#log.forgetTold(nodes)
    this.#nextDeltasMs = nowMs + this.#settings.deltaIntervalMs
  }

  #gossip({ nowMs, wallMs, draw }: Moment): void {
    this.#nextGossipMs = nowMs + this.#settings.gossipIntervalMs
    this.#pruner.tidy(this.#table, nowMs, wallMs)
    const nodes = this.#nodesInReach()
    const peer = nodes[Math.floor(draw * nodes.length)]
    if (peer !== undefined) this.#send(peer, { type: 'summary', buckets: this.#table.sums() })
  }

  /** The value of a key here and now; empty where there is none. */
  valueOf(key: string, type: CrdtType<AnyValue>): AnyValue {
    return this.#valueOf({ key, type })
  }
}
