import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { CallTerms } from '../../session/pending.ts'
import type { Session } from '../../session/session.ts'
import {
  readTermsOf,
  termsOf,
  writeTermsOf,
  type CallOptions,
  type ReadOptions,
  type TimeLimit,
  type WaitOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { PartCalls } from '../../structures/part.ts'
import { readBoolean, readCount } from '../../structures/readers.ts'
import { leavable, type UntilLeft } from '../../structures/leavable.ts'
import { checkSchema, whenValid, type StandardSchema } from '../../structures/standard-schema.ts'
import { eachWhenThere, promised, whenThere, type Soon } from '../../structures/when-there.ts'
import { duration, flag, listed, whole } from '../../values/arguments.ts'
import { decodeValue } from '../../values/canonical.ts'
import { encoded, maxValueBytes } from '../../values/encoded.ts'
import { shortLived } from '../../values/short-lived.ts'
import { partId } from '../kind.ts'
import { consuming } from './consuming.ts'
import { deadItems } from './dead-list.ts'
import { answering, Delivery } from './delivery.ts'
import { extending } from './extending.ts'
import type { HeldItems } from './held-items.ts'
import { queueCall, writeTerms, type QueueCall, type QueueConfig } from './queue-calls.ts'
import type {
  ConsumeOptions,
  DeadItem,
  Enqueued,
  EnqueueOptions,
  QueueOptions,
  QueueStatistics,
  RedriveOptions,
  ReserveOptions,
} from './queue-options.ts'
import { configOf, enqueueTerms, explainQueue, wholeMs } from './queue-terms.ts'
import { Receipts } from './receipts.ts'
import { Reserving } from './reserving.ts'

const maxMany = 10_000

/**
 * Items that all nodes share, first in, first out. `reserve` and `consume` deliver each at least once, and again until it is
 * acknowledged; `dequeue` removes it at once, and a consumer that fails then has had it.
 *
 * Calls reject with a DDataError: `CASTY_DDATA_ARGUMENT`, `…_CODEC`, `…_VALIDATION`, `…_TOO_LARGE`, `…_QUEUE_FULL`,
 * `…_DESTROYED`, `…_CONFIG_MISMATCH`, `…_TIMEOUT`, `…_UNAVAILABLE`, `…_INDETERMINATE`, `…_SESSION_EXPIRED`, `…_ABORTED`,
 * `…_BUSY`, `…_CLOSED`.
 */
export class Queue<T> {
  readonly name: string
  readonly #session: Session
  readonly #schema: StandardSchema<T> | undefined
  readonly #config: QueueConfig
  readonly #visibilityMs: number
  readonly #maxItemBytes: number
  readonly #timeoutMs: number
  readonly #part: PartCalls
  readonly #receipts: Receipts
  readonly #reserving: Reserving<T>
  readonly #takeLimit: TimeLimit

  /** Made by `Distributed.queue`. */
  constructor(
    session: Session,
    heldItems: HeldItems,
    name: string,
    shards: number,
    timeoutMs: number,
    options: QueueOptions<T>,
  ) {
    const { value, visibilityMs = 30_000, maxItemBytes = maxValueBytes } = options
    checkSchema('options.value', value)
    this.name = name
    this.#session = session
    this.#schema = value
    this.#config = configOf(shards, options)
    this.#maxItemBytes = whole('options.maxItemBytes', maxItemBytes, 1, maxValueBytes)
    this.#timeoutMs = timeoutMs
    this.#part = new PartCalls(session, partId('queue', name, 0), (refusal) =>
      explainQueue(`Queue ${name}`, refusal),
    )
    const [part, config] = [this.#part, this.#config]
    const parts = { session, heldItems, name, part, config, timeoutMs }
    this.#receipts = new Receipts(parts)
    const read = (from: ByteReader): T => this.#value(from)
    const visible = duration('options.visibilityMs', visibilityMs)
    this.#visibilityMs = visible
    this.#reserving = new Reserving(parts, this.#receipts, visible, read)
    this.#takeLimit = { timeoutMs, isStated: options.timeoutMs !== undefined }
  }

  /** Where the queue is full and `onFull` is `wait`, it waits for room. */
  enqueue(value: T, options: EnqueueOptions = {}): Promise<Enqueued> {
    return promised(() =>
      whenThere(this.#item(value), (item) => {
        const terms = this.#writeTerms('enqueue', options, enqueueNames)
        const out = this.#enqueueCall('enqueue', options, item.length)
        return this.#enqueue(out.bytes(item, item.length), terms, readEnqueued)
      }),
    )
  }

  /** All of them or none. */
  async enqueueMany(values: Iterable<T>, options: EnqueueOptions = {}): Promise<void> {
    const items = eachWhenThere(listed('values', values), (value) => this.#item(value))
    await whenThere(items, (all) => this.#enqueueAll(all, options))
  }

  async #enqueueAll(items: readonly Uint8Array[], options: EnqueueOptions): Promise<void> {
    if (items.length === 0) return
    const bytes = items.reduce((sum, { length }) => sum + length, 0)
    if (bytes > maxValueBytes) {
      throw DDataError.tooLarge(`What is enqueued at once`, bytes, maxValueBytes)
    }
    const terms = this.#writeTerms('enqueueMany', options, enqueueNames)
    const out = this.#enqueueCall('enqueueMany', options, bytes).count(items.length)
    for (const item of items) out.bytes(item, item.length)
    await this.#enqueue(out, terms, () => {})
  }

  /** Where it never waits for room, it ends when its time is over, whoever answers. */
  #enqueue<R>(out: ByteWriter, terms: CallTerms, read: (from: ByteReader) => R): Promise<R> {
    const waits = this.#config.waitsWhenFull === 1
    if (waits) return this.#part.wait(out.finish(), terms, read)
    return this.#part.call(shortLived(out), terms, read)
  }

  /** The item that comes next; it stays where it is. */
  async peek(options: ReadOptions = {}): Promise<T | undefined> {
    return await this.#read('peek', options, (from) =>
      from.bool() ? this.#value(from) : undefined,
    )
  }

  /** Removes the item that comes next, if there is one. */
  async dequeue(options: WriteOptions = {}): Promise<T | undefined> {
    const [value] = await this.#dequeue('dequeue', 1, options)
    return value
  }

  /** @param max - 1 to 10,000 */
  async dequeueMany(max: number, options: WriteOptions = {}): Promise<T[]> {
    return await this.#dequeue('dequeueMany', whole('max', max, 1, maxMany), options)
  }

  async #dequeue(what: string, max: number, options: WriteOptions): Promise<T[]> {
    const terms = this.#writeTerms(what, options)
    const call = queueCall('dequeue', this.#config).varint(max).finish()
    return await this.#part.call(call, terms, (from) =>
      Array.from({ length: from.count(1) }, () => this.#value(from)),
    )
  }

  /** Waits for an item, in the order of those who wait, and removes it. */
  async take(options: WaitOptions = {}): Promise<T> {
    return await this.#reserving.take(options, this.#takeLimit)
  }

  /**
   * The item that comes next, for a time in which nobody else gets it.
   *
   * @param options.waitMs - how long to wait for one; @defaultValue 0: not at all
   */
  async reserve(options: ReserveOptions = {}): Promise<Delivery<T> | undefined> {
    const [delivery] = await this.#reserving.reserve(1, options)
    return delivery
  }

  /** So many at most: those that are there. @param max - 1 to 10,000 */
  async reserveMany(max: number, options: ReserveOptions = {}): Promise<Delivery<T>[]> {
    return [...(await this.#reserving.reserve(whole('max', max, 1, maxMany), options))]
  }

  /** Of this queue, as this user of it had them delivered. @returns how many were done by this */
  async ackMany(deliveries: Iterable<Delivery<T>>, options: CallOptions = {}): Promise<number> {
    const items = listed('deliveries', deliveries)
    for (const item of items) {
      if (item instanceof Delivery && item.source === this.#receipts.source) continue
      throw DDataError.argument('deliveries', items, 'deliveries of this queue to this process')
    }
    if (items.length === 0) return 0
    const receipts = items.map(({ receipt }) => receipt)
    return await answering(items, async () => await this.#receipts.ack(receipts, options))
  }

  /**
   * Items as they come. One whose loop ends without `ack` or `nack` goes back, as do those that were taken ahead when the
   * loop is left.
   */
  consume(options: ConsumeOptions = {}): AsyncGenerator<Delivery<T>, void> {
    return leavable((untilLeft) => this.#consuming(options, untilLeft))
  }

  async *#consuming(
    options: ConsumeOptions,
    untilLeft: UntilLeft,
  ): AsyncGenerator<Delivery<T>, void> {
    termsOf(`consume of queue ${this.name}`, options, this.#timeoutMs, consumeNames)
    const { prefetch = 1, visibilityMs = this.#visibilityMs, autoExtend = true, ...rest } = options
    whole('options.prefetch', prefetch, 1, maxMany)
    flag('options.autoExtend', autoExtend)
    const visible = wholeMs('options.visibilityMs', visibilityMs)
    const wait = { ...rest, signal: untilLeft(rest.signal) }
    yield* consuming(
      prefetch,
      async (max) => await this.#reserving.consume(max, visible, wait),
      (held) => (autoExtend ? extending(held, visible, this.#receipts) : undefined),
    )
  }

  /** Items that are ready, or will be. */
  async size(options: ReadOptions = {}): Promise<number> {
    const { ready, delayed } = await this.stats(options)
    return ready + delayed
  }

  async stats(options: ReadOptions = {}): Promise<QueueStatistics> {
    return await this.#read('stats', options, (from) => ({
      ready: from.varint(),
      delayed: from.varint(),
      inFlight: from.varint(),
      dead: from.varint(),
    }))
  }

  /** Items that were delivered too often, or were given up, until they are redriven. */
  async *deadList(options: CallOptions = {}): AsyncGenerator<DeadItem<T>, void> {
    const terms = {
      ...termsOf(`deadList of queue ${this.name}`, options, this.#timeoutMs),
      isStrict: false,
    }
    yield* deadItems(this.#part, this.#config, terms, (from) => this.#value(from))
  }

  /** Has dead items delivered again, as new ones. @returns how many there were */
  async redrive(options: RedriveOptions = {}): Promise<number> {
    const terms = this.#writeTerms('redrive', options, ['ids'])
    const ids = options.ids && listed('options.ids', options.ids).map(numberOf)
    if (ids?.length === 0) return 0
    const out = queueCall('redrive', this.#config).count(ids?.length ?? 0)
    for (const id of ids ?? []) out.varint(id)
    return await this.#part.call(out.finish(), terms, readCount)
  }

  /** Forgets all items but those on the dead list. */
  async clear(options: WriteOptions = {}): Promise<void> {
    const terms = this.#writeTerms('clear', options)
    await this.#part.call(queueCall('clear', this.#config).finish(), terms, () => {})
  }

  /** Has it forgotten, with its options; who waits fails with `CASTY_DDATA_DESTROYED`. @returns whether there was anything in it */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    const terms = this.#writeTerms('destroy', options)
    return await this.#part.call(queueCall('destroy', this.#config).finish(), terms, readBoolean)
  }

  async #read<R>(
    what: QueueCall,
    options: ReadOptions,
    result: (from: ByteReader) => R,
  ): Promise<R> {
    const terms = readTermsOf(`${what} of queue ${this.name}`, options, this.#timeoutMs)
    return await this.#part.read(queueCall(what, this.#config).finish(), terms, result)
  }

  #writeTerms(call: string, options: WriteOptions, more: readonly string[] = []): CallTerms {
    return writeTermsOf(`${call} of queue ${this.name}`, this.name, options, this.#timeoutMs, more)
  }

  #enqueueCall(call: QueueCall, options: EnqueueOptions, bytes: number): ByteWriter {
    const terms = enqueueTerms(options, this.#session.clock.wallNow())
    return writeTerms(queueCall(call, this.#config, bytes), terms)
  }

  #item(value: T): Soon<Uint8Array> {
    const what = (): string => `An item of queue ${this.name}`
    return whenValid(this.#schema, value, what, (valid) => encoded(valid, what, this.#maxItemBytes))
  }

  #value(from: ByteReader): T {
    // Only items that somebody put into this queue come back.
    return decodeValue(from.bytes(from.remaining)) as T
  }
}

const enqueueNames = ['delayMs', 'priority', 'dedupId', 'ttlMs']
const consumeNames = ['prefetch', 'visibilityMs', 'autoExtend']

function readEnqueued(from: ByteReader): Enqueued {
  const deduplicated = from.bool()
  return { id: String(from.varint()), deduplicated }
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
function numberOf(id: string): number {
  const isId = typeof id === 'string' && /^[1-9]\d{0,15}$/.test(id)
  if (!isId)
    throw DDataError.argument('options.ids', id, 'ids of items, as the dead list tells them')
  return whole('options.ids', Number(id), 1, Number.MAX_SAFE_INTEGER)
}
