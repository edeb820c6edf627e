// Has items delivered: at once, or when there are some.
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { CallTerms } from '../../session/pending.ts'
import {
  waitTermsOf,
  writeTermsOf,
  type TimeLimit,
  type WaitOptions,
} from '../../structures/call-options.ts'
import { Delivery, type Receipt } from './delivery.ts'
import { queueCall } from './queue-calls.ts'
import type { ReserveOptions } from './queue-options.ts'
import { wholeMs } from './queue-terms.ts'
import type { Receipts, ReceiptsParts } from './receipts.ts'

/** Who takes an item has so long to say that it has it, in milliseconds. */
const takeVisibilityMs = 10_000
const reserveNames = ['waitMs', 'visibilityMs']

/** What is asked for. */
interface Wish {
  readonly max: number
  readonly visibilityMs: number
  readonly terms: CallTerms
}

/** An item before it is handed over. */
interface Item<T> {
  readonly receipt: Receipt
  readonly deliveries: number
  readonly enqueuedAt: number
  readonly value: T
}

/** Items that were waited for. */
interface Came<T> {
  readonly items: readonly Item<T>[]
  /** When they certainly had not been delivered, by the clock of this process. */
  readonly notBefore: number
}

export class Reserving<T> {
  readonly #parts: ReceiptsParts
  readonly #receipts: Receipts
  readonly #visibilityMs: number
  readonly #value: (from: ByteReader) => T

  /** @param visibilityMs - where a call does not say */
  constructor(
    parts: ReceiptsParts,
    receipts: Receipts,
    visibilityMs: number,
    value: (from: ByteReader) => T,
  ) {
    this.#parts = parts
    this.#receipts = receipts
    this.#visibilityMs = visibilityMs
    this.#value = value
  }

  #now(): number {
    return this.#parts.session.clock.now()
  }

  /** Those that are there; where `waitMs` is above 0, when there are some, or none once it is over. */
  async reserve(max: number, options: ReserveOptions): Promise<readonly Delivery<T>[]> {
    const { name, timeoutMs } = this.#parts
    const what = `reserve of queue ${name}`
    const terms = writeTermsOf(what, name, options, timeoutMs, reserveNames)
    const { visibilityMs = this.#visibilityMs, waitMs } = options
    const wish = { max, visibilityMs: wholeMs('options.visibilityMs', visibilityMs), terms }
    if (waitMs === undefined || waitMs === 0) return await this.#atOnce(wish)
    const limit = { timeoutMs, isStated: false }
    const { key } = terms
    const wait = waitTermsOf(what, options, limit, [...reserveNames, 'idempotencyKey'])
    const patient = { ...wish, terms: { ...wait, key } }
    if (key === undefined) return await this.#handedOver(patient).catch(noneInTime)
    return await this.#handedOverOnce(patient).catch(noneInTime)
  }

  /** Whoever asks again gets the same answer. */
  async #handedOverOnce(wish: Wish): Promise<readonly Delivery<T>[]> {
    return await this.#stillHeld(await this.#whenThere(wish), wish.visibilityMs)
  }

  async #atOnce(wish: Wish): Promise<readonly Delivery<T>[]> {
    const until = this.#now() + wish.visibilityMs
    const came = await this.#parts.part.call(this.#call(wish, false), wish.terms, this.#read)
    return came.map((item) => this.#delivery(item, until))
  }

  /** Waits for items, for as long as it takes, and has them for a time. */
  async consume(
    max: number,
    visibilityMs: number,
    options: WaitOptions,
  ): Promise<readonly Delivery<T>[]> {
    const { name, timeoutMs } = this.#parts
    const limit: TimeLimit = { timeoutMs, isStated: false }
    const terms = waitTermsOf(`consume of queue ${name}`, options, limit)
    return await this.#handedOver({ max, visibilityMs, terms })
  }

  /** Waits for an item, and removes it. */
  async take(options: WaitOptions, limit: TimeLimit): Promise<T> {
    const what = `take of queue ${this.#parts.name}`
    const terms = waitTermsOf(what, options, limit)
    const wish = { max: 1, visibilityMs: takeVisibilityMs, terms }
    const taken = await this.#patiently(wish, async ({ items: [item] }) => {
      if (!item) return undefined
      if (!terms.signal?.aborted) {
        return (await this.#receipts.ack([item.receipt], {})) === 1 ? item : undefined
      }
      await this.#receipts.nack(item.receipt, {})
      throw DDataError.aborted(what, 'no', terms.signal.reason)
    })
    return taken.value
  }

  async #handedOver(wish: Wish): Promise<readonly Delivery<T>[]> {
    return await this.#patiently(wish, async (came) => {
      const kept = await this.#stillHeld(came, wish.visibilityMs)
      return kept.length === 0 ? undefined : kept
    })
  }

  /**
   * Those that nobody else may have by now. How long they were on the way is known only to within when it was last said that
   * they are waited for: where that may be much of their time, they are extended before they are handed over.
   */
  async #stillHeld(
    { items, notBefore }: Came<T>,
    visibilityMs: number,
  ): Promise<readonly Delivery<T>[]> {
    const now = this.#now()
    const until = notBefore + visibilityMs
    if (until - now >= visibilityMs / 2) return items.map((item) => this.#delivery(item, until))
    const held = await Promise.all(
      items.map(async ({ receipt }) => await this.#receipts.extend(receipt, visibilityMs, {})),
    )
    return items
      .filter((_, index) => held[index] === true)
      .map((item) => this.#delivery(item, now + visibilityMs))
  }

  /** Waits again, for what is left of its time, where what came is of no use. */
  async #patiently<R>(wish: Wish, use: (came: Came<T>) => Promise<R | undefined>): Promise<R> {
    const { terms } = wish
    const until = this.#now() + (terms.waitMs ?? Infinity)
    for (;;) {
      const leftMs = Math.max(0, Math.ceil(until - this.#now()))
      const left = terms.waitMs === undefined ? terms : { ...terms, waitMs: leftMs }
      // eslint-disable-next-line no-await-in-loop -- One after the other.
      const used = await use(await this.#whenThere({ ...wish, terms: left }))
      if (used !== undefined) return used
    }
  }

  async #whenThere(wish: Wish): Promise<Came<T>> {
    return await this.#parts.part.wait(
      this.#call(wish, true),
      wish.terms,
      (from, notBefore) => ({ items: this.#read(from), notBefore }),
      ({ items }) => {
        for (const { receipt } of items) this.#receipts.nack(receipt, {}).catch(() => {}) // They return by themselves.
      },
    )
  }

  #call({ max, visibilityMs }: Wish, waits: boolean): Uint8Array {
    const { config } = this.#parts
    return queueCall('reserve', config).varint(max).varint(visibilityMs).bool(waits).finish()
  }

  readonly #read = (from: ByteReader): readonly Item<T>[] =>
    Array.from({ length: from.count(4) }, () => {
      const receipt = { number: from.varint(), receipt: from.varint() }
      const [deliveries, enqueuedAt] = [from.varint(), from.varint()]
      return { receipt, deliveries, enqueuedAt, value: this.#value(from) }
    })

  #delivery(item: Item<T>, until: number): Delivery<T> {
    return new Delivery({ ...item, until }, this.#receipts)
  }
}

/** Nothing came while it was waited for. */
function noneInTime(error: unknown): never[] {
  const isOver = error instanceof DDataError && error.code === 'CASTY_DDATA_TIMEOUT'
  if (isOver && error.applied === 'no') return []
  throw error
}
