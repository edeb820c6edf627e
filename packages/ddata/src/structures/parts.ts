// The parts of a structure that is split by its keys. Before it is used for the first time, one part is asked whether
// its options are those of the others: later there is no time for that.
import type { ByteReader } from '@casty/transport'
import { shardOf } from '@casty/sharding'
import { DDataError } from '../errors.ts'
import { partId, type Kind } from '../kinds/kind.ts'
import type { Agreement, Question } from '../session/agreement.ts'
import type { CallTerms } from '../session/pending.ts'
import type { Session } from '../session/session.ts'
import { lettersOf } from '../values/letters.ts'
import { PartCalls, type Explain } from './part.ts'

export interface SplitStructure {
  readonly kind: Kind
  readonly name: string
  readonly shards: number
  /** A call that agrees on the options, and does nothing else. */
  readonly configure: Uint8Array
  readonly explain: Explain
}

export class Parts {
  readonly #session: Session
  readonly #structure: SplitStructure
  readonly #parts = new Map<number, PartCalls>()
  readonly #agreement: Agreement
  readonly #question: Question

  constructor(session: Session, structure: SplitStructure) {
    this.#session = session
    this.#structure = structure
    const { kind, name, configure, explain } = structure
    this.#agreement = session.agreementOn(`${kind}/${name}/${lettersOf(configure)}`)
    this.#question = {
      what: `agreement on the options of ${kind} ${name}`,
      call: configure,
      explain,
      lane: (what) => session.lane(this.idOf(0), what),
    }
  }

  get count(): number {
    return this.#structure.shards
  }

  partOf(key: Uint8Array): number {
    return shardOf(lettersOf(key), this.count)
  }

  /** The same, for a key that is letters already. */
  partOfLetters(key: string): number {
    return shardOf(key, this.count)
  }

  /** Items by the parts that their keys are in. */
  split<T extends { readonly bytes: Uint8Array }>(
    items: readonly T[],
  ): readonly (readonly [part: number, items: readonly T[]])[] {
    const parts = new Map<number, T[]>()
    for (const item of items) {
      const part = this.partOf(item.bytes)
      const group = parts.get(part)
      if (group) group.push(item)
      else parts.set(part, [item])
    }
    return [...parts]
  }

  idOf(part: number): string {
    const { kind, name } = this.#structure
    return partId(kind, name, part)
  }

  #calls(part: number): PartCalls {
    const known = this.#parts.get(part)
    if (known) return known
    const calls = new PartCalls(this.#session, this.idOf(part), this.#structure.explain)
    this.#parts.set(part, calls)
    return calls
  }

  /** Leaves in the order of calls, once all have agreed. */
  call<T>(
    part: number,
    call: Uint8Array,
    terms: CallTerms,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    if (this.#agreement.isReached) return this.#calls(part).call(call, terms, result)
    return this.#onceAgreed(terms, () => this.#calls(part).call(call, terms, result))
  }

  /** As `call`. */
  read<T>(
    part: number,
    call: Uint8Array,
    terms: CallTerms & { readonly isStrict: boolean },
    result: (from: ByteReader) => T,
  ): Promise<T> {
    if (this.#agreement.isReached) return this.#calls(part).read(call, terms, result)
    return this.#onceAgreed(terms, () => this.#calls(part).read(call, terms, result))
  }

  /** Rejects as a call would that has to wait until all have agreed. */
  async agree(terms: CallTerms): Promise<void> {
    if (!this.#agreement.isReached) await this.#onceAgreed(terms, () => Promise.resolve())
  }

  #onceAgreed<T>(terms: CallTerms, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, fail) => {
      this.#agreement.whenReached(this.#question, terms, { goOn: () => resolve(act()), fail })
    })
  }

  /** In all parts at once. Rejects with the first failure, when all have ended. */
  async everywhere<T>(each: (part: number) => Promise<T>): Promise<readonly T[]> {
    return await allOf(Array.from({ length: this.count }, (_, part) => each(part)))
  }

  /** As `everywhere`, of changes. */
  async changeEverywhere<T>(each: (part: number) => Promise<T>): Promise<readonly T[]> {
    return await allChanged(Array.from({ length: this.count }, (_, part) => each(part)))
  }

  /** Its options may be others from now on. */
  forget(): void {
    this.#agreement.forget()
  }
}

/** As `allOf`, of changes. Where some had their effect, or may have, nobody must take the rest for nothing done. */
export async function allChanged<T>(changes: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(changes)
  const isNothingDone = outcomes.every(
    (outcome) =>
      outcome.status === 'rejected' &&
      outcome.reason instanceof DDataError &&
      outcome.reason.applied === 'no',
  )
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value
    const { reason } = outcome as { readonly reason: unknown }
    const isPartial = !isNothingDone && reason instanceof DDataError && reason.applied === 'no'
    throw isPartial ? DDataError.partial(reason) : reason
  })
}

/** Waits for all, so that nothing goes on behind a failure. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(promises)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
