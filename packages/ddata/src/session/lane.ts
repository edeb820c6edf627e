// What one session has to do with one part: its calls in order, each until it is answered. A call that gets no answer is
// sent again under its number, so that it has one effect however often it arrives.
import type { Clock } from '@casty/clock'
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError, type Applied } from '../errors.ts'
import {
  readReply,
  RequestWriter,
  type Reply,
  type ReplyEntry,
  type RequestEntry,
} from '../protocol/messages.ts'
import { skipCode, withdrawCode } from '../state/part-state.ts'
import { readEnded, type Ended } from '../state/result.ts'
import { maxUnsettledCalls } from '../state/sessions.ts'
import {
  untilEnded,
  type CallEnd,
  type CallTerms,
  type PendingCall,
  type PendingRead,
} from './pending.ts'

/** How a lane sends again, and when it gives up. */
export interface LaneSettings {
  /** After so long without an answer, at first; twice as long each time, in milliseconds. */
  readonly resendMs: number
  readonly maxResendMs: number
  /** A call that waits for its turn makes itself heard so often, in milliseconds. */
  readonly pollMs: number
  /** Without a word of its part for so long, nothing waits any more, in milliseconds. */
  readonly sessionTtlMs: number
  /**
   * Who gave up waiting is told so after so long, where its part does not say how it ended; and who would wait for however
   * long, where its part cannot be asked at all. In milliseconds.
   */
  readonly settleMs: number
  /** No call is sent again after so long: by then its answer may be forgotten. In milliseconds. */
  readonly horizonMs: number
  readonly maxRequestBytes: number
}

export interface LanePort {
  readonly clock: Clock
  /** Sends what was gathered. */
  send(part: string, request: Uint8Array): void
  /** Another one each time: no part takes one lane, or one life of it, for another. What comes for it is the lane's. */
  newSession(lane: Lane): Uint8Array
  /** Nothing comes for it any more. */
  endSession(session: Uint8Array): void
  /** What it waited for or held there is over. */
  sessionLost(error: DDataError): void
  /** Why nobody can be asked, where that is known. */
  whyNobody(part: string): string | undefined
  /** Has `flush` called at the end of the turn. */
  hasToSend(lane: Lane): void
  /** Has `look` called by then. */
  deadlineMoved(at: number): void
}

/** See `ReplyEntry`. */
export type WatchedChange = ReplyEntry & { readonly type: 'change' }

/** Who wants to hear what comes from a part beside answers. */
export interface LaneListener {
  /** Timers that do not run there: whatever was held by them is lost. */
  lost(timers: readonly number[]): void
  renewed(renewal: number): void
  notice(notice: ByteReader): void
  change(change: WatchedChange, epoch: number): void
  /** The part does not know the session any more: all that it held there is gone, as far as anybody knows. */
  forgotten(): void
}

const none: readonly number[] = []
const skip = new ByteWriter(1).u8(skipCode).finish()

function entryOf({ number, received, terms, call }: PendingCall): RequestEntry {
  return { type: 'call', number, received, key: call === skip ? undefined : terms.key, call }
}

/** Undefined where it cannot be read: then that is how it ended. */
function endedOf(answer: Uint8Array, end: Pick<CallEnd, 'failed'>): Ended | undefined {
  try {
    return readEnded(answer)
  } catch (error) {
    end.failed(DDataError.malformedAnswer(error))
    return undefined
  }
}

const silence = 'its part was not heard of for too long'

/** A part that asks so often for a call that it had answered has lost it. */
const patience = 3

export class Lane {
  readonly part: string
  readonly #port: LanePort
  readonly #settings: LaneSettings
  readonly #listeners = new Set<LaneListener>()
  readonly #calls = new Map<number, PendingCall>()
  readonly #reads = new Map<number, PendingRead>()
  #out = new RequestWriter()
  #received: number[] = []
  #session: Uint8Array
  #lastCall = 0
  #lastRead = 0
  #isKnown = false
  #heardAt: number
  #why: string | undefined
  #gapAt = 0
  #gapSentAt = -Infinity
  /** How often in a row the part has asked for a call that it had answered. */
  #lacking = 0
  #resendMs: number

