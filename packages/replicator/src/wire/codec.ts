import { CrdtError, type CrdtErrorCode } from '@casty/crdt'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { bucketCount } from '../core/digests.ts'
import {
  FieldReader,
  maxKeyBytes,
  maxNodeBytes,
  UnknownType,
  writeDigest,
  writeState,
  writeStates,
  type DecodeLimits,
} from './fields.ts'
import type { ReplicatorMessage } from './messages.ts'

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
  'clients',
] as const satisfies readonly ReplicatorMessage['type'][]

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
    case 'clients':
      writer.count(message.names.length)
      for (const name of message.names) writer.string(name, maxNodeBytes)
      break
  }
  return writer.finish()
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
  readonly #fields: FieldReader

  constructor(reader: ByteReader, limits: DecodeLimits) {
    this.#reader = reader
    this.#fields = new FieldReader(reader, limits)
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
    const fields = this.#fields
    switch (type) {
      case 'write':
        return { type, id: reader.varint(), state: fields.state() }
      case 'written':
        return { type, id: reader.varint() }
      case 'read':
        return { type, id: reader.varint(), key: fields.key() }
      case 'read-answer':
        return { type, id: reader.varint(), state: reader.bool() ? fields.state() : undefined }
      case 'deltas':
        return { type, states: fields.states() }
      case 'summary':
        return { type, buckets: Array.from({ length: bucketCount }, () => fields.digest()) }
      case 'bucket':
        return { type, bucket: this.#bucket(), isWhole: reader.bool(), digests: fields.digests() }
      case 'states':
        return { type, answers: reader.bool(), states: fields.states() }
      case 'want':
        return { type, keys: fields.list(2, () => fields.key()) }
      case 'clients':
        return { type, names: fields.list(2, () => reader.string(maxNodeBytes)) }
    }
  }

  #bucket(): number {
    const bucket = this.#reader.varint()
    if (bucket < bucketCount) return bucket
    throw TransportError.malformed(`There is no bucket ${bucket}`)
  }
}

const crdtCodes: readonly CrdtErrorCode[] = ['CASTY_CRDT_MALFORMED', 'CASTY_CRDT_TYPE_MISMATCH']

/** Why what came is no message; undefined for errors that bytes are not to blame for. */
export function refusalOf(error: unknown): 'malformed' | 'unknown-type' | undefined {
  if (error instanceof UnknownType) return 'unknown-type'
  if (error instanceof TransportError && error.code === 'CASTY_TRANSPORT_MALFORMED')
    return 'malformed'
  return error instanceof CrdtError && crdtCodes.includes(error.code) ? 'malformed' : undefined
}
