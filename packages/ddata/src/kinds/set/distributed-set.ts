import type { ByteReader } from '@casty/transport'
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
import { listed, whole } from '../../values/arguments.ts'
import { decodeValue, encodeValue } from '../../values/canonical.ts'
import { encoded } from '../map/distributed-map.ts'
import { mapCall, writePut, type MapConfig } from '../map/map-calls.ts'

export interface SetOptions<T> extends BaseOptions {
  /** Checks members before they are sent. */
  readonly value?: StandardSchema<T>
}

/** A member is a key whose value is nothing. */
const nothing = encodeValue(null, 'nothing')
const maxBatch = 10_000
const scanBytes = 131_072

export const setOptionNames: readonly string[] = ['value']

/**
 * Members that all nodes share: plain data, each at most once. Calls on one member are linearizable; what concerns many
 * is so within each part only.
 *
 * Calls reject as those of a `DistributedMap` do.
 */
export class DistributedSet<T> implements AsyncIterable<T> {
  readonly name: string
  readonly #schema: StandardSchema<T> | undefined
  readonly #config: MapConfig
  readonly #timeoutMs: number
  readonly #parts: Parts

  /** Made by `Distributed.set`. */
  constructor(
    session: Session,
    name: string,
    shards: number,
    timeoutMs: number,
    { value }: SetOptions<T>,
  ) {
    checkSchema('options.value', value)
    this.name = name
    this.#schema = value
    this.#config = { shards, maxEntries: 0 }
    this.#timeoutMs = timeoutMs
    const configure = mapCall('configure', this.#config).finish()
    this.#parts = new Parts(session, {
      kind: 'set',
      name,
      shards,
      configure,
      explain: (refusal) => explainRefusal(`Set ${name}`, refusal),
    })
  }

  /** @returns whether it was not in it */
  async add(value: T, options: WriteOptions = {}): Promise<boolean> {
    const bytes = await this.#member(value)
    const terms = this.#writeTerms('add', options)
    const call = writePut(mapCall('putIfAbsent', this.#config), bytes, nothing, 0).finish()
    return await this.#parts.call(this.#parts.partOf(bytes), call, terms, (from) => !from.bool())
  }

  /** @returns whether it was in it */
  async remove(value: T, options: WriteOptions = {}): Promise<boolean> {
    const bytes = await this.#member(value)
    const terms = this.#writeTerms('remove', options)
    const call = mapCall('delete', this.#config).bytes(bytes, bytes.length).finish()
    return await this.#parts.call(this.#parts.partOf(bytes), call, terms, readBoolean)
  }

  async contains(value: T, options: ReadOptions = {}): Promise<boolean> {
    const bytes = await this.#member(value)
    const terms = readTermsOf(`contains of set ${this.name}`, options, this.#timeoutMs)
    const call = mapCall('contains', this.#config).bytes(bytes, bytes.length).finish()
    return await this.#parts.read(this.#parts.partOf(bytes), call, terms, readBoolean)
  }

  /** All or nothing within each part. @returns how many were not in it */
  async addMany(values: Iterable<T>, options: WriteOptions = {}): Promise<number> {
    const terms = this.#writeTerms('addMany', options)
    return await this.#many(values, async (part, members) => {
      const call = mapCall('putMany', this.#config).bool(true).count(members.length)
      for (const bytes of members) writePut(call, bytes, nothing, 0)
      return await this.#parts.call(part, call.finish(), terms, readCount)
    })
  }

  /** All or nothing within each part. @returns how many were in it */
  async removeMany(values: Iterable<T>, options: WriteOptions = {}): Promise<number> {
    const terms = this.#writeTerms('removeMany', options)
    return await this.#many(values, async (part, members) => {
      const call = mapCall('deleteMany', this.#config).count(members.length)
      for (const bytes of members) call.bytes(bytes, bytes.length)
      return await this.#parts.call(part, call.finish(), terms, readCount)
    })
  }

  async #many(
    values: Iterable<T>,
    each: (part: number, members: readonly Uint8Array[]) => Promise<number>,
  ): Promise<number> {
    const members = await Promise.all(
      listed('values', values).map(async (value) => ({ bytes: await this.#member(value) })),
    )
    const counts = await allOf(
      this.#parts.split(members).map(
        async ([part, group]) =>
          await each(
            part,
            group.map(({ bytes }) => bytes),
          ),
      ),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Counted part by part: what changes meanwhile may be counted or not. */
  async size(options: ReadOptions = {}): Promise<number> {
    const terms = readTermsOf(`size of set ${this.name}`, options, this.#timeoutMs)
    const call = mapCall('size', this.#config).finish()
    const sizes = await this.#parts.everywhere(
      async (part) => await this.#parts.read(part, call, terms, readCount),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Members that are in it throughout come exactly once. @param options.batch - how many at a time, @defaultValue 100 */
  async *values(options: CallOptions & { readonly batch?: number } = {}): AsyncGenerator<T, void> {
    const { batch = 100, ...rest } = options
    whole('options.batch', batch, 1, maxBatch)
    const terms = {
      ...termsOf(`values of set ${this.name}`, rest, this.#timeoutMs),
      isStrict: false,
    }
    for (let part = 0; part < this.#parts.count; part++) {
      let cursor = 0
      do {
        const call = mapCall('scan', this.#config).varint(cursor).varint(batch).varint(scanBytes)
        // eslint-disable-next-line no-await-in-loop -- Each page begins where the one before ended.
        const page = await this.#parts.read(part, call.bool(false).finish(), terms, (from) => {
          const members: T[] = []
          // Only members that somebody added to this set come back.
          while (from.bool()) members.push(decodeValue(from.bytes(from.remaining)) as T)
          return { members, next: from.varint() }
        })
        yield* page.members
        cursor = page.next
      } while (cursor > 0)
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.values()
  }

  /** Part by part. */
  async clear(options: WriteOptions = {}): Promise<void> {
    const terms = this.#writeTerms('clear', options)
    const call = mapCall('clear', this.#config).finish()
    await this.#parts.everywhere(
      async (part) => await this.#parts.call(part, call, terms, () => {}),
    )
  }

  /** Has it forgotten, with its options. @returns whether there was anything in it */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    const terms = this.#writeTerms('destroy', options)
    const call = mapCall('destroy', this.#config).finish()
    const outcomes = await this.#parts.everywhere(
      async (part) => await this.#parts.call(part, call, terms, readBoolean),
    )
    this.#parts.forget()
    return outcomes.includes(true)
  }

  #writeTerms(call: string, options: WriteOptions): CallTerms {
    return writeTermsOf(`${call} of set ${this.name}`, this.name, options, this.#timeoutMs)
  }

  async #member(value: T): Promise<Uint8Array> {
    const what = `A member of set ${this.name}`
    return encoded(this.#schema ? await validated(this.#schema, value, what) : value, what)
  }
}

const readBoolean = (from: ByteReader): boolean => from.bool()
const readCount = (from: ByteReader): number => from.varint()
