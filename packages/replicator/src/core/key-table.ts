import type { CrdtType } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { encodeEnvelope } from '../wire/fields.ts'
import { bucketCount, bucketDigest, bucketOf, digestOf, type Digest } from './digests.ts'
import { envelopeOf, type Envelope } from './envelope.ts'

/** A key that this node holds. */
export interface Entry {
  readonly type: CrdtType<AnyValue>
  readonly envelope: Envelope<AnyValue>
  /** What it took when that was last reckoned. */
  readonly sizeBytes: number
  /** Since when its value is empty; undefined while something is in it. */
  readonly emptySinceMs: number | undefined
}

/**
 * What this node holds, with digests that are reckoned when they are asked for. Empty values have none: a node that
 * holds one and a node that has forgotten it agree.
 */
export class KeyTable {
  readonly #entries = new Map<string, Entry>()
  readonly #buckets: Map<string, Digest>[] = Array.from({ length: bucketCount }, () => new Map())
  readonly #sums: Digest[] = Array.from({ length: bucketCount }, () => ({ high: 0, low: 0 }))
  readonly #changed = new Set<string>()
  #touched = new Set<string>()

  get size(): number {
    return this.#entries.size
  }

  entries(): Iterable<readonly [key: string, entry: Entry]> {
    return this.#entries
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  set(key: string, envelope: Envelope<AnyValue>, nowMs: number): void {
    const before = this.#entries.get(key)
    const { type, isEmpty } = envelope.value
    this.#entries.set(key, {
      type: before?.type ?? type,
      envelope,
      sizeBytes: before?.sizeBytes ?? 0,
      emptySinceMs: isEmpty ? (before?.emptySinceMs ?? nowMs) : undefined,
    })
    this.#changed.add(key)
    this.#touched.add(key)
  }

  /** The keys that were changed or forgotten since it was asked for last. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched
    if (touched.size > 0) this.#touched = new Set()
    return touched
  }

  delete(key: string): void {
    if (!this.#entries.delete(key)) return
    this.#changed.add(key)
    this.#touched.add(key)
  }

  /** What is compared of each bucket. */
  sums(): readonly Digest[] {
    this.#reckon()
    return [...this.#sums]
  }

  /** The digest of each key of a bucket whose value is not empty. */
  bucket(bucket: number): ReadonlyMap<string, Digest> {
    this.#reckon()
    return this.#buckets[bucket] ?? new Map()
  }

  #reckon(): void {
    const buckets = new Set<number>()
    for (const key of this.#changed) {
      const bucket = bucketOf(key)
      const digests = this.#buckets[bucket]
      if (digests === undefined) continue
      const entry = this.#entries.get(key)
      if (entry === undefined || entry.envelope.value.isEmpty) digests.delete(key)
      else {
        const bytes = encodeEnvelope(entry.envelope)
        digests.set(key, digestOf(bytes))
        this.#entries.set(key, { ...entry, sizeBytes: bytes.length })
      }
      buckets.add(bucket)
    }
    for (const bucket of buckets) this.#sums[bucket] = bucketDigest(this.#buckets[bucket] ?? [])
    this.#changed.clear()
  }
}

/** What a key begins with. */
export function emptyEntry(type: CrdtType<AnyValue>): Envelope<AnyValue> {
  return envelopeOf(type.empty)
}
