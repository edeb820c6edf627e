// All that a client with values decides, without a timer or a socket. It holds copies of some keys, changes them at once,
// and tells its contact: what changed as a delta, again until that is answered, and digests of all that it holds, again
// and again, so that nothing that was lost on the way stays lost.
import {
  byteSize,
  CrdtError,
  deltaOf,
  fresh,
  Replica,
  withoutDelta,
  type CrdtType,
} from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { Call, CallOutcome } from '../core/events.ts'
import { ReplicatorError } from '../errors.ts'
import type { KeyState } from '../wire/messages.ts'
import type {
  ClientCoreEvent,
  ClientCoreSettings,
  ClientEffect,
  ClientMoment,
  ClientReplicatorEvent,
} from './client-events.ts'
import type { ClientMessage, ClientOutcome } from './client-messages.ts'
import { clientName } from './client-names.ts'
import { Copies } from './copies.ts'
import { requestOf, UnansweredCalls, type Unanswered } from './unanswered.ts'

export class ClientCore {
  readonly #settings: ClientCoreSettings
  readonly #copies = new Copies()
  readonly #calls = new UnansweredCalls()
  #replica: Replica
  #life = 1
  #contact: string | undefined
  #nextWatchMs = Infinity
  /** When a member was heard of last, or this began. */
  #heardAt: ClientMoment
  #effects: ClientEffect[] = []

  constructor(settings: ClientCoreSettings, moment: ClientMoment) {
    this.#settings = settings
    this.#replica = new Replica(clientName(settings.self, this.#life))
    this.#heardAt = moment
  }

  get keys(): readonly string[] {
    return this.#copies.keys
  }

  get pendingCalls(): number {
    return this.#calls.size
  }