  constructor(part: string, port: LanePort, settings: LaneSettings) {
    this.part = part
    this.#port = port
    this.#settings = settings
    this.#resendMs = settings.resendMs
    this.#session = port.newSession(this)
    this.#heardAt = port.clock.now()
  }

  /** Whether nothing is under way, and nobody listens: it may be forgotten, here and by its part. */
  get isIdle(): boolean {
    return this.#calls.size === 0 && this.#reads.size === 0 && this.#listeners.size === 0
  }

  /** Whether calls are under way, though perhaps nobody waits for them any more. */
  get isCalling(): boolean {
    return this.#calls.size > 0
  }

  /** When the part was heard last. */
  get heardAt(): number {
    return this.#heardAt
  }

  listen(listener: LaneListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Makes a call that changes something. */
  call(call: Uint8Array, terms: CallTerms, end: CallEnd, mayWait = false): number {
    if (this.#calls.size >= maxUnsettledCalls) {
      end.failed(DDataError.busy(terms.what, maxUnsettledCalls))
      return 0
    }
    return this.#call(call, terms, end, mayWait)
  }

  #call(call: Uint8Array, terms: CallTerms, end: CallEnd, mayWait: boolean): number {
    const now = this.#port.clock.now()
    this.#begins(now)
    const number = ++this.#lastCall
    const pending: PendingCall = {
      number,
      end: untilEnded(end, terms, () => this.#giveUp(pending, 'abort')),
      terms,
      call,
      mayWait,
      isParked: false,
      hasEnded: false,
      giveUp: undefined,
      received: this.#received.length > 0 ? this.#received : none,
      deadline: now + terms.timeoutMs,
      madeAt: now,
      sentAt: now,
    }
    if (this.#received.length > 0) this.#received = []
    this.#calls.set(number, pending)
    this.#add(entryOf(pending))
    this.#wake(Math.min(pending.deadline, now + this.#resendMs))
    return number
  }

  /** Asks for what changes nothing. It sees the effects of all calls made before it. */
  read(call: Uint8Array, terms: CallTerms, end: CallEnd, isStrict = false): void {
    if (this.#reads.size >= maxUnsettledCalls) {
      end.failed(DDataError.busy(terms.what, maxUnsettledCalls))
      return
    }
    const now = this.#port.clock.now()
    this.#begins(now)
    const number = ++this.#lastRead
    const pending: PendingRead = {
      type: 'read',
      number,
      end: untilEnded(end, terms, () => {
        if (!this.#reads.delete(number)) return
        pending.end.failed(DDataError.aborted(terms.what, 'no', terms.signal?.reason))
      }),
      after: this.#lastCall,
      isStrict,
      call,
      terms,
      deadline: now + terms.timeoutMs,
      sentAt: now,
    }
    this.#reads.set(number, pending)
    this.#add(pending)
    this.#wake(Math.min(pending.deadline, now + this.#resendMs))
  }

  /** Sends what nobody waits for an answer of. */
  post(entry: RequestEntry & { readonly type: 'renew' | 'watch' | 'unwatch' | 'close' }): void {
    this.#add(entry)
  }

  /** Nothing was under way: silence so far tells nothing. */
  #begins(now: number): void {
    if (this.#calls.size > 0 || this.#reads.size > 0) return
    // It may be forgotten by now. A new one tells a call that was not carried out from one of which that is not known.
    if (this.#isKnown && now - this.#heardAt >= this.#settings.horizonMs) {
      this.#startAnew(({ terms }) => DDataError.indeterminate(terms.what))
    }
    this.#heardAt = now
    this.#resendMs = this.#settings.resendMs
    this.#why = undefined
  }

  #add(entry: RequestEntry): void {
    if (this.#out.isEmpty) this.#port.hasToSend(this)
    this.#out.add(entry)
    if (this.#out.bytes >= this.#settings.maxRequestBytes) this.flush()
  }

  /** At the end of a turn. */
  flush(): void {
    if (this.#out.isEmpty) return
    const head = { session: this.#session, isKnown: this.#isKnown, floor: this.#floor }
    this.#port.send(this.part, this.#out.take(head))
  }

  /** All calls up to this one have ended, or wait for their turn. */
  get #floor(): number {
    for (const { number, isParked } of this.#calls.values()) if (!isParked) return number - 1
    return this.#lastCall
  }

  /** What the part knows it as: another one where it has forgotten it. */
  get session(): Uint8Array {
    return this.#session
  }

  /** What the part says. @throws DDataError, TransportError `…_MALFORMED` */
  receive(body: Uint8Array, now: number = this.#port.clock.now()): void {
    const { epoch, entries } = this.#readable(body)
    // One that can do nothing keeps nothing waiting.
    if (entries.some(({ type }) => type !== 'failed')) this.#heardAt = now
    this.#resendMs = this.#settings.resendMs
    this.#why = undefined
    const session = this.#session
    for (const entry of entries) {
      // What follows the word that it is not known is about one that is no more.
      if (session !== this.#session) return
      this.#take(entry, epoch)
    }
  }

  /** What cannot be read now cannot be read when it is asked for again: nobody waits for it. */
  #readable(body: Uint8Array): Reply {
    try {
      return readReply(body)
    } catch (error) {
      const reads = [...this.#reads.values()]
      this.#reads.clear()
      this.#loseSession('its part answered with what cannot be read', () =>
        DDataError.malformedAnswer(error),
      )
      for (const { end } of reads) end.failed(DDataError.malformedAnswer(error))
      throw error
    }
  }

  #take(entry: ReplyEntry, epoch: number): void {
    switch (entry.type) {
      case 'answer':
        this.#isKnown = true
        this.#lacking = 0
        this.#answered(entry.number, entry.answer)
        return
      case 'read':
        this.#readAnswered(entry.number, entry.answer)
        return
      case 'parked':
        this.#isKnown = true
        this.#parked(entry.number, entry.isOffered)
        return
      case 'gap':
        this.#gap(entry.expected)
        return
      case 'unknown':
        this.#forgotten()
        return
      case 'failed':
        this.#why = entry.why
        return
      case 'lost':
        for (const listener of this.#listeners) listener.lost(entry.timers)
        return
      case 'renewed':
        for (const listener of this.#listeners) listener.renewed(entry.number)
        return
      case 'notice':
        for (const listener of this.#listeners) listener.notice(new ByteReader(entry.notice))
        return
      case 'change':
        for (const listener of this.#listeners) listener.change(entry, epoch)
    }
  }

  /** Each request behind the gap says so: it is closed once. */
  #gap(expected: number): void {
    const now = this.#port.clock.now()
    if (expected === this.#gapAt && now - this.#gapSentAt < this.#resendMs) return
    this.#gapAt = expected
    this.#gapSentAt = now
    this.#lacking = this.#calls.has(expected) ? 0 : this.#lacking + 1
    // It has answered that one. Where this is no late word, what it knew is lost with all who kept it.
    if (this.#lacking >= patience) this.#forgotten()
    else this.#sendAgain(expected)
  }

  #answered(number: number, answer: Uint8Array): void {
    const pending = this.#calls.get(number)
    if (!pending) return
    this.#calls.delete(number)
    if (pending.mayWait) this.#received.push(number)
    if (pending.hasEnded) {
      this.#cameLate(answer, pending)
      return
    }
    pending.hasEnded = true
    const { end } = pending
    const ended = endedOf(answer, end)
    if (!ended) return
    if (ended.type === 'done') {
      end.done(ended.result, pending.giveUp && this.#gaveUp(pending))
    } else if (ended.refusal.code === 'CASTY_DDATA_ABORTED') end.failed(this.#gaveUp(pending))
    else if (ended.refusal.code === 'CASTY_DDATA_SESSION_EXPIRED') {
      end.failed(DDataError.sessionExpired(pending.terms.what, 'no'))
    } else end.refused(ended.refusal)
  }

  /** Who made it was told that nobody knows. */
  #cameLate(answer: Uint8Array, pending: PendingCall): void {
    if (!pending.mayWait) return // It had no effect, where it came as late.
    const ended = endedOf(answer, { failed: () => {} })
    if (ended?.type === 'done') pending.end.late?.(ended.result)
  }

  #gaveUp({ giveUp, terms }: PendingCall, applied: Applied = 'no', why?: string): DDataError {
    const { what, signal, waitMs, timeoutMs } = terms
    if (giveUp === 'abort') return DDataError.aborted(what, applied, signal?.reason)
    if (why !== undefined) return DDataError.unavailable(what, why, applied)
    return DDataError.timeout(what, waitMs ?? timeoutMs, applied)
  }

  /** Why nothing is answered, where that is known. */
  get whyNot(): string | undefined {
    return this.#why ?? this.#port.whyNobody(this.part)
  }

  #readAnswered(number: number, answer: Uint8Array): void {
    const pending = this.#reads.get(number)
    if (!pending) return
    this.#reads.delete(number)
    const { end } = pending
    const ended = endedOf(answer, end)
    if (!ended) return
    if (ended.type === 'done') end.done(ended.result)
    else end.refused(ended.refusal)
  }

  #parked(number: number, isOffered: boolean): void {
    const pending = this.#calls.get(number)
    if (!pending) return
    if (!pending.isParked) this.#parks(pending)
    if (isOffered && !pending.hasEnded && pending.giveUp === undefined) pending.end.offered?.()
  }

  #parks(pending: PendingCall): void {
    pending.isParked = true
    const { waitMs } = pending.terms
    const now = this.#port.clock.now()
    if (waitMs !== undefined && pending.giveUp === undefined) {
      pending.deadline = now + waitMs
      this.#wake(pending.deadline)
    }
    this.#wake(now + this.#settings.pollMs)
  }

  /** Its time is over, or its signal aborted. */
  #giveUp(pending: PendingCall, why: 'timeout' | 'abort'): void {
    if (pending.hasEnded || pending.giveUp !== undefined) return
    pending.giveUp = why
    pending.deadline = Infinity
    const { terms, number, mayWait } = pending
    if (!mayWait) {
      pending.call = skip
      this.#settle(pending)
      return
    }
    pending.deadline = this.#port.clock.now() + Math.min(terms.timeoutMs, this.#settings.settleMs)
    this.#wake(pending.deadline)
    pending.end.givesUp?.(this.#gaveUp(pending, 'no', this.whyNot))
    this.#withdraw(number, terms.what)
  }

  /** Nobody said how it ended: whoever made it need not wait for that any longer. */
  #settle(pending: PendingCall): void {
    pending.hasEnded = true
    pending.deadline = Infinity
    pending.end.failed(this.#gaveUp(pending, 'unknown', this.whyNot))
  }

  /** One that would wait for however long ends where its part cannot be asked for as long as a call may take. */
  #endHopeless(pending: PendingCall, now: number): void {
    const { mayWait, isParked, giveUp, madeAt, terms } = pending
    if (!mayWait || isParked || giveUp !== undefined || terms.timeoutMs < Infinity) return
    if (now < madeAt + this.#settings.settleMs || this.whyNot === undefined) return
    this.#giveUp(pending, 'timeout')
    this.#settle(pending)
  }

  /** It ends when its part says that it waits no more, or had ended before: so nothing comes to it that nobody takes. */
  #withdraw(number: number, what: string): void {
    const call = new ByteWriter(9).u8(withdrawCode).varint(number).finish()
    const { horizonMs } = this.#settings
    const terms: CallTerms = { what: `the end of waiting for ${what}`, timeoutMs: horizonMs }
    // Also where no more calls may begin: with it, one ends.
    this.#call(call, terms, { done: () => {}, refused: () => {}, failed: () => {} }, false)
  }

  /** The part has forgotten this session: what was not answered may have had its effect, or not. */
  #forgotten(): void {
    this.#loseSession('its part has forgotten it', ({ terms }) =>
      DDataError.indeterminate(terms.what),
    )
  }

  /** @param why - a sentence without its end */
  #loseSession(why: string, errorFor: (pending: PendingCall) => DDataError): void {
    this.#startAnew(errorFor)
    this.#port.sessionLost(DDataError.sessionLost(this.part, why))
  }

  #startAnew(errorFor: (pending: PendingCall) => DDataError): void {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#out = new RequestWriter()
    this.#received = []
    this.#port.endSession(this.#session)
    this.#session = this.#port.newSession(this)
    this.#lastCall = 0
    this.#gapAt = 0
    this.#lacking = 0
    this.#isKnown = false
    for (const pending of calls) {
      if (pending.hasEnded) continue
      pending.hasEnded = true
      pending.end.failed(errorFor(pending))
    }
    const reads = [...this.#reads.values()]
    this.#reads.clear()
    for (const read of reads) {
      const anew = { ...read, after: 0 }
      this.#reads.set(read.number, anew)
      this.#add(anew)
    }
    for (const listener of this.#listeners) listener.forgotten()
  }

  /** All that has no answer yet, from that call on. */
  #sendAgain(from: number): void {
    const now = this.#port.clock.now()
    for (const pending of this.#calls.values()) {
      if (pending.number < from) continue
      pending.sentAt = now
      this.#add(entryOf(pending))
    }
    for (const pending of this.#reads.values()) {
      pending.sentAt = now
      this.#add(pending)
    }
  }

  #wake(at: number): void {
    this.#port.deadlineMoved(at)
  }

  /** Does what is due. @returns when to look again; Infinity where nothing is under way */
  look(): number {
    if (this.#calls.size === 0 && this.#reads.size === 0) return Infinity
    const now = this.#port.clock.now()
    const { sessionTtlMs } = this.#settings
    // Added up as in `#nextDeadline`: differences are rounded otherwise, and it would look again and again.
    if (now >= this.#heardAt + sessionTtlMs && this.#anyParked()) {
      this.#loseSession(silence, (pending) => {
        const { terms, mayWait, giveUp } = pending
        if (!mayWait) return DDataError.indeterminate(terms.what)
        // Its turn may have come, and nobody heard of it.
        if (giveUp) return this.#gaveUp(pending, 'unknown', this.whyNot)
        return DDataError.sessionExpired(terms.what, 'unknown')
      })
      return this.look()
    }
    this.#endLate(now)
    return Math.min(this.#sendLateAgain(now), this.#nextDeadline())
  }

  #anyParked(): boolean {
    for (const { mayWait } of this.#calls.values()) if (mayWait) return true
    return false
  }

  #endLate(now: number): void {
    // Whoever forgot this session meanwhile must not take what is sent again for new: reads may be, for however long.
    const [oldest] = this.#calls.values()
    if (oldest && now - Math.max(this.#heardAt, oldest.madeAt) >= this.#settings.horizonMs) {
      this.#loseSession(silence, ({ terms }) => DDataError.indeterminate(terms.what))
    }
    for (const pending of this.#calls.values()) {
      if (pending.deadline > now) this.#endHopeless(pending, now)
      else if (pending.giveUp === undefined) this.#giveUp(pending, 'timeout')
      else this.#settle(pending)
    }
    for (const read of this.#reads.values()) {
      if (read.deadline > now) continue
      this.#reads.delete(read.number)
      const { what, timeoutMs } = read.terms
      const why = this.whyNot
      read.end.failed(
        why === undefined
          ? DDataError.timeout(what, timeoutMs, 'no')
          : DDataError.unavailable(what, why, 'no'),
      )
    }
  }

  /** @returns when the next is to be sent again */
  #sendLateAgain(now: number): number {
    const { pollMs, maxResendMs } = this.#settings
    let isLate = false
    let next = Infinity
    for (const pending of [...this.#calls.values(), ...this.#reads.values()]) {
      const isParked = 'isParked' in pending && pending.isParked
      const due = pending.sentAt + (isParked ? pollMs : this.#resendMs)
      if (due <= now) isLate = true
      else next = Math.min(next, due)
    }
    if (!isLate) return next
    this.#resendMs = Math.min(this.#resendMs * 2, maxResendMs)
    this.#sendAgain(0)
    return now + Math.min(pollMs, this.#resendMs)
  }

  #nextDeadline(): number {
    let next = this.#anyParked() ? this.#heardAt + this.#settings.sessionTtlMs : Infinity
    for (const { deadline } of this.#calls.values()) next = Math.min(next, deadline)
    for (const { deadline } of this.#reads.values()) next = Math.min(next, deadline)
    return next
  }

  /** Ends all that is under way. */
  close(errorFor: (what: string) => DDataError): void {
    for (const pending of this.#calls.values()) {
      if (pending.hasEnded) continue
      pending.hasEnded = true
      pending.end.failed(errorFor(pending.terms.what))
    }
    this.#calls.clear()
    for (const { end, terms } of this.#reads.values()) end.failed(errorFor(terms.what))
    this.#reads.clear()
  }
}
