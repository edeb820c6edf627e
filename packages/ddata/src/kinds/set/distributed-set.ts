import type { CallTerms } from '../../session/pending.ts'
import type { Session } from '../../session/session.ts'
import {
  readTermsOf,
  writeTermsOf,
  type BaseOptions,
  type CallOptions,
  type ReadOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { readBoolean } from '../../structures/readers.ts'
import { checkSchema, whenValid, type StandardSchema } from '../../structures/standard-schema.ts'
import { eachWhenThere, whenThere, type Soon } from '../../structures/when-there.ts'
import { listed } from '../../values/arguments.ts'
import { decodeValue, encodeValue } from '../../values/canonical.ts'
import { encoded } from '../../values/encoded.ts'
import { writePut } from '../map/map-calls.ts'
import { MapParts } from '../map/map-parts.ts'

export interface SetOptions<T> extends BaseOptions {
  /** Checks members before they are sent. */
  readonly value?: StandardSchema<T>
}

/** A member is a key whose value is nothing. */
const nothing = encodeValue(null, () => 'nothing').slice()

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
  readonly #timeoutMs: number
  readonly #parts: MapParts

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
    this.#timeoutMs = timeoutMs
    this.#parts = new MapParts(session, 'set', name, { shards, maxEntries: 0 })
  }

  /** @returns whether it was not in it */
  async add(value: T, options: WriteOptions = {}): Promise<boolean> {
    return await whenThere(this.#member(value), (bytes) =>
      this.#parts.call(
        bytes,
        'putIfAbsent',
        this.#writeTerms('add', options),
        (out) => writePut(out, bytes, nothing, 0),
        (from) => !from.bool(),
      ),
    )
  }

  /** @returns whether it was in it */
  async remove(value: T, options: WriteOptions = {}): Promise<boolean> {
    return await whenThere(this.#member(value), (bytes) =>
      this.#parts.call(
        bytes,
        'delete',
        this.#writeTerms('remove', options),
        (out) => out.bytes(bytes, bytes.length),
        readBoolean,
      ),
    )
  }

  async contains(value: T, options: ReadOptions = {}): Promise<boolean> {
    return await whenThere(this.#member(value), (bytes) => {
      const terms = readTermsOf(`contains of set ${this.name}`, options, this.#timeoutMs)
      return this.#parts.read(bytes, 'contains', terms, readBoolean)
    })
  }

  /** All or nothing within each part. @returns how many were not in it */
  async addMany(values: Iterable<T>, options: WriteOptions = {}): Promise<number> {
    const terms = this.#writeTerms('addMany', options)
    return await whenThere(this.#members(values), (members) =>
      this.#parts.putMany(members, 0, true, terms),
    )
  }

  /** All or nothing within each part. @returns how many were in it */
  async removeMany(values: Iterable<T>, options: WriteOptions = {}): Promise<number> {
    const terms = this.#writeTerms('removeMany', options)
    return await whenThere(this.#members(values), (members) =>
      this.#parts.deleteMany(members, terms),
    )
  }

  /** Counted part by part: what changes meanwhile may be counted or not. */
  async size(options: ReadOptions = {}): Promise<number> {
    return await this.#parts.size(readTermsOf(`size of set ${this.name}`, options, this.#timeoutMs))
  }

  /** Members that are in it throughout come exactly once. @param options.batch - how many at a time, @defaultValue 1_000 */
  async *values(options: CallOptions & { readonly batch?: number } = {}): AsyncGenerator<T, void> {
    const what = `values of set ${this.name}`
    // Only members that somebody added to this set come back.
    yield* this.#parts.scan(
      what,
      options,
      this.#timeoutMs,
      false,
      (from) => decodeValue(from.bytes(from.remaining)) as T,
    )
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.values()
  }

  /** Part by part. */
  async clear(options: WriteOptions = {}): Promise<void> {
    await this.#parts.clear(this.#writeTerms('clear', options))
  }

  /** Has it forgotten, with its options. @returns whether there was anything in it */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    return await this.#parts.destroy(this.#writeTerms('destroy', options))
  }

  #writeTerms(call: string, options: WriteOptions): CallTerms {
    return writeTermsOf(`${call} of set ${this.name}`, this.name, options, this.#timeoutMs)
  }

  #members(
    values: Iterable<T>,
  ): Soon<readonly { readonly bytes: Uint8Array; readonly value: Uint8Array }[]> {
    return eachWhenThere(listed('values', values), (value) =>
      whenThere(this.#member(value), (bytes) => ({ bytes, value: nothing })),
    )
  }

  #member(value: T): Soon<Uint8Array> {
    return whenValid(this.#schema, value, this.#whatMember, (valid) =>
      encoded(valid, this.#whatMember),
    )
  }

  readonly #whatMember = (): string => `A member of set ${this.name}`
}
