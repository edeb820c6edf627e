// Frames between regions, all on the data lane, so that each comes behind what was sent before it. The type of an
// entity is named by a hash of its name: nothing has to be introduced, and a lost frame costs nothing but itself.
//
//   envelope       type, shard, epoch, returns, entity id, message
//   returned       type, shard, epoch that it was sent under, epoch to wait for, returns, entity id, message
//   fence          type, shard, epoch, token
//   drained        type, shard, token
//   hand-over      type, shard, epoch, index, count, states
//   handed-over    type, shard, epoch, count
import type { ByteReader, ByteWriter, KnownTexts } from '@casty/transport'
import type { HandOverPiece, LeftState } from './hand-over.ts'

/** Of 40 to 49, which are sharding's. */
export const regionFrameTypes = {
  envelope: 41,
  returned: 42,
  fence: 43,
  drained: 44,
  handOver: 45,
  handedOver: 46,
} as const

/** In UTF-8. */
export const maxEntityIdBytes = 512

export interface EnvelopeHeader {
  readonly shard: number
  readonly epoch: number
  /** How often it came back so far. */
  readonly returns: number
  /** It brings along what an instrument gave it. */
  readonly carries: boolean
  readonly entityId: string
}

export interface ReturnedHeader extends EnvelopeHeader {
  /** What the sender's table has to be at before it is sent again. */
  readonly neededEpoch: number
}

/** Stands beside the count of returns, which are few. */
const carriesFlag = 0x80

function flagsOf(returns: number, carries: boolean): number {
  return Math.min(returns, carriesFlag - 1) | (carries ? carriesFlag : 0)
}

export function writeEnvelope(writer: ByteWriter, typeHash: number, header: EnvelopeHeader): void {
  const { shard, epoch, returns, carries, entityId } = header
  writer.reset().u32(typeHash).varint(shard).varint(epoch).u8(flagsOf(returns, carries))
  writer.string(entityId, maxEntityIdBytes)
}

/** As much room as the header of a message needs, at most: an id that is ASCII takes as many bytes as it has letters. */
export const maxEnvelopeHeaderBytes: number = 4 + 3 * 8 + 1 + 2 + maxEntityIdBytes

/**
 * The same header, with the length of the message that follows it, written in front of that message.
 *
 * @param start - of the message, in front of which there is room
 * @returns where the header begins; -1 where the id is not ASCII, and has to be written otherwise
 */
export function writeEnvelopeInFront(
  bytes: Uint8Array,
  start: number,
  end: number,
  typeHash: number,
  { shard, epoch, entityId, returns, carries }: EnvelopeHeader,
): number {
  let at = varintInFront(bytes, start, end - start)
  const { length } = entityId
  at -= length
  let letters = 0
  for (let index = 0; index < length; index++) {
    const letter = entityId.charCodeAt(index)
    letters |= letter
    bytes[at + index] = letter
  }
  if (letters >= 0x80) return -1
  at = varintInFront(bytes, at, length)
  bytes[--at] = flagsOf(returns, carries)
  at = varintInFront(bytes, at, epoch)
  at = varintInFront(bytes, at, shard)
  bytes[--at] = typeHash
  bytes[--at] = typeHash >>> 8
  bytes[--at] = typeHash >>> 16
  bytes[--at] = typeHash >>> 24
  return at
}

/** @returns where it begins */
function varintInFront(bytes: Uint8Array, before: number, value: number): number {
  if (value < 0x80) {
    bytes[before - 1] = value
    return before - 1
  }
  let length = 2
  for (let rest = Math.floor(value / 0x80); rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  let at = before - length
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80
  bytes[at] = rest
  return before - length
}

export function writeReturned(writer: ByteWriter, typeHash: number, header: ReturnedHeader): void {
  const { shard, epoch, neededEpoch, returns, carries, entityId } = header
  writer.reset().u32(typeHash).varint(shard).varint(epoch)
  writer.varint(neededEpoch).u8(flagsOf(returns, carries)).string(entityId, maxEntityIdBytes)
}

/** @param ids - of entities that had messages before */
export function readEnvelope(reader: ByteReader, ids?: KnownTexts): EnvelopeHeader {
  const shard = reader.varint()
  const epoch = reader.varint()
  const flags = reader.u8()
  const entityId = reader.string(maxEntityIdBytes, ids)
  return { shard, epoch, entityId, returns: flags % carriesFlag, carries: flags >= carriesFlag }
}

export function readReturned(reader: ByteReader): ReturnedHeader {
  const shard = reader.varint()
  const epoch = reader.varint()
  const neededEpoch = reader.varint()
  const flags = reader.u8()
  const entityId = reader.string(maxEntityIdBytes)
  const [returns, carries] = [flags % carriesFlag, flags >= carriesFlag]
  return { shard, epoch, neededEpoch, entityId, returns, carries }
}

export function writePiece(
  writer: ByteWriter,
  typeHash: number,
  shard: number,
  { epoch, index, count, states }: HandOverPiece,
): void {
  writer.reset().u32(typeHash).varint(shard).varint(epoch).varint(index).varint(count)
  writer.count(states.length)
  for (const { entityId, bytes } of states) {
    writer.string(entityId, maxEntityIdBytes).bytes(bytes, bytes.length)
  }
}

export function readPiece(reader: ByteReader): HandOverPiece {
  const epoch = reader.varint()
  const index = reader.varint()
  const count = reader.varint()
  const length = reader.count(2)
  const states: LeftState[] = []
  for (let position = 0; position < length; position++) {
    states.push({
      entityId: reader.string(maxEntityIdBytes),
      bytes: reader.bytes(Number.MAX_SAFE_INTEGER),
    })
  }
  reader.end()
  return { epoch, index, count, states }
}
