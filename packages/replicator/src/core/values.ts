// What this node has of each key: changed here, or joined with what came.
import {
  byteSize,
  CrdtError,
  deltaOf,
  equals,
  fresh,
  withoutDelta,
  type CrdtType,
  type Replica,
} from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { ReplicatorError } from '../errors.ts'
import type { KeyState } from '../wire/messages.ts'
import type { Effects } from './effects.ts'
import { addSeen, mergeEnvelopes, withoutOrphans, type Envelope } from './envelope.ts'
import type { Call, CoreSettings, DropReason, Moment } from './events.ts'
import { emptyEntry, KeyTable, type Entry } from './key-table.ts'
import type { Others } from './others.ts'
import type { Tally } from './tally.ts'

export interface ValuesParts {
  readonly settings: CoreSettings
  readonly replica: Replica
  readonly others: Others
  readonly effects: Effects
  readonly tally: Tally
}

export class Values {
  readonly table: KeyTable = new KeyTable()
  readonly #parts: ValuesParts

  constructor(parts: ValuesParts) {
    this.#parts = parts
  }

  /** Empty where there is none. */
  of(key: string, type: CrdtType<AnyValue>): AnyValue {
    return this.table.get(key)?.envelope.value ?? type.empty
  }

  /** Empty where there is none. */
  envelopeOf(key: string, type: CrdtType<AnyValue>): Envelope<AnyValue> {
    return this.table.get(key)?.envelope ?? emptyEntry(type)
  }

  state(key: string): KeyState | undefined {
    const entry = this.table.get(key)
    return entry && { key, envelope: entry.envelope }
  }

  states(keys: readonly string[]): readonly KeyState[] {
    return keys.flatMap((key) => this.state(key) ?? [])
  }

  /** @throws ReplicatorError `CASTY_REPLICATOR_TYPE_MISMATCH`, `…_FULL` for a change of a key that there is no room for */
  admit({ key, type }: Call, isUpdate: boolean): void {
    const { maxKeys } = this.#parts.settings
    const held = this.table.get(key)
    if (held && held.type.name !== type.name) {
      throw ReplicatorError.typeMismatch(key, held.type.name, type.name)
    }
    if (isUpdate && !held && this.table.size >= maxKeys) throw ReplicatorError.full(maxKeys)
  }

  /**
   * Changes a value here.
   *
   * @returns what changed; undefined where it stays as it is
   * @throws what `change` throws; CrdtError `CASTY_CRDT_FOREIGN_VALUE`; ReplicatorError `CASTY_REPLICATOR_TOO_LARGE`
   */
  change(
    { key, type }: Call,
    change: (value: AnyValue, replica: Replica) => AnyValue,
    { nowMs }: Moment,
  ): AnyValue | undefined {
    const { effects, replica } = this.#parts
    const entry = this.table.get(key)
    const envelope = entry?.envelope ?? emptyEntry(type)
    const before = fresh(type, envelope.value.body.state)
    const after = change(before, replica)
    if (after.type.name !== type.name || after.body.origin !== before.body.origin)
      throw CrdtError.foreignValue(key)
    const delta = deltaOf(after)
    if (delta === undefined) return undefined
    this.#checkSize(key, entry, after, delta)
    this.table.set(key, { ...envelope, value: withoutDelta(after) }, nowMs)
    const changed = { value: delta, pruning: envelope.pruning }
    effects.add({ type: 'publish', key, value: after, change: changed })
    return delta
  }

  #checkSize(key: string, entry: Entry | undefined, after: AnyValue, delta: AnyValue): void {
    const { maxValueBytes } = this.#parts.settings
    // Exact sizes are known to digests; what has changed since is far smaller than the limit, mostly.
    if ((entry?.sizeBytes ?? 0) + byteSize(delta) <= maxValueBytes / 2) return
    const sizeBytes = byteSize(after)
    if (sizeBytes > maxValueBytes) throw ReplicatorError.tooLarge(key, sizeBytes, maxValueBytes)
  }

  /** Joins what came with what is here. False where it could not be taken. */
  take({ key, envelope }: KeyState, { nowMs, wallMs }: Moment): boolean {
    const { others, effects, tally } = this.#parts
    const entry = this.table.get(key)
    const refusal = this.#refusal(entry, envelope)
    if (refusal) {
      tally.dropped[refusal]++
      return false
    }
    // Whoever never heard of a key need not remember that it is empty.
    if (entry === undefined && envelope.value.isEmpty) return true
    const before = entry?.envelope ?? emptyEntry(envelope.value.type)
    const isNode = (node: string): boolean => others.has(node)
    // The beginning of an owner that is gone must not win over that of the next one.
    const [mine, theirs] = [withoutOrphans(before, isNode), withoutOrphans(envelope, isNode)]
    const merged = mergeEnvelopes(mine, theirs, wallMs)
    const after = addSeen(merged, others.self)
    if (after === before) return true
    this.table.set(key, after, nowMs)
    if (!equals(after.value, before.value)) {
      const change = { value: envelope.value, pruning: after.pruning }
      effects.add({ type: 'publish', key, value: after.value, change })
    }
    return true
  }

  #refusal(entry: Entry | undefined, { value }: Envelope<AnyValue>): DropReason | undefined {
    if (entry && entry.type.name !== value.type.name) return 'type-mismatch'
    return !entry && this.table.size >= this.#parts.settings.maxKeys ? 'full' : undefined
  }
}