  /** @throws ReplicatorError `CASTY_REPLICATOR_FULL` where one more key is not held */
  checkRoom(key: string): void {
    const { maxKeys } = this.#settings
    if (this.#copies.size < maxKeys || this.#copies.typeOf(key)) return
    throw ReplicatorError.full(maxKeys)
  }

  get nextDeadline(): number {
    return Math.min(this.#nextWatchMs, this.#calls.nextDeadline)
  }

  /** What is here of a key; empty where that is nothing. */
  valueOf(key: string, type: CrdtType<AnyValue>): AnyValue {
    return this.#copies.valueOf(key) ?? (this.#calls.typeOf(key) ?? type).empty
  }

  step(event: ClientCoreEvent, moment: ClientMoment): readonly ClientEffect[] {
    this.#effects = []
    switch (event.type) {
      case 'contact-changed':
        this.#contact = event.contact
        this.#nextWatchMs = Infinity
        if (event.contact !== undefined) this.#beginWith(moment)
        break
      case 'message-received':
        if (event.from === this.#contact) this.#received(event.message, moment)
        break
      case 'update-requested':
        this.#update(event.call, event.change, moment)
        break
      case 'read-requested':
        this.#attempt(event.call, moment, () => this.#ask(event.call, undefined, moment))
        break
      case 'hold-requested':
        this.#hold(event.key, event.valueType, moment)
        break
      case 'release-requested':
        if (this.#copies.release(event.key)) this.#watchSoon(moment)
        break
      case 'call-abandoned':
        this.#abandon(event.id)
        break
      case 'time-passed':
        this.#timePassed(moment)
        break
    }
    return this.#effects
  }

  #send(message: ClientMessage): void {
    if (this.#contact !== undefined) this.#effects.push({ type: 'send', message })
  }

  /** @param id - undefined where nobody waits */
  #answer(id: number | undefined, outcome: CallOutcome): void {
    if (id !== undefined) this.#effects.push({ type: 'answer', id, outcome })
  }

  #tell(event: ClientReplicatorEvent): void {
    this.#effects.push({ type: 'tell', event })
  }

  // ---- What the user does

  #hold(key: string, type: CrdtType<AnyValue>, moment: ClientMoment): void {
    if (this.#copies.hold(key, type)) this.#watchSoon(moment)
  }

  #attempt(call: Call, moment: ClientMoment, attempt: () => void): void {
    try {
      this.#admit(call)
      this.#hold(call.key, call.type, moment)
      attempt()
    } catch (error) {
      this.#answer(call.id, { type: 'failed', error })
    }
  }

  /** @throws ReplicatorError for a call that cannot be taken */
  #admit({ key, type }: Call): void {
    const held = this.valueOf(key, type).type
    if (held.name !== type.name) throw ReplicatorError.typeMismatch(key, held.name, type.name)
    this.checkRoom(key)
    const { maxPending } = this.#settings
    if (this.#calls.size >= maxPending) throw ReplicatorError.busy(maxPending)
  }

  #update(
    call: Call,
    change: (value: AnyValue, replica: Replica) => AnyValue,
    moment: ClientMoment,
  ): void {
    this.#attempt(call, moment, () => {
      const { key, type } = call
      const before = fresh(type, this.valueOf(key, type).body.state)
      const after = change(before, this.#replica)
      if (after.type.name !== type.name || after.body.origin !== before.body.origin) {
        throw CrdtError.foreignValue(key)
      }
      const { maxValueBytes } = this.#settings
      const sizeBytes = byteSize(after)
      if (sizeBytes > maxValueBytes) throw ReplicatorError.tooLarge(key, sizeBytes, maxValueBytes)
      const delta = deltaOf(after)
      if (delta !== undefined) {
        this.#copies.become(key, withoutDelta(after))
        this.#effects.push({ type: 'publish', key, value: after })
      }
      this.#ask(call, delta ?? type.empty, moment)
    })
  }

  #ask(call: Call, delta: AnyValue | undefined, moment: ClientMoment): void {
    this.#request(this.#calls.add(call, delta, moment.nowMs), moment)
  }

  #request(call: Unanswered, { nowMs }: ClientMoment): void {
    if (this.#contact === undefined) return
    call.sentAtMs = nowMs
    this.#send(requestOf(call, this.#replica.node, nowMs))
  }

  #abandon(id: number): void {
    const call = this.#calls.ofCall(id)
    if (call) this.#calls.over(call)
  }

  // ---- With its contact

  #beginWith(moment: ClientMoment): void {
    this.#beginAnewIfLate(moment)
    this.#watch(moment)
    for (const call of this.#calls.all()) this.#request(call, moment)
  }

  /** What is held is named again, not more often than once in a turn of the clock. */
  #watchSoon({ nowMs }: ClientMoment): void {
    if (this.#contact !== undefined) this.#nextWatchMs = nowMs
  }

  #watch({ nowMs }: ClientMoment): void {
    this.#nextWatchMs = nowMs + this.#settings.watchIntervalMs
    const { held } = this.#copies
    this.#send({ type: 'watch', replica: this.#replica.node, held })
  }

  #beginAnewIfLate({ nowMs, wallMs }: ClientMoment): void {
    const { maxAbsenceMs } = this.#settings
    const silentMs = Math.max(nowMs - this.#heardAt.nowMs, wallMs - this.#heardAt.wallMs)
    if (silentMs > maxAbsenceMs && this.#copies.size > 0) this.#beginAnew('out-of-touch')
  }

  #beginAnew(reason: 'out-of-touch' | 'given-up'): void {
    this.#replica = new Replica(clientName(this.#settings.self, ++this.#life))
    const lost = new Set<string>()
    for (const { id, waiting, key, delta } of this.#calls.all()) {
      if (delta === undefined) continue
      lost.add(key)
      this.#calls.delete(id)
      this.#answer(waiting, { type: 'failed', error: ReplicatorError.lost(key) })
    }
    for (const key of this.#copies.keys) this.#copies.doubt(key)
    this.#tell({ type: 'began-anew', reason, lost: [...lost] })
  }

  #received(message: ClientMessage, moment: ClientMoment): void {
    this.#beginAnewIfLate(moment)
    this.#heardAt = moment
    switch (message.type) {
      case 'told':
        this.#told(message, moment)
        break
      case 'answered':
        this.#answered(message.id, message.outcome, moment)
        break
      case 'denied':
        this.#denied(message.keys)
        break
      default: // Clients say the rest, and not to each other.
    }
  }

  #told(
    { isWhole, states, absent }: Extract<ClientMessage, { readonly type: 'told' }>,
    moment: ClientMoment,
  ): void {
    const known = states.map((state) => ({ key: state.key, state }))
    const unknown = absent.map((key) => ({ key, state: undefined }))
    const more: KeyState[] = []
    for (const { key, state } of [...known, ...unknown]) {
      const unanswered = this.#calls.deltasOf(key)
      const taken = this.#copies.take(key, state, isWhole, unanswered, moment.wallMs)
      if (taken.isGap) this.#watchSoon(moment)
      if (taken.isChanged) this.#publish(key)
      if (taken.hasMore) more.push(...this.#copies.stateOf(key))
    }
    if (more.length > 0) this.#send({ type: 'have', replica: this.#replica.node, states: more })
  }

  #publish(key: string): void {
    for (const { envelope } of this.#copies.stateOf(key)) {
      this.#effects.push({ type: 'publish', key, value: envelope.value })
    }
  }

  #answered(id: number, outcome: ClientOutcome, moment: ClientMoment): void {
    const call = this.#calls.get(id)
    if (!call) return
    const { waiting, key, type, delta } = call
    if (outcome.type === 'refused' && outcome.reason === 'stale') {
      this.#beginAnew('given-up')
      this.#watch(moment)
      return
    }
    // Nobody waits for an answer: it is tried again, as one that was lost.
    if (outcome.type === 'refused' && outcome.reason === 'busy' && waiting === undefined) return
    this.#calls.delete(id)
    if (outcome.type === 'refused') {
      if (delta !== undefined) this.#takeBack(key, moment)
      const error = ReplicatorError.refused(key, outcome.reason)
      if (waiting === undefined) this.#tell({ type: 'refused', key, error })
      else this.#answer(waiting, { type: 'failed', error })
      return
    }
    this.#answer(waiting, { ...outcome, value: this.valueOf(key, type) })
  }

  /** The members did not take a change: what they have takes the place of what is here. */
  #takeBack(key: string, moment: ClientMoment): void {
    this.#copies.doubt(key)
    this.#watch(moment)
  }

  #denied(keys: readonly string[]): void {
    const held = keys.filter((key) => this.#copies.release(key))
    if (held.length > 0) this.#tell({ type: 'denied', keys: held })
  }

  #timePassed(moment: ClientMoment): void {
    const { nowMs } = moment
    for (const call of this.#calls.all()) {
      if (call.waiting === undefined || call.deadlineMs > nowMs) continue
      const value = this.valueOf(call.key, call.type)
      this.#answer(call.waiting, { type: 'unconfirmed', value, nodes: 0, needed: 1 })
      this.#calls.over(call)
    }
    if (this.#nextWatchMs > nowMs) return
    this.#beginAnewIfLate(moment)
    this.#watch(moment)
    const lateMs = 2 * this.#settings.watchIntervalMs
    for (const call of this.#calls.all()) {
      if (call.sentAtMs + lateMs <= nowMs) this.#request(call, moment)
    }
  }
}
