import type { ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { Session } from '../../session/session.ts'
import {
  readTermsOf,
  termsOf,
  writeTermsOf,
  type BaseOptions,
  type CallOptions,
  type ReadOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { explainRefusal } from '../../structures/explain.ts'
import { leavable, type UntilLeft } from '../../structures/leavable.ts'
import { PartCalls } from '../../structures/part.ts'
import { readBoolean } from '../../structures/readers.ts'
import { Watching } from '../../structures/watching.ts'
import { tableId } from '../kind.ts'
import { counterCall, counterCalls, type CounterAddress } from './counter-calls.ts'

/** What holds for the calls of a handle of a counter. */
export interface CounterOptions extends BaseOptions {}

/**
 * A whole number that all nodes share: from −(2⁵³ − 1) to 2⁵³ − 1. Every call sees the effects of all calls that ended
 * before it began (Herlihy and Wing, "Linearizability", 1990).
 *
 * Calls reject with a DDataError: `CASTY_DDATA_ARGUMENT`, `…_OVERFLOW`, `…_CONFIG_MISMATCH`, `…_TIMEOUT`, `…_UNAVAILABLE`,
 * `…_INDETERMINATE`, `…_ABORTED`, `…_BUSY`, `…_CLOSED`.
 */
export class Counter {
  readonly name: string
  readonly #session: Session
  readonly #address: CounterAddress
  readonly #timeoutMs: number
  readonly #part: PartCalls

  /** Made by `Distributed.counter`. */
  constructor(session: Session, name: string, shards: number, timeoutMs: number) {
    this.name = name
    this.#session = session
    this.#address = { name, shards }
    this.#timeoutMs = timeoutMs
    this.#part = new PartCalls(session, tableId('counter', name), (refusal) =>
      explainRefusal(`Counter ${name}`, refusal),
    )
  }

  async get(options: ReadOptions = {}): Promise<number> {
    return await this.#get(options, readNumber)
  }

  /** @returns the new value */
  async increment(amount: number = 1, options: WriteOptions = {}): Promise<number> {
    return await this.#write(
      'increment',
      counterCalls.addAndGet,
      [exact('amount', amount)],
      options,
    )
  }

  /** @returns the new value */
  async decrement(amount: number = 1, options: WriteOptions = {}): Promise<number> {
    return await this.#write(
      'decrement',
      counterCalls.addAndGet,
      [-exact('amount', amount)],
      options,
    )
  }

  async addAndGet(amount: number, options: WriteOptions = {}): Promise<number> {
    return await this.#write(
      'addAndGet',
      counterCalls.addAndGet,
      [exact('amount', amount)],
      options,
    )
  }

  async getAndAdd(amount: number, options: WriteOptions = {}): Promise<number> {
    return await this.#write(
      'getAndAdd',
      counterCalls.getAndAdd,
      [exact('amount', amount)],
      options,
    )
  }

  async set(value: number, options: WriteOptions = {}): Promise<void> {
    await this.#write('set', counterCalls.set, [exact('value', value)], options, () => {})
  }

  async getAndSet(value: number, options: WriteOptions = {}): Promise<number> {
    return await this.#write('getAndSet', counterCalls.getAndSet, [exact('value', value)], options)
  }

  /** @returns whether it was `expected`, and is `next` now */
  async compareAndSet(
    expected: number,
    next: number,
    options: WriteOptions = {},
  ): Promise<boolean> {
    const numbers = [exact('expected', expected), exact('next', next)]
    return await this.#write(
      'compareAndSet',
      counterCalls.compareAndSet,
      numbers,
      options,
      readBoolean,
    )
  }

  /**
   * Its value, and then each that it gets; some are left out where there are too many, or a node was lost, and the last one
   * never. Ends when the loop is left, or the signal aborts.
   */
  watch(options: CallOptions = {}): AsyncGenerator<number, void> {
    return leavable((untilLeft) => this.#watching(options, untilLeft))
  }

  async *#watching(options: CallOptions, untilLeft: UntilLeft): AsyncGenerator<number, void> {
    const what = `watch of counter ${this.name}`
    const { signal, timeoutMs } = termsOf(what, options, this.#timeoutMs)
    const ends = untilLeft(signal)
    const changes = new Watching<number | 'missed'>(
      this.#session,
      [tableId('counter', this.name)],
      {
        what,
        clock: this.#session.clock,
        name: this.name,
        signal: ends,
        read: readNumber,
        resync: 'missed',
      },
    )
    const calls = { timeoutMs, signal: ends }
    try {
      yield await this.#now(changes, calls)
      for await (const change of changes) {
        yield change === 'missed' ? await this.#now(changes, calls) : change
      }
    } finally {
      await changes.return()
    }
  }

  /** What it is now. Changes that were told before the answer are in it; those behind it may come in the same turn. */
  async #now(changes: Watching<number | 'missed'>, calls: CallOptions): Promise<number> {
    return await this.#get(calls, (from) => {
      changes.discard()
      return readNumber(from)
    })
  }

  #get(options: ReadOptions, read: (from: ByteReader) => number): Promise<number> {
    const terms = readTermsOf(`get of counter ${this.name}`, options, this.#timeoutMs)
    return this.#part.read(counterCall(counterCalls.get, this.#address), terms, read)
  }

  /** Has it forgotten: it is 0 then, and its options may be others. @returns whether there was anything to forget */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    return await this.#write('destroy', counterCalls.destroy, [], options, readBoolean)
  }

  #write(
    what: string,
    code: number,
    numbers: readonly number[],
    options: WriteOptions,
  ): Promise<number>
  #write<T>(
    what: string,
    code: number,
    numbers: readonly number[],
    options: WriteOptions,
    result: (from: ByteReader) => T,
  ): Promise<T>
  #write(
    what: string,
    code: number,
    numbers: readonly number[],
    options: WriteOptions,
    result: (from: ByteReader) => unknown = readNumber,
  ): Promise<unknown> {
    const terms = writeTermsOf(
      `${what} of counter ${this.name}`,
      this.name,
      options,
      this.#timeoutMs,
    )
    return this.#part.call(counterCall(code, this.#address, ...numbers), terms, result)
  }
}

const readNumber = (from: ByteReader): number => from.f64()

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
function exact(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  throw DDataError.argument(name, value, 'a whole number within 2⁵³ − 1 of 0')
}
