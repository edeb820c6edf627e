// What a client of the cluster and a member tell each other of the committed table: the client which version it has,
// again and again; the member what leads from there to its own, in the messages that members tell it each other in. And that
// the member leaves.
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { decodeShardingMessage, encodeShardingMessage } from '../codec.ts'
import type { ShardingMessage } from '../protocol.ts'
import type { Version } from '../table/version.ts'

/** Of 40 to 51, which are sharding's. */
export const clientTableFrameType = 47

/** Data centers are named by roles, which have at most so many bytes. */
const maxDataCenterBytes = 100

/** `entries` where they lead on from what the client has, else a whole table. */
export type ToldTable = Extract<ShardingMessage, { readonly type: 'entries' | 'snapshot' }>

export type TableMessage =
  /** Which version the client has of the table of that data center. */
  | { readonly type: 'has'; readonly dataCenter: string; readonly version: Version }
  | { readonly type: 'told'; readonly dataCenter: string; readonly content: ToldTable }
  /** The client sends to entities of the member: it says so again and again. */
  | { readonly type: 'uses' }
  /** The member has given away what it had, and goes as soon as nothing for entities is on its way there. */
  | { readonly type: 'leaving' }
  /** Behind this, the client sends it nothing more for entities. */
  | { readonly type: 'let-go' }

const tags = { has: 1, told: 2, uses: 3, leaving: 4, 'let-go': 5 } as const

export function encodeTableMessage(message: TableMessage): Uint8Array {
  const writer = new ByteWriter().u8(tags[message.type])
  if (message.type !== 'has' && message.type !== 'told') return writer.finish()
  writer.string(message.dataCenter, maxDataCenterBytes)
  if (message.type === 'has') writer.varint(message.version.term).varint(message.version.seq)
  else writer.bytes(encodeShardingMessage(message.content), Number.MAX_SAFE_INTEGER)
  return writer.finish()
}

/** @throws TransportError `CASTY_TRANSPORT_MALFORMED`, and nothing else, whatever the bytes are */
export function decodeTableMessage(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): TableMessage {
  const reader = new ByteReader(bytes, start, end)
  const message = readMessage(reader, reader.u8())
  reader.end()
  return message
}

function readMessage(reader: ByteReader, tag: number): TableMessage {
  if (tag === tags.uses) return { type: 'uses' }
  if (tag === tags.leaving) return { type: 'leaving' }
  if (tag === tags['let-go']) return { type: 'let-go' }
  const dataCenter = reader.string(maxDataCenterBytes)
  if (tag === tags.has) {
    return {
      type: 'has',
      dataCenter,
      version: { term: reader.varint(), seq: reader.varint() },
    }
  }
  if (tag !== tags.told) throw TransportError.malformed(`No word about tables has tag ${tag}`)
  const content = decodeShardingMessage(reader.bytes(Number.MAX_SAFE_INTEGER))
  if (content.type !== 'entries' && content.type !== 'snapshot') {
    throw TransportError.malformed(`A ${content.type} says nothing of a table`)
  }
  return { type: 'told', dataCenter, content }
}
