// What messages are made of: keys, values with how far prunings got in them, digests. Checked where they are read.
import { decode, encode, type Ranges, type StandIn } from '@casty/crdt'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import type { AnyValue, KnownTypes } from '../any-value.ts'
import type { Digest } from '../core/digests.ts'
import type { Envelope } from '../core/envelope.ts'
import type { PruningState } from '../core/pruning.ts'
import type { KeyState } from './messages.ts'

/** How long the name of a key may be, in UTF-8 bytes. */
export const maxKeyBytes = 512

/** How long the name of a node may be, in UTF-8 bytes. */
export const maxNodeBytes = 512
/** How long the name of a type may be, in UTF-8 bytes. */
export const maxTypeBytes = 512

/** Not longer than any frame; `decode` and `maxFrameBytes` bound what is really there. */
const maxFieldBytes = 2 ** 30

/** What came is of a type that is not known here: counted apart from what is malformed. */
export class UnknownType extends Error {
  override readonly name = 'UnknownType'
}

/** What a key and its value take in a message. */
export function encodeEnvelope({ value, pruning }: Envelope<AnyValue>): Uint8Array {
  const writer = new ByteWriter()
    .string(value.type.name, maxTypeBytes)
    .bytes(encode(value), maxFieldBytes)
    .count(pruning.size)
  for (const node of [...pruning.keys()].toSorted()) {
    const state = pruning.get(node)
    if (state === undefined) continue
    writer.string(node, maxNodeBytes).bool(state.phase === 'performed')
    if (state.phase === 'performed') writeStandIn(writer.varint(state.obsoleteAtMs), state.by)
    else {
      writer.string(state.owner, maxNodeBytes).count(state.seen.length)
      for (const seen of state.seen) writer.string(seen, maxNodeBytes)
    }
  }
  return writer.finish()
}

function writeStandIn(writer: ByteWriter, standIn: StandIn): void {
  const { node, from, alone, both, own, seen } = standIn
  writer.string(node, maxNodeBytes).varint(from).varint(alone).varint(both)
  writer.count(own.size)
  for (const [place, counter] of own) writer.varint(place).varint(counter)
  writer.count(seen.length)
  for (const counter of seen) writer.varint(counter)
}

export function writeState(writer: ByteWriter, { key, envelope }: KeyState): void {
  writer.string(key, maxKeyBytes).bytes(encodeEnvelope(envelope), maxFieldBytes)
}

export function writeStates(writer: ByteWriter, states: readonly KeyState[]): void {
  writer.count(states.length)
  for (const state of states) writeState(writer, state)
}

export function writeDigest(writer: ByteWriter, { high, low }: Digest): void {
  writer.u32(high).u32(low)
}

/** What a decoder takes. */
export interface DecodeLimits {
  readonly maxValueBytes: number
  readonly knownTypes: KnownTypes
}

/** Reads the parts of a message, in their order. */
export class FieldReader {
  readonly #reader: ByteReader
  readonly #limits: DecodeLimits

  constructor(reader: ByteReader, limits: DecodeLimits) {
    this.#reader = reader
    this.#limits = limits
  }

  digests(): readonly (readonly [string, Digest])[] {
    return this.list(9, () => [this.key(), this.digest()] as const)
  }

  digest(): Digest {
    return { high: this.#reader.u32(), low: this.#reader.u32() }
  }

  key(): string {
    const key = this.#reader.string(maxKeyBytes)
    if (key === '') throw TransportError.malformed('A key has no name')
    return key
  }

  states(): readonly KeyState[] {
    return this.list(4, () => this.state())
  }

  state(): KeyState {
    const key = this.key()
    return { key, envelope: decodeEnvelope(this.#reader.bytes(maxFieldBytes), this.#limits) }
  }

  list<T>(minBytes: number, read: () => T): readonly T[] {
    return Array.from({ length: this.#reader.count(minBytes) }, read)
  }
}

/**
 * Reads what `encodeEnvelope` wrote.
 *
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`; CrdtError `CASTY_CRDT_MALFORMED`; UnknownType
 */
export function decodeEnvelope(
  bytes: Uint8Array,
  { knownTypes, maxValueBytes }: DecodeLimits,
): Envelope<AnyValue> {
  const reader = new ByteReader(bytes)
  const type = knownTypes.named(reader.string(maxTypeBytes))
  if (type === undefined) throw new UnknownType('A value is of a type that is not known')
  const value = decode(type, reader.bytes(maxValueBytes), { maxBytes: maxValueBytes })
  const count = reader.count(3)
  const pruning = new Map<string, PruningState>()
  for (let index = 0; index < count; index++) {
    pruning.set(reader.string(maxNodeBytes), readPruning(reader))
  }
  reader.end()
  return { value, pruning }
}

function readPruning(reader: ByteReader): PruningState {
  if (reader.bool()) {
    return { phase: 'performed', obsoleteAtMs: reader.varint(), by: readStandIn(reader) }
  }
  const owner = reader.string(maxNodeBytes)
  const seen = Array.from({ length: reader.count(1) }, () => reader.string(maxNodeBytes))
  return { phase: 'initialized', owner, seen }
}

function readStandIn(reader: ByteReader): StandIn {
  const node = reader.string(maxNodeBytes)
  const [from, alone, both] = [reader.varint(), reader.varint(), reader.varint()]
  const own = new Map<number, number>()
  let places = 0
  for (let left = reader.count(2); left > 0; left--) {
    const place = reader.varint()
    if (place < places || place >= both)
      throw TransportError.malformed('Places ascend, up to the last')
    own.set(place, reader.varint())
    places = place + 1
  }
  const seen = Array.from({ length: reader.count(1) }, () => reader.varint())
  if (!areRanges(seen)) throw TransportError.malformed('Ranges of dots ascend, and are apart')
  return { node, from, alone, both, own, seen }
}

function areRanges(seen: Ranges): boolean {
  if (seen.length % 2 === 1) return false
  return seen.every((counter, index) => {
    const before = seen[index - 1] ?? -1
    return index % 2 === 1 ? counter >= before : counter > before + 1
  })
}
