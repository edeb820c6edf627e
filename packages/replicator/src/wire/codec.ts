import { CrdtError, decode, encode, type CrdtErrorCode } from '@casty/crdt'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import type { AnyValue, KnownTypes } from '../any-value.ts'
import { bucketCount, type Digest } from '../core/digests.ts'
import type { Envelope } from '../core/envelope.ts'
import type { PruningState } from '../core/pruning.ts'
import type { KeyState, ReplicatorMessage } from './messages.ts'

/** How long the name of a key may be, in UTF-8 bytes. */
export const maxKeyBytes = 512

const maxNodeBytes = 512
const maxTypeBytes = 512

/** Not longer than any frame; `decode` and `maxFrameBytes` bound what is really there. */
const maxFieldBytes = 2 ** 30

/** The place of a type is its byte on the wire. */
const types = [
  'write',
  'written',
  'read',
  'read-answer',
  'deltas',
  'summary',
  'bucket',
  'states',
  'want',
] as const satisfies readonly ReplicatorMessage['type'][]

/** What came is of a type that is not known here: counted apart from what is malformed. */
export class UnknownType extends Error {
  override readonly name = 'UnknownType'
}

export function encodeMessage(message: ReplicatorMessage): Uint8Array {
  const writer = new ByteWriter().u8(types.indexOf(message.type))
  switch (message.type) {
    case 'write':
      writeState(writer.varint(message.id), message.state)
      break
    case 'written':
      writer.varint(message.id)
      break
    case 'read':
      writer.varint(message.id).string(message.key, maxKeyBytes)
      break
    case 'read-answer':
      writer.varint(message.id).bool(message.state !== undefined)
      if (message.state) writeState(writer, message.state)
      break
    case 'deltas':
      writeStates(writer, message.states)
      break
    case 'summary':
      for (const digest of message.buckets) writeDigest(writer, digest)
      break
    case 'bucket':
      writer.varint(message.bucket).bool(message.isWhole).count(message.digests.length)
      for (const [key, digest] of message.digests)
        writeDigest(writer.string(key, maxKeyBytes), digest)
      break
    case 'states':
      writeStates(writer.bool(message.answers), message.states)
      break
    case 'want':
      writer.count(message.keys.length)
      for (const key of message.keys) writer.string(key, maxKeyBytes)
      break
  }
  return writer.finish()
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
    if (state.phase === 'performed') writer.varint(state.obsoleteAtMs)
    else {
      writer.string(state.owner, maxNodeBytes).count(state.seen.length)
      for (const seen of state.seen) writer.string(seen, maxNodeBytes)
    }
  }
  return writer.finish()
}

function writeState(writer: ByteWriter, { key, envelope }: KeyState): void {
  writer.string(key, maxKeyBytes).bytes(encodeEnvelope(envelope), maxFieldBytes)
}

function writeStates(writer: ByteWriter, states: readonly KeyState[]): void {
  writer.count(states.length)
  for (const state of states) writeState(writer, state)
}

function writeDigest(writer: ByteWriter, { high, low }: Digest): void {
  writer.u32(high).u32(low)
}

/** What a decoder takes. */
export interface DecodeLimits {
  readonly maxValueBytes: number
  readonly knownTypes: KnownTypes
}

/**
 * Reads what `encodeMessage` wrote.
 *
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`; CrdtError `CASTY_CRDT_MALFORMED`; UnknownType
 */
export function decodeMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: DecodeLimits,
): ReplicatorMessage {
  const reader = new MessageReader(new ByteReader(bytes, start, end), limits)
  return reader.message()
}

class MessageReader {
  readonly #reader: ByteReader
  readonly #limits: DecodeLimits

  constructor(reader: ByteReader, limits: DecodeLimits) {
    this.#reader = reader
    this.#limits = limits
  }

  message(): ReplicatorMessage {
    const type = types[this.#reader.u8()]
    if (type === undefined) throw new UnknownType('A message is of a type that is not known')
    const message = this.#body(type)
    this.#reader.end()
    return message
  }

  #body(type: ReplicatorMessage['type']): ReplicatorMessage {
    const reader = this.#reader
    switch (type) {
      case 'write':
        return { type, id: reader.varint(), state: this.#state() }
      case 'written':
        return { type, id: reader.varint() }
      case 'read':
        return { type, id: reader.varint(), key: this.#key() }
      case 'read-answer':
        return { type, id: reader.varint(), state: reader.bool() ? this.#state() : undefined }
      case 'deltas':
        return { type, states: this.#states() }
      case 'summary':
        return { type, buckets: Array.from({ length: bucketCount }, () => this.#digest()) }
      case 'bucket':
        return { type, bucket: this.#bucket(), isWhole: reader.bool(), digests: this.#digests() }
      case 'states':
        return { type, answers: reader.bool(), states: this.#states() }
      case 'want':
        return { type, keys: this.#list(2, () => this.#key()) }
    }
  }

  #bucket(): number {
    const bucket = this.#reader.varint()
    if (bucket < bucketCount) return bucket
    throw TransportError.malformed(`There is no bucket ${bucket}`)
  }

  #digests(): readonly (readonly [string, Digest])[] {
    return this.#list(9, () => [this.#key(), this.#digest()] as const)
  }

  #digest(): Digest {
    return { high: this.#reader.u32(), low: this.#reader.u32() }
  }

  #key(): string {
    const key = this.#reader.string(maxKeyBytes)
    if (key === '') throw TransportError.malformed('A key has no name')
    return key
  }

  #states(): readonly KeyState[] {
    return this.#list(4, () => this.#state())
  }

  #state(): KeyState {
    const key = this.#key()
    return { key, envelope: decodeEnvelope(this.#reader.bytes(maxFieldBytes), this.#limits) }
  }

  #list<T>(minBytes: number, read: () => T): readonly T[] {
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
  if (reader.bool()) return { phase: 'performed', obsoleteAtMs: reader.varint() }
  const owner = reader.string(maxNodeBytes)
  const seen = Array.from({ length: reader.count(1) }, () => reader.string(maxNodeBytes))
  return { phase: 'initialized', owner, seen }
}

const crdtCodes: readonly CrdtErrorCode[] = ['CASTY_CRDT_MALFORMED', 'CASTY_CRDT_TYPE_MISMATCH']

/** Why what came is no message; undefined for errors that bytes are not to blame for. */
export function refusalOf(error: unknown): 'malformed' | 'unknown-type' | undefined {
  if (error instanceof UnknownType) return 'unknown-type'
  if (error instanceof TransportError && error.code === 'CASTY_TRANSPORT_MALFORMED')
    return 'malformed'
  return error instanceof CrdtError && crdtCodes.includes(error.code) ? 'malformed' : undefined
}
