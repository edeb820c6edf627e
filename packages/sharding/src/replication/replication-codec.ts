// Requests to replicas and their answers as bytes: in frames of two types, which hold some of them, each behind the hash of
// the type's name, the shard and the epoch of the owner.
import { ByteReader, ByteWriter, TransportError, type KnownTexts } from '@casty/transport'
import { readExact, type ReadCount } from '../believed.ts'
import {
  maxIdBytes,
  minEntryBytes,
  readEntry,
  readEpoch,
  readLineage,
  readPiece,
  readVersion,
  writeEntry,
  writeEpoch,
  writeLineage,
  writePiece,
  writeVersion,
} from './copy-format.ts'
import type { ListedCopy, ReplicaAnswer, ReplicaRequest, ReplicatedEntry } from './messages.ts'

/** Of 40 to 51, which are sharding's. */
export const replicationFrameTypes = { request: 48, answer: 49 } as const

/** In front of each of them. */
export interface ReplicationHeader {
  readonly typeHash: number
  readonly shard: number
  readonly epoch: number
}

/** In front of a request. */
export interface RequestHeader extends ReplicationHeader {
  /** In which epoch the lineage of the owner's copies was born; undefined where it has none, or has them in memory only. */
  readonly lineage: number | undefined
}

const requestTags = {
  list: 1,
  pull: 2,
  push: 3,
  'replicate-events': 4,
  dismiss: 5,
  check: 6,
} as const
const answerTags = {
  listed: 1,
  pulled: 2,
  pushed: 3,
  'replicate-events-ack': 4,
  'no-room': 5,
  fenced: 6,
  offer: 7,
  'other-lineage': 8,
  checked: 9,
} as const

/** Good until the next one is encoded. */
export function encodeRequest(header: RequestHeader, request: ReplicaRequest): Uint8Array {
  const writer = begin(header)
  writeEpoch(writer, header.lineage)
  writer.u8(requestTags[request.type])
  switch (request.type) {
    case 'list':
      writer.varint(request.token).string(request.after ?? '', maxIdBytes)
      break
    case 'pull':
      writer.varint(request.token).string(request.id, maxIdBytes).varint(request.offset)
      break
    case 'push':
      writePiece(writer.varint(request.token), request.piece)
      break
    case 'replicate-events':
      writer.count(request.entries.length)
      for (const entry of request.entries) writeEntry(writer, entry)
      break
    case 'check':
      writer.varint(request.token)
      break
    case 'dismiss':
  }
  return writer.view()
}

/** Good until the next one is encoded. */
export function encodeAnswer(header: ReplicationHeader, answer: ReplicaAnswer): Uint8Array {
  const writer = begin(header).u8(answerTags[answer.type])
  switch (answer.type) {
    case 'listed':
      writer.varint(answer.token).bool(answer.isEnd).bool(answer.isStored)
      writer.bool(answer.lineage !== undefined)
      if (answer.lineage) writeLineage(writer, answer.lineage)
      writeCopies(writer, answer.copies)
      break
    case 'pulled':
      writer.varint(answer.token).bool(answer.piece !== undefined)
      if (answer.piece) writePiece(writer, answer.piece)
      break
    case 'pushed':
      writer.varint(answer.token).varint(answer.next)
      break
    case 'checked':
      writer.varint(answer.token)
      break
    case 'replicate-events-ack':
      writeCopies(writer, answer.copies)
      writeIds(writer, answer.behind)
      writeIds(writer, answer.full)
      break
    case 'no-room':
      writer.string(answer.id, maxIdBytes)
      break
    case 'fenced':
      writer.varint(answer.epoch)
      break
    case 'other-lineage':
      writeLineage(writer, answer.lineage)
      break
    case 'offer':
  }
  return writer.view()
}

/** Whatever is written is copied out of it at once. */
const frame = new ByteWriter(1_024)

function begin({ typeHash, shard, epoch }: ReplicationHeader): ByteWriter {
  return frame.reset().u32(typeHash).varint(shard).varint(epoch)
}

export interface DecodedRequest {
  readonly header: RequestHeader
  readonly request: ReplicaRequest
}

export interface DecodedAnswer {
  readonly header: ReplicationHeader
  readonly answer: ReplicaAnswer
}

/**
 * What is to be appended shares the bytes.
 *
 * @param readCount - reads epochs, positions and numbers of events, as of all that read: those that are believed
 * @param texts - ids and manifests that were read before, as of all that read
 * @throws TransportError `CASTY_TRANSPORT_MALFORMED`, as all that read
 */
