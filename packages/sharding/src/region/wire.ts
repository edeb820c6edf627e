// Frames between regions, all on the data lane, so that each comes behind what was sent before it. The type of an
// entity is named by a hash of its name: nothing has to be introduced, and a lost frame costs nothing but itself.
//
//   envelope       type, shard, epoch, returns, entity id, message
//   returned       type, shard, epoch that it was sent under, epoch to wait for, returns, entity id, message
//   fence          type, shard, epoch, token
//   drained        type, shard, token
//   hand-over      type, shard, epoch, index, count, states
//   handed-over    type, shard, epoch, count
import type { ByteReader, ByteWriter } from '@casty/transport'
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

function flagsOf({ returns, carries }: EnvelopeHeader): number {
  return Math.min(returns, carriesFlag - 1) | (carries ? carriesFlag : 0)
}

export function writeEnvelope(writer: ByteWriter, typeHash: number, header: EnvelopeHeader): void {
  writer.reset().u32(typeHash).varint(header.shard).varint(header.epoch).u8(flagsOf(header))
  writer.string(header.entityId, maxEntityIdBytes)
}

export function writeReturned(writer: ByteWriter, typeHash: number, header: ReturnedHeader): void {
  writer.reset().u32(typeHash).varint(header.shard).varint(header.epoch)
  writer.varint(header.neededEpoch).u8(flagsOf(header)).string(header.entityId, maxEntityIdBytes)
}

export function readEnvelope(reader: ByteReader): EnvelopeHeader {
  const shard = reader.varint()
  const epoch = reader.varint()
  const flags = reader.u8()
  const entityId = reader.string(maxEntityIdBytes)
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
