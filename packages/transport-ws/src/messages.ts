import type { InsecurityReason } from '@casty/transport'

/** No message is larger. Whoever receives one holds it whole before any of it is looked at. */
export const maxMessageBytes: number = 256 * 1024

/**
 * See `Channel.gatherMs`: a message is masked by one end and read as a whole by the other. With 256 questions in flight
 * they were three to a turn with 0.025, and took half as much of a processor again.
 */
export const gatherMs = 0.1

/** What one write becomes. Where a message ends means nothing to who receives it. */
export function messagesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  return bytes.length <= maxMessageBytes ? [bytes] : pieces(bytes)
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += maxMessageBytes) {
    yield bytes.subarray(at, at + maxMessageBytes)
  }
}

/** Of an answer to a WebSocket that is refused for its certificate: why. */
export const refusalHeader = 'casty-insecurity'

/** The answer to a request for a WebSocket that is refused. */
export function refusalOf(status: string, reason?: InsecurityReason): string {
  const why = reason === undefined ? '' : `${refusalHeader}: ${reason}\r\n`
  return `HTTP/1.1 ${status}\r\nConnection: close\r\n${why}Content-Length: 0\r\n\r\n`
}

/** What both ends ask of `ws`. A channel's bytes are compressed or encrypted above, if anywhere. */
export function socketOptions(lingerMs: number): {
  readonly perMessageDeflate: false
  readonly maxPayload: number
} {
  const untyped: object = { closeTimeout: lingerMs } // The types do not know it yet.
  return { perMessageDeflate: false, maxPayload: maxMessageBytes, ...untyped }
}
