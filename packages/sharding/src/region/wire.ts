// Frames between regions, all on the data lane, so that each comes behind what was sent before it. The type of an
// entity is named by a hash of its name: nothing has to be introduced, and a lost frame costs nothing but itself.
//
//   envelope       type, shard, epoch, returns, entity id, message
//   returned       type, shard, epoch that it was sent under, epoch to wait for, returns, entity id, [own], message
//   shares         type, message, and of each entity that it is for: shard, epoch, entity id, own
//   fence          type, shard, epoch, token
//   drained        type, shard, token
//   hand-over      type, shard, epoch, index, count, states
//   handed-over    type, shard, epoch, count
import type { ByteReader, ByteWriter, KnownTexts } from '@casty/transport'
import type { HandOverPiece, LeftState } from './hand-over.ts'

/** Of 40 to 51, which are sharding's. */
export const regionFrameTypes = {
  envelope: 41,
  returned: 42,
  fence: 43,
  drained: 44,
  handOver: 45,
  handedOver: 46,
  shares: 50,
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

/** The same while it is being read. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

export interface ReturnedHeader extends EnvelopeHeader {
  /** What the sender's table has to be at before it is sent again. */
  readonly neededEpoch: number
  /** Of one share of a message to several: what was told to that entity alone. */
  readonly own: Uint8Array | undefined
}

/** Stand beside the count of returns, which are few. */
const carriesFlag = 0x80
const shareFlag = 0x40

function flagsOf(returns: number, carries: boolean): number {
  return Math.min(returns, shareFlag - 1) | (carries ? carriesFlag : 0)
}

export function writeEnvelope(writer: ByteWriter, typeHash: number, header: EnvelopeHeader): void {
  const { shard, epoch, returns, carries, entityId } = header
  writer.reset().u32(typeHash).varint(shard).varint(epoch).u8(flagsOf(returns, carries))
  writer.string(entityId, maxEntityIdBytes)
}

/** As much room as the header of a message needs, at most: an id that is ASCII takes as many bytes as it has letters. */
export const maxEnvelopeHeaderBytes: number = 4 + 3 * 8 + 1 + 2 + maxEntityIdBytes

/** What of a message stands in its header, but for the epoch that it goes under. */
export interface SentEnvelope {
  readonly shard: number
  readonly entityId: string
  readonly returns: number
  /** What an instrument gave it. */
  readonly carried: unknown
}

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
  epoch: number,
  { shard, entityId, returns, carried }: SentEnvelope,
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
  bytes[--at] = flagsOf(returns, carried !== undefined)
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
  // Epochs are times, and wider than 32 bits: their upper part is written first, as it stands behind the lower one.
  const high = Math.floor(value / 0x1000_0000)
  const low = value - high * 0x1000_0000
  if (high === 0) return bitsInFront(bytes, before, low)
  const at = bitsInFront(bytes, before, high) - 4
  bytes[at] = low | 0x80
  bytes[at + 1] = (low >>> 7) | 0x80
  bytes[at + 2] = (low >>> 14) | 0x80
  bytes[at + 3] = (low >>> 21) | 0x80
  return at
}

/** Of at most 28 bits, seven a byte, low bits first. */
function bitsInFront(bytes: Uint8Array, before: number, value: number): number {
  const length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
  const start = before - length
  let rest = value
  for (let at = start; at < before - 1; at++, rest >>>= 7) bytes[at] = rest | 0x80
  bytes[before - 1] = rest
  return start
}

export function writeReturned(
  writer: ByteWriter,
  typeHash: number,
  { shard, epoch, returns, carries, entityId }: EnvelopeHeader,
  neededEpoch: number,
  own?: Uint8Array,
): void {
  const flags = flagsOf(returns, carries) | (own ? shareFlag : 0)
  writer.reset().u32(typeHash).varint(shard).varint(epoch)
  writer.varint(neededEpoch).u8(flags).string(entityId, maxEntityIdBytes)
  if (own) writer.bytes(own, own.length)
}

/**
 * @param into - takes what is read
 * @param ids - of entities that had messages before
 */
export function readEnvelope<Header extends Writable<EnvelopeHeader>>(
  reader: ByteReader,
  into: Header,
  ids?: KnownTexts,
): Header {
  into.shard = reader.varint()
  into.epoch = reader.varint()
  const flags = reader.u8()
  into.returns = flags & (shareFlag - 1)
  into.carries = flags >= carriesFlag
  into.entityId = reader.string(maxEntityIdBytes, ids)
  return into
}

export function readReturned(reader: ByteReader): ReturnedHeader {
  const shard = reader.varint()
  const epoch = reader.varint()
  const neededEpoch = reader.varint()
  const flags = reader.u8()
  const entityId = reader.string(maxEntityIdBytes)
  const [returns, carries] = [flags & (shareFlag - 1), flags >= carriesFlag]
  const own = (flags & shareFlag) > 0 ? reader.bytes(reader.remaining) : undefined
  return { shard, epoch, neededEpoch, entityId, returns, carries, own }
}

/** What a fence is answered with: nothing comes behind it. */
export function writeDrained(
  writer: ByteWriter,
  typeHash: number,
  shard: number,
  token: number,
): void {
  writer.reset().u32(typeHash).varint(shard).varint(token)
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
