import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { CallTerms } from '../../session/pending.ts'
import type { Session } from '../../session/session.ts'
import {
  readTermsOf,
  writeTermsOf,
  type CallOptions,
  type ReadOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { readBoolean, readNothing } from '../../structures/readers.ts'
import { eachWhenThere, promised, whenThere } from '../../structures/when-there.ts'
import { callable, duration, knownNames, listed, whole } from '../../values/arguments.ts'
import { writePut, type MapCall } from './map-calls.ts'
import type {
  MapEntry,
  MapEvent,
  MapOptions,
  Present,
  PutOptions,
  ScanOptions,
  WatchMapOptions,
} from './map-options.ts'
import { MapParts } from './map-parts.ts'
import { MapValues } from './map-values.ts'
import { watchMap } from './watch-map.ts'

const maxTtlMs = 2 ** 43

/**
 * Keys with values that all nodes share. Keys and values are plain data; two keys are the same when they hold the same.
 * Calls on one key are linearizable, as those on a counter are. What concerns many keys is so within each part only.
 *
 * Calls reject with a DDataError: `CASTY_DDATA_ARGUMENT`, `…_CODEC`, `…_VALIDATION`, `…_TOO_LARGE`, `…_CONFIG_MISMATCH`,
 * `…_TIMEOUT`, `…_UNAVAILABLE`, `…_INDETERMINATE`, `…_ABORTED`, `…_BUSY`, `…_CLOSED`.
 */
export class DistributedMap<K, V> implements AsyncIterable<readonly [K, V]> {
  readonly name: string
  readonly #session: Session
  readonly #options: MapOptions<K, V>
  readonly #timeoutMs: number
  readonly #values: MapValues<K, V>
  readonly #parts: MapParts

  /** Made by `Distributed.map`. */
  constructor(
    session: Session,
    name: string,
    shards: number,
    timeoutMs: number,
    options: MapOptions<K, V>,
  ) {
    const { ttlMs, maxEntries } = options
    if (ttlMs !== undefined) duration('options.ttlMs', ttlMs)
    this.#values = new MapValues(name, options)
    const limit = maxEntries === undefined ? 0 : whole('options.maxEntries', maxEntries, 1, 2 ** 40)
    this.name = name
    this.#session = session
    this.#options = options
    this.#timeoutMs = timeoutMs
    const config = { shards, maxEntries: Math.ceil(limit / shards) }
    this.#parts = new MapParts(session, 'map', name, config)
  }

  get(key: K, options: ReadOptions = {}): Promise<V | undefined> {
    return this.#read(key, 'get', options, this.#values.readOptional)
  }

  async getEntry(key: K, options: ReadOptions = {}): Promise<MapEntry<K, V> | undefined> {
    return await this.#read(key, 'getEntry', options, (from) => {
      if (!from.bool()) return undefined
      const value = this.#values.read(from)
      const version = from.varint()
      const left = from.varint()
      return { key, value, version, expiresInMs: left === 0 ? undefined : left }
    })
  }

  contains(key: K, options: ReadOptions = {}): Promise<boolean> {
    return this.#read(key, 'contains', options, readBoolean)
  }

  /** @returns the value that it had */
  put(key: K, value: V, options: PutOptions = {}): Promise<V | undefined> {
    return this.#put(key, value, 'put', options, readNothing, this.#values.readOptional)
  }

  /** The same, where nobody wants to know what was there: it costs less. */
  set(key: K, value: V, options: PutOptions = {}): Promise<void> {
    return this.#put(key, value, 'set', options, readNothing, readNothing)
  }

  /** @returns the value that it has, and keeps; undefined where this one was put */
  async putIfAbsent(key: K, value: V, options: PutOptions = {}): Promise<V | undefined> {
    return await this.#put(
      key,
      value,
      'putIfAbsent',
      options,
      readNothing,
      this.#values.readOptional,
    )
  }

  /** @returns whether it had the value `expected`, and has `next` now */
  async replace(key: K, expected: V, next: V, options: PutOptions = {}): Promise<boolean> {
    const before = this.#values.expected(key, expected)
    const write = (out: ByteWriter): unknown => out.bytes(before, before.length)
    return await this.#put(key, next, 'replace', options, write, readBoolean)
  }

  /** @param version - of the entry that is replaced; 0: there is none. @returns whether it was replaced */
  async replaceIfVersion(
    key: K,
    next: V,
    version: number,
    options: PutOptions = {},
  ): Promise<boolean> {
    whole('version', version, 0, Number.MAX_SAFE_INTEGER)
    const write = (out: ByteWriter): unknown => out.varint(version)
    return await this.#put(key, next, 'replaceIfVersion', options, write, readBoolean)
  }

  /** @returns whether there was anything to delete */
  delete(key: K, options: WriteOptions = {}): Promise<boolean> {
    return this.#write(key, 'delete', options, readNothing, readBoolean)
  }

  async getAndDelete(key: K, options: WriteOptions = {}): Promise<V | undefined> {
    return await this.#write(key, 'getAndDelete', options, readNothing, this.#values.readOptional)
  }

  /** @returns whether it had that value, and is deleted */
  async removeIf(key: K, expected: V, options: WriteOptions = {}): Promise<boolean> {
    const before = this.#values.expected(key, expected)
    const write = (out: ByteWriter): unknown => out.bytes(before, before.length)
    return await this.#write(key, 'removeIf', options, write, readBoolean)
  }

  /** Has it live for so many milliseconds from now. @returns whether it is there */
  async touch(key: K, ttlMs: number, options: WriteOptions = {}): Promise<boolean> {
    return await whenThere(this.#values.key(key), (bytes) => {
      const lives = wholeTtl('ttlMs', ttlMs)
      const terms = this.#writeTerms('touch', options)
      const write = (out: ByteWriter): unknown => out.bytes(bytes, bytes.length).varint(lives)
      return this.#parts.call(bytes, 'touch', terms, write, readBoolean)
    })
  }

  /**
   * Computes the next value from the present one, again and again until nobody came in between.
   *
   * @param compute - has no effects of its own; undefined deletes the entry
   * @returns what it came to
   */
  async update(
    key: K,
    compute: (current: V | undefined) => V | undefined,
    options: PutOptions = {},
  ): Promise<V | undefined> {
    callable('compute', compute, 'a function of the present value')
    if (options.idempotencyKey !== undefined) {
      const allowed = 'missing, since what is computed differs from try to try'
      throw DDataError.argument('options.idempotencyKey', options.idempotencyKey, allowed)
    }
    const { ttlMs: _, ...read } = options
    for (;;) {
      // eslint-disable-next-line no-await-in-loop -- Each try sees what the one before met.
      const entry = await this.getEntry(key, read)
      const next = compute(entry?.value)
      if (next === undefined && !entry) return undefined
      // eslint-disable-next-line no-await-in-loop
      const isDone = await (next === undefined
        ? this.#deleteVersion(key, entry?.value, read)
        : this.replaceIfVersion(key, next, entry?.version ?? 0, options))
      if (isDone) return next
    }
  }

  async #deleteVersion(key: K, value: V | undefined, options: CallOptions): Promise<boolean> {
    return value === undefined || (await this.removeIf(key, value, options))
  }

  /** Those of the keys that are there, in the order in which they were given. */
  async getMany(keys: Iterable<K>, options: ReadOptions = {}): Promise<Map<K, V>> {
    const wanted = eachWhenThere(listed('keys', keys), (key) =>
      whenThere(this.#values.key(key), (bytes) => ({ key, bytes })),
    )
    return await whenThere(wanted, (all) => this.#getAll(all, options))
  }

  async #getAll(
    wanted: readonly { readonly key: K; readonly bytes: Uint8Array }[],
    options: ReadOptions,
  ): Promise<Map<K, V>> {
    const terms = readTermsOf(`getMany of map ${this.name}`, options, this.#timeoutMs)
    const found = new Map<K, V>()
    await this.#parts.getMany(wanted, terms, ({ key }, from) =>
      found.set(key, this.#values.read(from)),
    )
    return new Map(
      wanted.flatMap(({ key }) => {
        const value = found.get(key)
        return value === undefined ? [] : [[key, value] as const]
      }),
    )
  }

  /** All or nothing within each part; parts that fail do not keep others from being carried out. */
  async putMany(entries: Iterable<readonly [K, V]>, options: PutOptions = {}): Promise<void> {
    const pairs = listed('entries', entries).map(pairOf)
    const items = eachWhenThere(pairs, ([key, value]) =>
      whenThere(this.#values.key(key), (bytes) =>
        whenThere(this.#values.stored(key, value), (stored) => ({ bytes, value: stored })),
      ),
    )
    await whenThere(items, async (all) => {
      const terms = this.#writeTerms('putMany', options, ['ttlMs'])
      await this.#parts.putMany(all, this.#ttlOf(options), false, terms)
    })
  }

  /** @returns how many there were */
  async deleteMany(keys: Iterable<K>, options: WriteOptions = {}): Promise<number> {
    const items = eachWhenThere(listed('keys', keys), (key) =>
      whenThere(this.#values.key(key), (bytes) => ({ bytes })),
    )
    return await whenThere(items, (all) =>
      this.#parts.deleteMany(all, this.#writeTerms('deleteMany', options)),
    )
  }

  /** Counted part by part: what changes meanwhile may be counted or not. */
  async size(options: ReadOptions = {}): Promise<number> {
    return await this.#parts.size(readTermsOf(`size of map ${this.name}`, options, this.#timeoutMs))
  }

  /** Keys that are there throughout come exactly once. */
  async *keys(options: ScanOptions = {}): AsyncGenerator<K, void> {
    const { prefix, ...scan } = checkScan(options)
    const what = `keys of map ${this.name}`
    const keys = this.#parts.scan(what, scan, this.#timeoutMs, false, (from) =>
      this.#values.readKey(from),
    )
    for await (const key of keys) if (hasPrefix(key, prefix)) yield key
  }

  /** Entries that are there throughout come exactly once, with a value that they had meanwhile. */
  async *entries(options: ScanOptions = {}): AsyncGenerator<readonly [K, V], void> {
    const { prefix, ...scan } = checkScan(options)
    for await (const { key, value } of this.#present('entries', scan)) {
      if (hasPrefix(key, prefix)) yield [key, value]
    }
  }

  #present(
    what: string,
    options: Omit<ScanOptions, 'prefix'>,
  ): AsyncGenerator<Present<K, V>, void> {
    const full = `${what} of map ${this.name}`
    return this.#parts.scan(full, options, this.#timeoutMs, true, (from) => ({
      key: this.#values.readKey(from),
      value: this.#values.read(from),
      version: from.varint(),
    }))
  }

  [Symbol.asyncIterator](): AsyncGenerator<readonly [K, V], void> {
    return this.entries()
  }

  /**
   * Changes from now on, as they happen; in order for each key. Where some were missed, `resync` comes in their place:
   * after a failure of a node, where it began late, and for readers that are too slow. Ends when the loop is left, or the
   * signal aborts.
   */
  watch(options: WatchMapOptions<K> = {}): AsyncIterableIterator<MapEvent<K, V>> {
    return watchMap(options, {
      what: `watch of map ${this.name}`,
      session: this.#session,
      parts: this.#parts,
      timeoutMs: this.#timeoutMs,
      key: (key) => this.#values.key(key),
      value: this.#values.read,
      present: (calls) => this.#present('watch', calls),
      entry: async (key, calls) => await this.getEntry(key, calls),
    })
  }

  /** Part by part. */
  async clear(options: WriteOptions = {}): Promise<void> {
    await this.#parts.clear(this.#writeTerms('clear', options))
  }

  /** Has it forgotten, with its options. @returns whether there was anything in it */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    return await this.#parts.destroy(this.#writeTerms('destroy', options))
  }

  #put<T>(
    key: K,
    value: V,
    call: MapCall,
    options: PutOptions,
    before: (out: ByteWriter) => unknown,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    return promised(() =>
      whenThere(this.#values.key(key), (bytes) =>
        whenThere(this.#values.stored(key, value), (stored) => {
          const terms = this.#writeTerms(call, options, putNames)
          const ttlMs = this.#ttlOf(options)
          const write = (out: ByteWriter): unknown => {
            before(out)
            return writePut(out, bytes, stored, ttlMs)
          }
          return this.#parts.call(bytes, call, terms, write, result)
        }),
      ),
    )
  }

  #write<T>(
    key: K,
    call: MapCall,
    options: WriteOptions,
    before: (out: ByteWriter) => unknown,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    return promised(() =>
      whenThere(this.#values.key(key), (bytes) => {
        const write = (out: ByteWriter): unknown => {
          before(out)
          return out.bytes(bytes, bytes.length)
        }
        return this.#parts.call(bytes, call, this.#writeTerms(call, options), write, result)
      }),
    )
  }

  #read<T>(
    key: K,
    call: MapCall,
    options: ReadOptions,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    return promised(() =>
      whenThere(this.#values.key(key), (bytes) => {
        const terms = readTermsOf(`${call} of map ${this.name}`, options, this.#timeoutMs)
        return this.#parts.read(bytes, call, terms, result)
      }),
    )
  }

  #writeTerms(call: string, options: WriteOptions, more: readonly string[] = []): CallTerms {
    return writeTermsOf(`${call} of map ${this.name}`, this.name, options, this.#timeoutMs, more)
  }

  #ttlOf({ ttlMs = this.#options.ttlMs }: PutOptions): number {
    return ttlMs === undefined ? 0 : wholeTtl('options.ttlMs', ttlMs)
  }
}

const putNames = ['ttlMs']

function wholeTtl(name: string, ttlMs: number): number {
  return Math.ceil(Math.min(duration(name, ttlMs), maxTtlMs))
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
function checkScan(options: ScanOptions): ScanOptions {
  knownNames('options', options, ['prefix', 'batch', 'signal', 'timeoutMs'])
  const { prefix } = options
  if (prefix === undefined || typeof prefix === 'string') return options
  throw DDataError.argument('options.prefix', prefix, 'a text')
}

/** Users may have no types. @throws DDataError `CASTY_DDATA_ARGUMENT` */
function pairOf<K, V>(entry: readonly [K, V]): readonly [K, V] {
  if (Array.isArray(entry) && entry.length === 2) return entry
  throw DDataError.argument('entries', entry, 'pairs of a key and a value')
}

function hasPrefix(key: unknown, prefix: string | undefined): boolean {
  return prefix === undefined || (typeof key === 'string' && key.startsWith(prefix))
}
