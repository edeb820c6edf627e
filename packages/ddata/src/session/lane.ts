// What one session has to do with one part: its calls in order, each until it is answered. A call that gets no answer is
// sent again under its number, so that it has one effect however often it arrives.
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import {
  readReply,
  RequestWriter,
  type Reply,
  type ReplyEntry,
  type RequestEntry,
} from '../protocol/messages.ts'
import { withdrawCode } from '../state/part-state.ts'
import { maxUnsettledCalls } from '../state/sessions.ts'
import { CallsUnderWay, failAll, skip } from './calls-under-way.ts'
import { silencedBy } from './endings.ts'
import { Gaps } from './gaps.ts'
import type { LaneListener, LanePort, LaneSettings, Stuck } from './lane-port.ts'
import type { CallEnd, CallTerms, PendingCall } from './pending.ts'
import { ReadsUnderWay } from './reads-under-way.ts'

function entryOf({ number, received, terms, call }: PendingCall): RequestEntry {
  return { type: 'call', number, received, key: call === skip ? undefined : terms.key, call }
}

const silence = 'its part was not heard of for too long'

/** What is said by a part that can do what it is asked for. A gap is what a failed call leaves. */
const isProgress: ReadonlySet<ReplyEntry['type']> = new Set(['answer', 'parked', 'read'])

export class Lane {
  readonly part: string
  readonly #port: LanePort
  readonly #settings: LaneSettings
  readonly #listeners = new Set<LaneListener>()
  readonly #calls: CallsUnderWay
  readonly #reads = new ReadsUnderWay()
  readonly #gaps = new Gaps()
  #out = new RequestWriter()
  #session: Uint8Array
  #lastCall = 0
  #isKnown = false
  #heardAt: number
  /** What its part said last, where that is that it can do nothing. */
  #failure: Stuck | undefined
  #resendMs: number

