// All that a replicator decides, without a timer, a socket or a clock: events go in with their moment, effects
// come out. Values are kept here, and changed in place of none but their owner.
import { follows, Replica, type CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { nodesNeeded } from '../consistency.ts'
import type { KeyState, ReplicatorMessage } from '../wire/messages.ts'
import { CallsToNodes } from './calls-to-nodes.ts'
import { Effects } from './effects.ts'
import { isAheadOf, mergeEnvelopes } from './envelope.ts'
import type {
  Call,
  CoreSettings,
  DropReason,
  Moment,
  ReplicatorEffect,
  ReplicatorEvent,
} from './events.ts'
import type { KeyTable } from './key-table.ts'
import { Others } from './others.ts'
import { Pruner } from './pruner.ts'
import { Tally, type CoreCounts } from './tally.ts'
import { Telling } from './telling.ts'
import { Values } from './values.ts'

export class ReplicatorCore {
  readonly replica: Replica
  readonly #others: Others
  readonly #effects = new Effects()
  readonly #tally = new Tally()
  readonly #pruner: Pruner
  readonly #values: Values
  readonly #calls: CallsToNodes
  readonly #telling: Telling

  constructor(settings: CoreSettings) {
    const { self, maxPending } = settings
    const replica = new Replica(self)
    const [others, effects, tally] = [new Others(self), this.#effects, this.#tally]
    const pruner = new Pruner(settings, replica)
    const values = new Values({ settings, replica, others, effects, tally })
    this.replica = replica
    this.#others = others
    this.#pruner = pruner
    this.#values = values
    this.#calls = new CallsToNodes({
      maxPending,
      others,
      effects,
      tally,
      valueOf: ({ key, type }) => values.of(key, type),
    })
    this.#telling = new Telling({
      settings,
      values,
      others,
      effects,
      tally,
      tidy: ({ nowMs, wallMs }) => pruner.tidy(values.table, nowMs, wallMs),
    })
  }

  get keys(): KeyTable {
    return this.#values.table
  }

  get pendingCalls(): number {
    return this.#calls.size
  }

  get nodes(): readonly string[] {
    return this.#others.nodes
  }

  get nodesToPrune(): readonly string[] {
    return this.#pruner.removed
  }

  get counts(): CoreCounts {
    return this.#tally.counts
  }

  countDropped(reason: DropReason): void {
    this.#tally.dropped[reason]++
  }

  /** The value of a key here and now; empty where there is none. */
  valueOf(key: string, type: CrdtType<AnyValue>): AnyValue {
    return this.#values.of(key, type)
  }

  /** When time has to pass next, by the monotonic clock. */
  nextDeadline(): number {
    return Math.min(this.#telling.nextDeadline, this.#calls.nextDeadline)
  }

  /** What follows from an event, to be carried out in order. */
  step(event: ReplicatorEvent, moment: Moment): readonly ReplicatorEffect[] {
    switch (event.type) {
      case 'members-changed':
        this.#membersChanged(event, moment)
        break
      case 'message-received':
        if (this.nodes.includes(event.from)) this.#received(event.from, event.message, moment)
        else this.countDropped('not-a-member')
        break
      case 'update-requested':
        this.#update(event.call, event.change, moment)
        break
      case 'read-requested':
        this.#read(event.call, moment)
        break
      case 'call-abandoned':
        this.#calls.abandon(event.id)
        break
      case 'clients-named':
        this.#pruner.clientsSeen(event.names, moment.nowMs)
        for (const node of this.#others.inReach) {
          this.#effects.send(node, { type: 'clients', names: event.names })
        }
        break
      case 'values-restored':
        for (const state of event.states) this.#values.take(state, moment)
        break
      case 'time-passed':
        this.#calls.timePassed(moment.nowMs)
        this.#telling.timePassed(moment)
        break
    }
    const effects = this.#effects.take()
    const touched = this.keys.takeTouched()
    const keeping = Array.from(touched, (key) => ({ type: 'keep', key }) as const)
    return keeping.length === 0 ? effects : [...keeping, ...effects]
  }

  #membersChanged(
    { nodes, reachable, removed, prunes }: Extract<ReplicatorEvent, { type: 'members-changed' }>,
    moment: Moment,
  ): void {
    const came = this.#others.change(nodes, reachable)
    this.#pruner.membersChanged(nodes, removed, prunes, moment.nowMs)
    this.#telling.nodesChanged(came)
    this.#calls.nodesChanged()
  }

  // ---- Calls

  #update(
    call: Call,
    change: (value: AnyValue, replica: Replica) => AnyValue,
    moment: Moment,
  ): void {
    const { id, key } = call
    this.#tally.updates++
    try {
      const needed = this.#admit(call, true)
      const delta = this.#values.change(call, change, moment)
      if (delta !== undefined) this.#telling.changed(key, delta, moment.nowMs)
      // Of a value that stays as it is others must have all.
      const state =
        delta === undefined
          ? { key, envelope: this.#values.envelopeOf(key, call.type) }
          : this.#telling.stateOf(key, delta)
      this.#calls.begin(call, needed, { type: 'write', id, state }, moment.nowMs)
    } catch (error) {
      this.#failed(call, error)
    }
  }

  #read(call: Call, { nowMs }: Moment): void {
    const { id, key } = call
    this.#tally.reads++
    try {
      const needed = this.#admit(call, false)
      this.#calls.begin(call, needed, { type: 'read', id, key }, nowMs)
    } catch (error) {
      this.#failed(call, error)
    }
  }

  /** @returns how many nodes it takes. @throws ReplicatorError for a call that cannot be taken */
  #admit(call: Call, isUpdate: boolean): number {
    const needed = nodesNeeded(call.consistency, this.#others.count)
    this.#values.admit(call, isUpdate)
    this.#calls.admit(needed)
    return needed
  }

  #failed({ id, key }: Call, error: unknown): void {
    this.#effects.add({ type: 'answer', id, key, outcome: { type: 'failed', error } })
  }

  // ---- What others say

  #received(from: string, message: ReplicatorMessage, moment: Moment): void {
    switch (message.type) {
      case 'write':
        if (this.#takeChange(from, message.state, moment))
          this.#confirm(from, message.id, message.state.key)
        break
      case 'written':
        this.#calls.answered(message.id, from)
        break
      case 'read': {
        const { id, key } = message
        this.#effects.send(from, { type: 'read-answer', id, state: this.#values.state(key) })
        break
      }
      case 'read-answer':
        if (message.state === undefined || this.#values.take(message.state, moment))
          this.#calls.answered(message.id, from)
        break
      case 'deltas':
        for (const state of message.states) this.#takeDelta(from, state, moment)
        break
      case 'summary':
        this.#telling.compare(from, message, moment)
        break
      case 'bucket':
        this.#telling.answerBucket(from, message, moment)
        break
      case 'states':
        this.#takeStates(from, message, moment)
        break
      case 'want':
        this.#telling.sendStates(from, message.keys, false)
        break
      case 'clients':
        this.#pruner.clientsSeen(message.names, moment.nowMs)
        break
    }
  }

  #confirm(to: string, id: number, key: string): void {
    const message = { type: 'written', id } as const
    this.#effects.add({ type: 'send', to, message, afterKeeping: key })
  }

  /** What changed somewhere, unless the whole value has to come first: then that is asked for. */
  #takeChange(from: string, state: KeyState, moment: Moment): boolean {
    const entry = this.keys.get(state.key)
    if (!entry || !isAheadOf(state.envelope, entry.envelope.value)) {
      return this.#values.take(state, moment)
    }
    this.#effects.send(from, { type: 'want', keys: [state.key] })
    return false
  }

  /** A delta that does not follow on what is here is taken all the same, and the rest is asked for. */
  #takeDelta(from: string, state: KeyState, moment: Moment): void {
    const { key, envelope } = state
    const before = this.#values.of(key, envelope.value.type)
    const isGap = before.type.name === envelope.value.type.name && !follows(before, envelope.value)
    if (!this.#takeChange(from, state, moment) || !isGap) return
    this.#tally.gaps++
    this.#effects.send(from, { type: 'want', keys: [key] })
  }

  #takeStates(
    from: string,
    { answers, states }: Extract<ReplicatorMessage, { type: 'states' }>,
    moment: Moment,
  ): void {
    const more = states.filter((state) => {
      if (!this.#values.take(state, moment) || !answers) return false
      const here = this.keys.get(state.key)?.envelope
      return here && mergeEnvelopes(state.envelope, here, moment.wallMs) !== state.envelope
    })
    const keys = more.map(({ key }) => key)
    this.#telling.sendStates(from, keys, false)
  }
}
