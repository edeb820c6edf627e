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

  /** Rejects with what the part answered, or with why it did not. */
  async call<T>(call: Uint8Array, terms: CallTerms, result: (from: ByteReader) => T): Promise<T> {
    checkSize(call, terms)
    return await new Promise((resolve, reject) => {
      const end = this.#endOf(resolve, reject, result)
      this.#session.lane(this.#part).call(call, terms, end)
    })
  }

  /** The same for one that may have to wait for its turn. */
  async wait<T>(call: Uint8Array, terms: CallTerms, result: (from: ByteReader) => T): Promise<T> {
    checkSize(call, terms)
    return await new Promise((resolve, reject) => {
      const end = this.#endOf(resolve, reject, result)
      this.#session.lane(this.#part).call(call, terms, end, true)
    })
  }

  async read<T>(
    call: Uint8Array,
    terms: CallTerms & { readonly isStrict: boolean },
    result: (from: ByteReader) => T,
  ): Promise<T> {
    checkSize(call, terms)
    return await new Promise((resolve, reject) => {
      const end = this.#endOf(resolve, reject, result)
      this.#session.lane(this.#part).read(call, terms, end, terms.isStrict)
    })
  }

  #endOf<T>(
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    result: (from: ByteReader) => T,
  ): CallEnd {
    return {
      done: (from) => {
        try {
          resolve(result(from))
        } catch (error) {
          reject(DDataError.malformedAnswer(error))
        }
      },
      refused: (refusal) => reject(this.#explain(refusal)),
      failed: reject,
    }
  }
}
