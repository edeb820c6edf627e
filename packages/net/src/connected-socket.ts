import type { Socket } from 'node:net'
import type { ChannelProof } from '@casty/transport'

/** A socket that is connected, dialled or accepted, with what was verified of its other end. */
export interface ConnectedSocket {
  readonly socket: Socket
  /** The connection below it, for a reset: itself without TLS. */
  readonly carrier: Socket
  /** With TLS: the other end has proven itself. */
  readonly proof?: ChannelProof
}
