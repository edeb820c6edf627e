import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { CallTerms } from '../../session/pending.ts'
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
import { allOf, Parts } from '../../structures/parts.ts'
import { checkSchema, validated, type StandardSchema } from '../../structures/standard-schema.ts'
import { Watching } from '../../structures/watching.ts'
import { callable, duration, knownNames, listed, whole } from '../../values/arguments.ts'
import { decodeValue, encodeValue } from '../../values/canonical.ts'
import { lettersOf } from '../../values/letters.ts'
import { mapCall, mapEvents, writePut, type MapCall, type MapConfig } from './map-calls.ts'

export interface MapOptions<K, V> extends BaseOptions {
  /** Checks keys before they are sent. */
  readonly key?: StandardSchema<K>
  /** Checks values before they are sent. */
  readonly value?: StandardSchema<V>
  /** How long entries live where a call does not say, in milliseconds. @defaultValue for ever */
  readonly ttlMs?: number
  /**
   * How many entries there may be, about: each part keeps its share of them, and lets those go that were put, touched or
   * read least recently. All who use it must say the same. @defaultValue no limit
   */
  readonly maxEntries?: number
}

export interface PutOptions extends WriteOptions {
  /** How long the entry lives, in milliseconds; it may end a little later. @defaultValue that of the map */
  readonly ttlMs?: number
}

export interface ScanOptions extends CallOptions {
  /** How many entries to get at a time, from each part. @defaultValue 100 */
  readonly batch?: number
  /** Only keys that are texts, and begin with this one. */
  readonly prefix?: string
}

export interface WatchMapOptions<K> extends CallOptions {
  /** Only these. @defaultValue all */
  readonly keys?: Iterable<K>
}

export interface MapEntry<K, V> {
  readonly key: K
  readonly value: V
  /** Grows with every change of its part, and never comes twice. */
  readonly version: number
  /** Milliseconds; undefined: for ever. */
  readonly expiresInMs: number | undefined
}

export type MapEvent<K, V> =
  | {
      readonly type: 'put'
      readonly key: K
      readonly value: V
      readonly previous: V | undefined
      readonly version: number
    }
  | {
      readonly type: 'delete' | 'expire' | 'evict'
      readonly key: K
      readonly previous: V
      readonly version: number
    }
  /** A part of it was cleared, or destroyed. */
  | { readonly type: 'clear'; readonly version: number }
  /** Changes were missed: read again what matters. */
  | { readonly type: 'resync' }

const maxTtlMs = 2 ** 43
const maxBatch = 10_000
const scanBytes = 131_072

