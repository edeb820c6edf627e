// Calls of one session to one part, each until its part has told how it ended: also one that nobody waits for any more, since
// no number may be left out.
import { ByteWriter } from '@casty/transport'
import type { DDataError } from '../errors.ts'
import { skipCode } from '../state/part-state.ts'
import { gaveUp, tellAnswer, tellLate } from './endings.ts'
import type { LaneSettings, Stuck } from './lane-port.ts'
import { untilEnded, type CallEnd, type CallTerms, type PendingCall } from './pending.ts'

/** A call that does nothing, in place of one that nobody wants any more. */
export const skip: Uint8Array = new ByteWriter(1).u8(skipCode).finish()

export interface CallsPort {
  now(): number
  /** Undefined where it is not known that there is no use in waiting. */
  stuck(): Stuck | undefined
  /** Why nothing is answered, where that is known. */
  whyNot(): string | undefined
  /** Has its part end the waiting of a call, or say how it had ended before. */
  withdraw(number: number, what: string): void
  /** Has `endLate` called by then. */
  wake(at: number): void
}

const none: readonly number[] = []

export class CallsUnderWay {
  readonly #port: CallsPort
  readonly #settings: LaneSettings
  /** In the order of their numbers. */
  readonly #calls = new Map<number, PendingCall>()
  /** Whose answers the part may forget, once it is told. */
  #received: number[] = []

  constructor(port: CallsPort, settings: LaneSettings) {
    this.#port = port
    this.#settings = settings
  }

  get size(): number {
    return this.#calls.size
  }

  has(number: number): boolean {
    return this.#calls.has(number)
  }

  /** In the order of their numbers. */
  all(): Iterable<PendingCall> {
    return this.#calls.values()
  }

  /** The lowest number that has neither ended nor waits for its turn. */
  get firstOpen(): number | undefined {
    for (const { number, isParked } of this.#calls.values()) if (!isParked) return number
    return undefined
  }

  /** When the first of them was made. */
  get oldestMadeAt(): number | undefined {
    const [oldest] = this.#calls.values()
    return oldest?.madeAt
  }

  /**
   * When the first was made that waits for its turn, or would for however long: these end where nothing is heard. One that has
   * a time of its own, and is not known to wait, has it: its part may be reached again by then.
   */
  get waitsSince(): number | undefined {
    for (const { mayWait, isParked, madeAt, terms } of this.#calls.values()) {
      if (mayWait && (isParked || terms.timeoutMs === Infinity)) return madeAt
    }
    return undefined
  }

  /** @param number - higher than all before */
  begin(
    number: number,
    call: Uint8Array,
    terms: CallTerms,
    end: CallEnd,
    mayWait: boolean,
    now: number,
  ): PendingCall {
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
      askedAt: now,
      notBefore: now,
    }
    if (this.#received.length > 0) this.#received = []
    this.#calls.set(number, pending)
    return pending
  }

  answered(number: number, answer: Uint8Array): void {
    const pending = this.#calls.get(number)
    if (!pending) return
    this.#calls.delete(number)
    if (pending.mayWait) this.#received.push(number)
    if (pending.hasEnded) {
      tellLate(pending, answer)
      return
    }
    pending.hasEnded = true
    tellAnswer(pending, answer)
  }

  parked(number: number): void {
    const pending = this.#calls.get(number)
    if (!pending) return
    pending.notBefore = pending.askedAt
    pending.askedAt = pending.sentAt
    if (!pending.isParked) this.#parks(pending)
  }

  /** It may have what it waits for, if it says that it is there. It can hear of that before it hears that it waits. */
  offered(number: number): void {
    const pending = this.#calls.get(number)
    if (!pending || pending.hasEnded || pending.giveUp !== undefined) return
    pending.end.offered?.()
  }

  #parks(pending: PendingCall): void {
    pending.isParked = true
    const { waitMs } = pending.terms
    const now = this.#port.now()
    if (waitMs !== undefined && pending.giveUp === undefined) {
      pending.deadline = now + waitMs
      this.#port.wake(pending.deadline)
    }
    this.#port.wake(now + this.#settings.pollMs)
    if (!pending.hasEnded) pending.end.parked?.()
  }

  /** Its time is over, or its signal aborted. */
  #giveUp(pending: PendingCall, why: 'timeout' | 'abort'): void {
    if (pending.hasEnded || pending.giveUp !== undefined) return
    pending.giveUp = why
    pending.deadline = Infinity
    const { terms, number, mayWait, isParked } = pending
    if (!mayWait) {
      pending.call = skip
      this.#settle(pending)
      return
    }
    const patienceMs = isParked ? Infinity : (terms.waitMs ?? Infinity)
    const settleMs = Math.min(terms.timeoutMs, patienceMs, this.#settings.settleMs)
    pending.deadline = this.#port.now() + settleMs
    this.#port.wake(pending.deadline)
    pending.end.givesUp?.(gaveUp(pending, 'no', this.#port.whyNot()))
    this.#port.withdraw(number, terms.what)
    // Nobody is there to say how it ends.
    if (!isParked && this.#port.stuck()) this.#settle(pending)
  }

  /** Nobody said how it ended: whoever made it need not wait for that any longer. */
  #settle(pending: PendingCall): void {
    pending.hasEnded = true
    pending.deadline = Infinity
    pending.end.failed(gaveUp(pending, 'unknown', this.#port.whyNot()))
  }

  /** Gives up those whose time is over. */
  endLate(now: number): void {
    for (const pending of this.#calls.values()) {
      if (pending.deadline > now) this.#endHopeless(pending, now)
      else if (pending.giveUp === undefined) this.#giveUp(pending, 'timeout')
      else this.#settle(pending)
    }
  }

  /** One that would wait for however long ends where its part cannot be asked for as long as a call may take. */
  #endHopeless(pending: PendingCall, now: number): void {
    const { mayWait, isParked, giveUp, madeAt, terms } = pending
    if (!mayWait || isParked || giveUp !== undefined || terms.timeoutMs < Infinity) return
    const stuck = this.#port.stuck()
    if (!stuck || now < Math.max(madeAt, stuck.since) + this.#settings.settleMs) return
    this.#giveUp(pending, 'timeout')
  }

  /** When the time of the next one is over. */
  get nextDeadline(): number {
    let next = Infinity
    for (const { deadline } of this.#calls.values()) next = Math.min(next, deadline)
    return next
  }

  /** When the next one is to be sent again. @param resendMs - after so long, where it does not wait for its turn */
  nextResend(resendMs: number): number {
    const { pollMs } = this.#settings
    let next = Infinity
    for (const { sentAt, isParked } of this.#calls.values()) {
      next = Math.min(next, sentAt + (isParked ? pollMs : resendMs))
    }
    return next
  }

  /** None of them is under way any more. @returns them */
  takeAll(): readonly PendingCall[] {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#received = []
    return calls
  }
}

/** Tells who waits for some calls that they failed. What one does about it may end others. */
export function failAll(
  calls: Iterable<PendingCall>,
  errorFor: (pending: PendingCall) => DDataError,
): void {
  for (const pending of calls) {
    if (pending.hasEnded) continue
    pending.hasEnded = true
    pending.end.failed(errorFor(pending))
  }
}
