// How system messages travel: some of them in order, and word of what has come the other way.
//
//   incarnation of the receiver, session, acknowledged, first (varints), how many, each with its length
//
// Whom they are from is what the connection says.
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'

/** Longest system message, in bytes. */
export const maxSystemMessageBytes = 8_192

/** A session begins anew each time that one end gave up: so many are not seen in any life. */
const maxSession = 2 ** 32

/** What one end of a link tells the other. */
export interface LinkFrame {
  /** Grows each time that either end gives up what is under way. */
  readonly session: number
  /** The last message that came in order; 0 where none did. */
  readonly acknowledged: number
  /** Number of the first message; of those behind it, one more each. */
  readonly first: number
  readonly messages: readonly Uint8Array[]
}

export interface SystemFrame extends LinkFrame {
  /** The life that it is meant for: a later one of the same address does not heed it. */
  readonly incarnation: number
}

export function encodeSystemFrame(frame: SystemFrame): Uint8Array {
  const writer = new ByteWriter(256)
    .varint(frame.incarnation)
    .varint(frame.session)
    .varint(frame.acknowledged)
    .varint(frame.first)
    .count(frame.messages.length)
  for (const message of frame.messages) writer.bytes(message, maxSystemMessageBytes)
  return writer.finish()
}

/** @throws TransportError `CASTY_TRANSPORT_MALFORMED` */
export function decodeSystemFrame(bytes: Uint8Array, start: number, end: number): SystemFrame {
  const reader = new ByteReader(bytes, start, end)
  const incarnation = reader.varint()
  const session = reader.varint()
  if (session > maxSession) throw TransportError.malformed(`No link has a session ${session}`)
  const acknowledged = reader.varint()
  const first = reader.varint()
  const messages = Array.from({ length: reader.count(1) }, () =>
    reader.bytes(maxSystemMessageBytes),
  )
  reader.end()
  return { incarnation, session, acknowledged, first, messages }
}
