// One part of a structure as its handle sees it: calls as promises of what they answer.
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../errors.ts'
import type { CallEnd, CallTerms } from '../session/pending.ts'
import type { Session } from '../session/session.ts'
import type { Refusal } from '../state/machine.ts'

/** A call has to fit into a frame, with what may be sent along with it: three values of the largest size do. */
const maxCallBytes = 3 * 262_144 + 8_192

/** @throws DDataError `CASTY_DDATA_TOO_LARGE` */
export function checkSize(call: Uint8Array, { what }: CallTerms): Uint8Array {
  if (call.length > maxCallBytes) throw DDataError.tooLarge(what, call.length, maxCallBytes)
  return call
}

/** What a refusal means for who made the call. */
export type Explain = (refusal: Refusal) => DDataError

export class PartCalls {
  readonly #session: Session
  readonly #part: string
  readonly #explain: Explain

  constructor(session: Session, part: string, explain: Explain) {
    this.#session = session
    this.#part = part
    this.#explain = explain
  }

  /** Rejects with what the part answered, or with why it did not. Leaves in the order of calls. */
  call<T>(call: Uint8Array, terms: CallTerms, result: (from: ByteReader) => T): Promise<T> {
    return this.#ended(result, (end) => {
      this.#session.lane(this.#part, terms.what).call(checkSize(call, terms), terms, end)
    })
  }

  /**
   * The same for one that may have to wait for its turn.
   *
   * @param result - is also told when it certainly had no answer, by the clock of this process
   * @param late - takes what came after it was given up
   */
  wait<T>(
    call: Uint8Array,
    terms: CallTerms,
    result: (from: ByteReader, notBefore: number) => T,
    late?: (result: T) => void,
  ): Promise<T> {
    const begin = (end: CallEnd): void => {
      this.#session.lane(this.#part, terms.what).call(checkSize(call, terms), terms, end, true)
    }
    return this.#ended(result, begin, late)
  }

  read<T>(
    call: Uint8Array,
    terms: CallTerms & { readonly isStrict: boolean },
    result: (from: ByteReader) => T,
  ): Promise<T> {
    return this.#ended(result, (end) => {
      this.#session
        .lane(this.#part, terms.what)
        .read(checkSize(call, terms), terms, end, terms.isStrict)
    })
  }

  #ended<T>(
    result: (from: ByteReader, notBefore: number) => T,
    begin: (end: CallEnd) => void,
    late?: (result: T) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      begin(new Settling(resolve, reject, result, this.#explain, late))
    })
  }
}

/** Settles a promise with how a call ended. */
class Settling<T> implements CallEnd {
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void
  readonly #result: (from: ByteReader, notBefore: number) => T
  readonly #explain: Explain
  readonly #late: ((result: T) => void) | undefined

  constructor(
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    result: (from: ByteReader, notBefore: number) => T,
    explain: Explain,
    late: ((result: T) => void) | undefined,
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#result = result
    this.#explain = explain
    this.#late = late
  }

  done(from: ByteReader, _gaveUp?: DDataError, notBefore = -Infinity): void {
    try {
      this.#resolve(this.#result(from, notBefore))
    } catch (error) {
      this.#reject(DDataError.malformedAnswer(error))
    }
  }

  late(from: ByteReader): void {
    this.#late?.(this.#result(from, -Infinity))
  }

  refused(refusal: Refusal): void {
    this.#reject(this.#explain(refusal))
  }

  failed(error: unknown): void {
    this.#reject(error)
  }
}