  constructor(part: string, port: LanePort, settings: LaneSettings) {
    this.part = part
    this.#port = port
    this.#settings = settings
    this.#resendMs = settings.resendMs
    this.#calls = new CallsUnderWay(
      {
        now: () => port.clock.now(),
        stuck: () => this.#stuck,
        whyNot: () => this.whyNot,
        withdraw: (number, what) => this.#withdraw(number, what),
        wake: (at) => port.deadlineMoved(at),
      },
      settings,
    )
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
    const pending = this.#calls.begin(number, call, terms, end, mayWait, now)
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
    const pending = this.#reads.begin(call, terms, end, isStrict, this.#lastCall, now)
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
    const silentMs = this.#isKnown ? now - this.#heardAt : 0
    if (silentMs >= this.#settings.horizonMs && !this.#holds) {
      // Nothing is on its way by now: what is remembered of the former one is of no use.
      if (silentMs >= 3 * this.#settings.horizonMs) {
        this.#add({ type: 'close' })
        this.flush()
      }
      this.#startAnew(({ terms }) => DDataError.indeterminate(terms.what))
    }
    this.#heardAt = now
    this.#resendMs = this.#settings.resendMs
    this.#failure = undefined
  }

  /** Whether something is held under its session, which is gone with that. */
  get #holds(): boolean {
    for (const listener of this.#listeners) if (listener.holds?.() === true) return true
    return false
  }

  #add(entry: RequestEntry): void {
    this.#out.add(entry)
    this.#port.hasToSend(this)
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
    const { firstOpen } = this.#calls
    return firstOpen === undefined ? this.#lastCall : firstOpen - 1
  }

  /** What the part knows it as: another one where it has forgotten it. */
  get session(): Uint8Array {
    return this.#session
  }

  /** What the part says. @throws DDataError, TransportError `…_MALFORMED` */
  receive(body: Uint8Array, now: number = this.#port.clock.now()): void {
    const { epoch, entries } = this.#readable(body)
    const failed = entries.findLast((entry) => entry.type === 'failed')
    if (failed) this.#failure = { why: failed.why, since: this.#failure?.since ?? now }
    else if (entries.some(({ type }) => isProgress.has(type))) this.#failure = undefined
    // One that can do nothing keeps nothing waiting.
    if (entries.some(({ type }) => type !== 'failed')) this.#heardAt = now
    this.#resendMs = this.#settings.resendMs
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
      const reads = this.#reads.takeAll()
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
        this.#gaps.answered()
        this.#calls.answered(entry.number, entry.answer)
        return
      case 'read':
        this.#reads.answered(entry.number, entry.answer)
        return
      case 'parked':
        this.#isKnown = true
        this.#calls.parked(entry.number)
        return
      case 'offered':
        this.#calls.offered(entry.number)
        return
      case 'gap':
        this.#gap(entry.expected)
        return
      case 'unknown':
        this.#forgotten()
        return
      case 'failed': // Noted by now.
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

  #gap(expected: number): void {
    const isUnderWay = this.#calls.has(expected)
    switch (this.#gaps.told(expected, isUnderWay, this.#port.clock.now(), this.#resendMs)) {
      case 'close':
        this.#sendAgain(expected)
        return
      case 'forgotten':
        this.#forgotten()
        return
      case 'wait':
    }
  }

  /** Why nothing is answered, where that is known. */
  get whyNot(): string | undefined {
    return this.#failure?.why ?? this.#port.whyNobody(this.part)?.why
  }

  /** Where there is no use in waiting any longer. */
  get #stuck(): Stuck | undefined {
    if (this.#failure) return this.#failure
    const nobody = this.#port.whyNobody(this.part)
    if (!nobody || nobody.isForNow) return undefined
    return { why: nobody.why, since: Number.NEGATIVE_INFINITY }
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
    const calls = this.#calls.takeAll()
    this.#out = new RequestWriter()
    this.#port.endSession(this.#session)
    this.#session = this.#port.newSession(this)
    this.#lastCall = 0
    this.#failure = undefined
    this.#gaps.reset()
    this.#isKnown = false
    failAll(calls, errorFor)
    for (const read of this.#reads.renumbered()) this.#add(read)
    for (const listener of this.#listeners) listener.forgotten()
  }

  /** All that has no answer yet, from that call on. */
  #sendAgain(from: number): void {
    const now = this.#port.clock.now()
    for (const pending of this.#calls.all()) {
      if (pending.number < from) continue
      pending.sentAt = now
      this.#add(entryOf(pending))
    }
    for (const pending of this.#reads.all()) {
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
    if (now >= this.#silentAt) {
      this.#silenced()
      return this.look()
    }
    this.#endLate(now)
    return Math.min(this.#sendLateAgain(now), this.#nextDeadline())
  }

  /** When nothing waits any more if nothing is heard. */
  get #silentAt(): number {
    const { waitsSince } = this.#calls
    if (waitsSince === undefined) return Infinity
    return Math.max(this.#heardAt, waitsSince) + this.#settings.sessionTtlMs
  }

  #silenced(): void {
    const why = this.whyNot
    this.#loseSession(silence, (pending) => silencedBy(pending, why))
  }

  #endLate(now: number): void {
    // Whoever forgot this session meanwhile must not take what is sent again for new: reads may be, for however long.
    const { oldestMadeAt } = this.#calls
    const { horizonMs } = this.#settings
    if (oldestMadeAt !== undefined && now - Math.max(this.#heardAt, oldestMadeAt) >= horizonMs) {
      this.#silenced()
    }
    this.#calls.endLate(now)
    this.#reads.endLate(now, () => this.whyNot)
  }

  /** @returns when the next is to be sent again */
  #sendLateAgain(now: number): number {
    const { pollMs, maxResendMs } = this.#settings
    const [calls, reads] = [this.#calls, this.#reads]
    const due = Math.min(calls.nextResend(this.#resendMs), reads.nextResend(this.#resendMs))
    if (due > now) return due
    this.#resendMs = Math.min(this.#resendMs * 2, maxResendMs)
    this.#sendAgain(0)
    return now + Math.min(pollMs, this.#resendMs)
  }

  #nextDeadline(): number {
    return Math.min(this.#silentAt, this.#calls.nextDeadline, this.#reads.nextDeadline)
  }

  /** Ends all that is under way. */
  close(errorFor: (what: string) => DDataError): void {
    failAll(this.#calls.all(), ({ terms }) => errorFor(terms.what))
    this.#calls.takeAll()
    for (const { end, terms } of this.#reads.all()) end.failed(errorFor(terms.what))
    this.#reads.takeAll()
  }
}