export const mapOptionNames: readonly string[] = ['key', 'value', 'ttlMs', 'maxEntries']

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
  readonly #config: MapConfig
  readonly #timeoutMs: number
  readonly #parts: Parts

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
    checkSchema('options.key', options.key)
    checkSchema('options.value', options.value)
    const limit = maxEntries === undefined ? 0 : whole('options.maxEntries', maxEntries, 1, 2 ** 40)
    this.name = name
    this.#session = session
    this.#options = options
    this.#config = { shards, maxEntries: Math.ceil(limit / shards) }
    this.#timeoutMs = timeoutMs
    const configure = mapCall('configure', this.#config).finish()
    this.#parts = new Parts(session, {
      kind: 'map',
      name,
      shards,
      configure,
      explain: (refusal) => explainRefusal(`Map ${name}`, refusal),
    })
  }

  async get(key: K, options: ReadOptions = {}): Promise<V | undefined> {
    const encoded = await this.#key(key)
    return await this.#read(encoded, 'get', options, this.#optionalValue)
  }

  async getEntry(key: K, options: ReadOptions = {}): Promise<MapEntry<K, V> | undefined> {
    const encoded = await this.#key(key)
    return await this.#read(encoded, 'getEntry', options, (from) => {
      if (!from.bool()) return undefined
      const value = this.#value(from)
      const version = from.varint()
      const left = from.varint()
      return { key, value, version, expiresInMs: left === 0 ? undefined : left }
    })
  }

  async contains(key: K, options: ReadOptions = {}): Promise<boolean> {
    return await this.#read(await this.#key(key), 'contains', options, readBoolean)
  }

  /** @returns the value that it had */
  async put(key: K, value: V, options: PutOptions = {}): Promise<V | undefined> {
    return await this.#put(key, value, 'put', options, () => {}, this.#optionalValue)
  }

  /** The same, where nobody wants to know what was there: it costs less. */
  async set(key: K, value: V, options: PutOptions = {}): Promise<void> {
    await this.#put(
      key,
      value,
      'set',
      options,
      () => {},
      () => {},
    )
  }

  /** @returns the value that it has, and keeps; undefined where this one was put */
  async putIfAbsent(key: K, value: V, options: PutOptions = {}): Promise<V | undefined> {
    return await this.#put(key, value, 'putIfAbsent', options, () => {}, this.#optionalValue)
  }

  /** @returns whether it had the value `expected`, and has `next` now */
  async replace(key: K, expected: V, next: V, options: PutOptions = {}): Promise<boolean> {
    const before = encoded(expected, `The value expected of ${this.#labelOf(key)}`)
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
  async delete(key: K, options: WriteOptions = {}): Promise<boolean> {
    return await this.#write(await this.#key(key), 'delete', options, () => {}, readBoolean)
  }

  async getAndDelete(key: K, options: WriteOptions = {}): Promise<V | undefined> {
    const bytes = await this.#key(key)
    return await this.#write(bytes, 'getAndDelete', options, () => {}, this.#optionalValue)
  }

  /** @returns whether it had that value, and is deleted */
  async removeIf(key: K, expected: V, options: WriteOptions = {}): Promise<boolean> {
    const before = encoded(expected, `The value expected of ${this.#labelOf(key)}`)
    const write = (out: ByteWriter): unknown => out.bytes(before, before.length)
    return await this.#write(await this.#key(key), 'removeIf', options, write, readBoolean)
  }

  /** Has it live for so many milliseconds from now. @returns whether it is there */
  async touch(key: K, ttlMs: number, options: WriteOptions = {}): Promise<boolean> {
    const bytes = await this.#key(key)
    const lives = wholeTtl('ttlMs', ttlMs)
    const terms = this.#writeTerms('touch', options)
    const call = this.#call('touch').bytes(bytes, bytes.length).varint(lives).finish()
    return await this.#parts.call(this.#parts.partOf(bytes), call, terms, readBoolean)
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
    const wanted = await Promise.all(
      listed('keys', keys).map(async (key) => ({ key, bytes: await this.#key(key) })),
    )
    const terms = readTermsOf(`getMany of map ${this.name}`, options, this.#timeoutMs)
    const found = new Map<K, V>()
    await allOf(
      this.#parts.split(wanted).map(async ([part, items]) => {
        for (let left = items; left.length > 0;) {
          const asked = left
          const call = this.#call('getMany').count(asked.length)
          for (const { bytes } of asked) call.bytes(bytes, bytes.length)
          // eslint-disable-next-line no-await-in-loop -- What did not fit into one answer is asked for again.
          left = await this.#parts.read(part, call.finish(), terms, (from) => {
            let seen = 0
            for (const { key } of asked) {
              if (from.remaining === 0) break
              if (from.bool()) found.set(key, this.#value(from))
              seen += 1
            }
            return asked.slice(Math.max(1, seen))
          })
        }
      }),
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
    const items = await Promise.all(
      listed('entries', entries).map(async ([key, value]) => ({
        bytes: await this.#key(key),
        value: await this.#encoded(key, value),
      })),
    )
    const terms = this.#writeTerms('putMany', options, ['ttlMs'])
    const ttlMs = this.#ttlOf(options)
    await allOf(
      this.#parts.split(items).map(async ([part, puts]) => {
        const call = this.#call('putMany').bool(false).count(puts.length)
        for (const { bytes, value } of puts) writePut(call, bytes, value, ttlMs)
        await this.#parts.call(part, call.finish(), terms, () => {})
      }),
    )
  }

  /** @returns how many there were */
  async deleteMany(keys: Iterable<K>, options: WriteOptions = {}): Promise<number> {
    const items = await Promise.all(
      listed('keys', keys).map(async (key) => ({ bytes: await this.#key(key) })),
    )
    const terms = this.#writeTerms('deleteMany', options)
    const counts = await allOf(
      this.#parts.split(items).map(async ([part, deleted]) => {
        const call = this.#call('deleteMany').count(deleted.length)
        for (const { bytes } of deleted) call.bytes(bytes, bytes.length)
        return await this.#parts.call(part, call.finish(), terms, readCount)
      }),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Counted part by part: what changes meanwhile may be counted or not. */
  async size(options: ReadOptions = {}): Promise<number> {
    const terms = readTermsOf(`size of map ${this.name}`, options, this.#timeoutMs)
    const call = this.#call('size').finish()
    const sizes = await this.#parts.everywhere(
      async (part) => await this.#parts.read(part, call, terms, readCount),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Keys that are there throughout come exactly once. */
  async *keys(options: ScanOptions = {}): AsyncGenerator<K, void> {
    for await (const { key } of this.#scan('keys', false, options)) yield key
  }

  /** Entries that are there throughout come exactly once, with a value that they had meanwhile. */
  async *entries(options: ScanOptions = {}): AsyncGenerator<readonly [K, V], void> {
    for await (const { key, value } of this.#scan('entries', true, options)) {
      if (value !== undefined) yield [key, value]
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<readonly [K, V], void> {
    return this.entries()
  }

  async *#scan(
    what: string,
    isWithValues: boolean,
    options: ScanOptions,
  ): AsyncGenerator<{ readonly key: K; readonly value: V | undefined }, void> {
    const { batch = 100, prefix, ...rest } = options
    whole('options.batch', batch, 1, maxBatch)
    const terms = termsOf(`${what} of map ${this.name}`, rest, this.#timeoutMs)
    for (let part = 0; part < this.#parts.count; part++) {
      let cursor = 0
      do {
        const call = this.#call('scan')
          .varint(cursor)
          .varint(batch)
          .varint(scanBytes)
          .bool(isWithValues)
        const read = { ...terms, isStrict: false }
        // eslint-disable-next-line no-await-in-loop -- Each page begins where the one before ended.
        const page = await this.#parts.read(part, call.finish(), read, (from) => {
          const items: { readonly key: K; readonly value: V | undefined }[] = []
          while (from.bool()) {
            const key = this.#readKey(from)
            items.push({ key, value: isWithValues ? this.#value(from) : undefined })
          }
          return { items, next: from.varint() }
        })
        for (const item of page.items) if (hasPrefix(item.key, prefix)) yield item
        cursor = page.next
      } while (cursor > 0)
    }
  }

  /**
   * Changes from now on, as they happen; in order for each key. Where some were missed, `resync` comes in their place:
   * after a failure of a node, and for readers that are too slow. Ends when the loop is left, or the signal aborts.
   */
  watch(options: WatchMapOptions<K> = {}): AsyncIterableIterator<MapEvent<K, V>> {
    knownNames('options', options, ['signal', 'timeoutMs', 'keys'])
    const { keys, signal } = options
    const what = `watch of map ${this.name}`
    if (signal?.aborted) throw DDataError.aborted(what, 'no', signal.reason)
    const wanted =
      keys &&
      new Set(listed('options.keys', keys).map((key) => lettersOf(encoded(key, 'A key to watch'))))
    const parts = wanted
      ? [...new Set(Array.from(wanted, (key) => this.#parts.partOfLetters(key)))]
      : Array.from({ length: this.#parts.count }, (_, part) => part)
    return new Watching<MapEvent<K, V>>(
      this.#session,
      parts.map((part) => this.#parts.idOf(part)),
      {
        what,
        clock: this.#session.clock,
        name: '',
        ...(signal && { signal }),
        read: (from) => this.#event(from, wanted),
        resync: { type: 'resync' },
      },
    )
  }

  #event(from: ByteReader, wanted: ReadonlySet<string> | undefined): MapEvent<K, V> | undefined {
    const kind = from.u8()
    const version = from.varint()
    if (kind === mapEvents.clear) return { type: 'clear', version }
    const bytes = from.bytes(from.remaining)
    if (wanted?.has(lettersOf(bytes)) === false) return undefined
    // Only keys of this map are in it.
    const key = decodeValue(bytes) as K
    if (kind === mapEvents.put) {
      const previous = this.#optionalValue(from)
      return { type: 'put', key, value: this.#value(from), previous, version }
    }
    from.bool()
    const type =
      kind === mapEvents.delete ? 'delete' : kind === mapEvents.expire ? 'expire' : 'evict'
    return { type, key, previous: this.#value(from), version }
  }

  /** Part by part. */
  async clear(options: WriteOptions = {}): Promise<void> {
    const terms = this.#writeTerms('clear', options)
    const call = this.#call('clear').finish()
    await this.#parts.everywhere(
      async (part) => await this.#parts.call(part, call, terms, () => {}),
    )
  }

  /** Has it forgotten, with its options. @returns whether there was anything in it */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    const terms = this.#writeTerms('destroy', options)
    const call = this.#call('destroy').finish()
    const outcomes = await this.#parts.everywhere(
      async (part) => await this.#parts.call(part, call, terms, readBoolean),
    )
    this.#parts.forget()
    return outcomes.includes(true)
  }

  async #put<T>(
    key: K,
    value: V,
    call: MapCall,
    options: PutOptions,
    before: (out: ByteWriter) => unknown,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const bytes = await this.#key(key)
    const stored = await this.#encoded(key, value)
    const terms = this.#writeTerms(call, options, ['ttlMs'])
    const out = this.#call(call, bytes.length + stored.length + 24)
    before(out)
    writePut(out, bytes, stored, this.#ttlOf(options))
    return await this.#parts.call(this.#parts.partOf(bytes), out.finish(), terms, result)
  }

  async #write<T>(
    bytes: Uint8Array,
    call: MapCall,
    options: WriteOptions,
    before: (out: ByteWriter) => unknown,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const terms = this.#writeTerms(call, options)
    const out = this.#call(call, bytes.length + 24)
    before(out)
    out.bytes(bytes, bytes.length)
    return await this.#parts.call(this.#parts.partOf(bytes), out.finish(), terms, result)
  }

  async #read<T>(
    bytes: Uint8Array,
    call: MapCall,
    options: ReadOptions,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const terms = readTermsOf(`${call} of map ${this.name}`, options, this.#timeoutMs)
    const out = this.#call(call, bytes.length + 16).bytes(bytes, bytes.length)
    return await this.#parts.read(this.#parts.partOf(bytes), out.finish(), terms, result)
  }

  #call(call: MapCall, sizeHint?: number): ByteWriter {
    return mapCall(call, this.#config, sizeHint)
  }

  #writeTerms(call: string, options: WriteOptions, more: readonly string[] = []): CallTerms {
    return writeTermsOf(`${call} of map ${this.name}`, this.name, options, this.#timeoutMs, more)
  }

  #ttlOf({ ttlMs = this.#options.ttlMs }: PutOptions): number {
    return ttlMs === undefined ? 0 : wholeTtl('options.ttlMs', ttlMs)
  }

  async #key(key: K): Promise<Uint8Array> {
    const { key: schema } = this.#options
    const checked = schema ? await validated(schema, key, `A key of map ${this.name}`) : key
    return encoded(checked, `A key of map ${this.name}`)
  }

  async #encoded(key: K, value: V): Promise<Uint8Array> {
    const { value: schema } = this.#options
    const what = `The value of ${this.#labelOf(key)}`
    return encoded(schema ? await validated(schema, value, what) : value, what)
  }

  #labelOf(key: K): string {
    return `key ${typeof key === 'string' ? JSON.stringify(key.slice(0, 50)) : typeof key} of map ${this.name}`
  }

  #readKey(from: ByteReader): K {
    // Only keys that somebody put into this map come back.
    return decodeValue(from.bytes(from.remaining)) as K
  }

  #value(from: ByteReader): V {
    // Only values that somebody put into this map come back.
    return decodeValue(from.bytes(from.remaining)) as V
  }

  readonly #optionalValue = (from: ByteReader): V | undefined =>
    from.bool() ? this.#value(from) : undefined
}

const readBoolean = (from: ByteReader): boolean => from.bool()
const readCount = (from: ByteReader): number => from.varint()

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, `CASTY_DDATA_CODEC`, `CASTY_DDATA_TOO_LARGE` */
export function encoded(value: unknown, what: string): Uint8Array {
  if (value === undefined) throw DDataError.argument(what, value, 'anything but undefined')
  const bytes = encodeValue(value, what)
  if (bytes.length > maxValueBytes) throw DDataError.tooLarge(what, bytes.length, maxValueBytes)
  return bytes
}

/** It has to fit into a frame, with the rest of what is sent. */
const maxValueBytes = 262_144

function wholeTtl(name: string, ttlMs: number): number {
  return Math.ceil(Math.min(duration(name, ttlMs), maxTtlMs))
}

function hasPrefix(key: unknown, prefix: string | undefined): boolean {
  return prefix === undefined || (typeof key === 'string' && key.startsWith(prefix))
}
