// What members ask each other of their regions, and tell: in pieces, so that the size of a frame bounds no number of types.
import type { DeadLetterReason } from '@casty/actor'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { maxTypeNameBytes } from '../codec-limits.ts'
import type { RegionFigures } from './region-figures.ts'

/** Of 40 to 51, which are sharding's. */
export const statisticsFrameType = 51

export type StatisticsMessage =
  | { readonly type: 'ask'; readonly token: number }
  | {
      readonly type: 'told'
      readonly token: number
      readonly regions: readonly RegionFigures[]
      /** No piece comes behind this one. */
      readonly isLast: boolean
    }

const tags = { ask: 1, told: 2 } as const

/** In the order in which they are written. */
const counts = [
  'shards',
  'entities',
  'waiting',
  'delivered',
  'sent',
  'received',
  'sentBack',
  'cameBack',
  'started',
  'passivated',
  'handedOver',
  'forced',
  'leftBehind',
] as const satisfies readonly (keyof RegionFigures)[]

const reasonTags: Readonly<Record<DeadLetterReason, number>> = {
  stopped: 1,
  'mailbox-full': 2,
  'stash-full': 3,
  unhandled: 4,
  failed: 5,
  'late-answer': 6,
  'not-found': 7,
  'not-serializable': 8,
  'not-sent': 9,
  lost: 10,
  'node-gone': 11,
  'buffer-full': 12,
  overdue: 13,
}

// The keys of that record are all reasons that there are.
const reasons = new Map(
  Object.entries(reasonTags).map(([reason, tag]) => [tag, reason as DeadLetterReason] as const),
)

export function encodeStatistics(message: StatisticsMessage): Uint8Array {
  const writer = new ByteWriter().u8(tags[message.type]).varint(message.token)
  if (message.type === 'ask') return writer.finish()
  writer.bool(message.isLast).count(message.regions.length)
  for (const figures of message.regions) writeFigures(writer, figures)
  return writer.finish()
}

function writeFigures(writer: ByteWriter, figures: RegionFigures): void {
  writer.string(figures.type, maxTypeNameBytes)
  for (const name of counts) writer.varint(figures[name])
  const dropped = [...reasons].filter(([, reason]) => figures.dropped[reason] !== undefined)
  writer.count(dropped.length)
  for (const [tag, reason] of dropped) writer.u8(tag).varint(figures.dropped[reason] ?? 0)
}

/** @throws TransportError `CASTY_TRANSPORT_MALFORMED`, and nothing else, whatever the bytes are */
export function decodeStatistics(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): StatisticsMessage {
  const reader = new ByteReader(bytes, start, end)
  const tag = reader.u8()
  const token = reader.varint()
  const message =
    tag === tags.ask ? ({ type: 'ask', token } as const) : readTold(reader, tag, token)
  reader.end()
  return message
}

function readTold(reader: ByteReader, tag: number, token: number): StatisticsMessage {
  if (tag !== tags.told) throw TransportError.malformed(`No word about statistics has tag ${tag}`)
  const isLast = reader.bool()
  const regions = Array.from({ length: reader.count(counts.length + 2) }, () => readFigures(reader))
  return { type: 'told', token, regions, isLast }
}

function readFigures(reader: ByteReader): RegionFigures {
  const type = reader.string(maxTypeNameBytes)
  const read = Object.fromEntries(counts.map((name) => [name, reader.varint()]))
  const dropped: Partial<Record<DeadLetterReason, number>> = {}
  for (let left = reader.count(2); left > 0; left--) {
    const reason = reasons.get(reader.u8())
    const count = reader.varint()
    if (reason) dropped[reason] = count // Another one is of a later version.
  }
  // It has each of the counts, by its name.
  return { type, ...(read as Record<(typeof counts)[number], number>), dropped }
}
