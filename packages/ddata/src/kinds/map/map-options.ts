// What users say of a map, and are told by it.
import type { BaseOptions, CallOptions, WriteOptions } from '../../structures/call-options.ts'
import type { StandardSchema } from '../../structures/standard-schema.ts'

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
  /** How many entries to get at a time, from each part; fewer where they are long. @defaultValue 1_000 */
  readonly batch?: number
  /** Only keys that are texts, and begin with this one. */
  readonly prefix?: string
}

export interface WatchMapOptions<K> extends CallOptions {
  /** Only these. @defaultValue all */
  readonly keys?: Iterable<K>
  /**
   * Whether what is there comes first, as if it was put when it is read. What changes meanwhile may come once more behind it, in
   * order and with the version that it had. @defaultValue false
   */
  readonly initial?: boolean
}

export interface MapEntry<K, V> {
  readonly key: K
  readonly value: V
  /** Grows with every change of its part, and never comes twice. */
  readonly version: number
  /** Milliseconds; undefined: for ever. */
  readonly expiresInMs: number | undefined
}

/** An entry that is there. */
export type Present<K, V> = Pick<MapEntry<K, V>, 'key' | 'value' | 'version'>

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

export const mapOptionNames: readonly string[] = ['key', 'value', 'ttlMs', 'maxEntries']