export function decodeRequest(
  bytes: Uint8Array,
  readCount: ReadCount = readExact,
  texts?: KnownTexts,
): DecodedRequest {
  const reader = new ByteReader(bytes)
  const header = { ...readHeader(reader, readCount), lineage: readEpoch(reader, readCount) }
  const request = readRequest(reader, readCount, texts)
  reader.end()
  return { header, request }
}

export function decodeAnswer(
  bytes: Uint8Array,
  readCount: ReadCount = readExact,
  texts?: KnownTexts,
): DecodedAnswer {
  const reader = new ByteReader(bytes)
  const header = readHeader(reader, readCount)
  const answer = readAnswer(reader, readCount, texts)
  reader.end()
  return { header, answer }
}

function readHeader(reader: ByteReader, readCount: ReadCount): ReplicationHeader {
  const [typeHash, shard] = [reader.u32(), reader.varint()]
  return { typeHash, shard, epoch: readCount(reader) }
}

function readRequest(
  reader: ByteReader,
  readCount: ReadCount,
  texts: KnownTexts | undefined,
): ReplicaRequest {
  const tag = reader.u8()
  switch (tag) {
    case requestTags.list: {
      const [token, after] = [reader.varint(), reader.string(maxIdBytes)]
      return { type: 'list', token, after: after === '' ? undefined : after }
    }
    case requestTags.pull: {
      const [token, id] = [reader.varint(), reader.string(maxIdBytes)]
      return { type: 'pull', token, id, offset: reader.varint() }
    }
    case requestTags.push:
      return { type: 'push', token: reader.varint(), piece: readPiece(reader, readCount) }
    case requestTags['replicate-events']: {
      const entries: ReplicatedEntry[] = []
      for (let left = reader.count(minEntryBytes); left > 0; left--) {
        entries.push(readEntry(reader, readCount, texts))
      }
      return { type: 'replicate-events', entries }
    }
    case requestTags.check:
      return { type: 'check', token: reader.varint() }
    case requestTags.dismiss:
      return { type: 'dismiss' }
    default:
      throw TransportError.malformed(`No request to a replica has tag ${tag}`)
  }
}

function readAnswer(
  reader: ByteReader,
  readCount: ReadCount,
  texts: KnownTexts | undefined,
): ReplicaAnswer {
  const tag = reader.u8()
  switch (tag) {
    case answerTags.listed: {
      const [token, isEnd, isStored] = [reader.varint(), reader.bool(), reader.bool()]
      const lineage = reader.bool() ? readLineage(reader, readCount) : undefined
      const copies = readCopies(reader, readCount)
      return { type: 'listed', token, copies, isEnd, isStored, lineage }
    }
    case answerTags.pulled: {
      const token = reader.varint()
      return {
        type: 'pulled',
        token,
        piece: reader.bool() ? readPiece(reader, readCount) : undefined,
      }
    }
    case answerTags.pushed:
      return { type: 'pushed', token: reader.varint(), next: reader.varint() }
    case answerTags.checked:
      return { type: 'checked', token: reader.varint() }
    case answerTags['replicate-events-ack']: {
      const copies = readCopies(reader, readCount, texts)
      const [behind, full] = [readIds(reader), readIds(reader)]
      return { type: 'replicate-events-ack', copies, behind, full }
    }
    case answerTags['no-room']:
      return { type: 'no-room', id: reader.string(maxIdBytes) }
    case answerTags.fenced:
      return { type: 'fenced', epoch: readCount(reader) }
    case answerTags.offer:
      return { type: 'offer' }
    case answerTags['other-lineage']:
      return { type: 'other-lineage', lineage: readLineage(reader, readCount) }
    default:
      throw TransportError.malformed(`No answer of a replica has tag ${tag}`)
  }
}

function writeCopies(writer: ByteWriter, copies: readonly ListedCopy[]): void {
  writer.count(copies.length)
  for (const { id, version } of copies) writeVersion(writer.string(id, maxIdBytes), version)
}

function readCopies(
  reader: ByteReader,
  readCount: ReadCount,
  texts?: KnownTexts,
): readonly ListedCopy[] {
  const copies: ListedCopy[] = []
  for (let left = reader.count(3); left > 0; left--) {
    const id = reader.string(maxIdBytes, texts)
    copies.push({ id, version: readVersion(reader, readCount) })
  }
  return copies
}

function writeIds(writer: ByteWriter, ids: readonly string[]): void {
  writer.count(ids.length)
  for (const id of ids) writer.string(id, maxIdBytes)
}

function readIds(reader: ByteReader): readonly string[] {
  const ids: string[] = []
  for (let left = reader.count(1); left > 0; left--) ids.push(reader.string(maxIdBytes))
  return ids
}
