import type { Channel, Listener, NodeAddress, Transport } from '@casty/transport'
import { resolveTcpOptions, type TcpOptions } from './options.ts'
import { tcpDial } from './tcp-dial.ts'
import { tcpListen } from './tcp-listen.ts'

/** What never became a channel, since the transport was made. */
export interface TcpCounters {
  /** Incoming connections closed at once because `maxConnections` were open. */
  readonly droppedConnections: number
  /** Incoming connections that the system could not hand over, most often for want of descriptors. */
  readonly failedAccepts: number
}

/** A `Transport` over TCP, with counts of what it turned away. */
export interface TcpTransport extends Transport {
  counters(): TcpCounters
}

/**
 * Channels over TCP by `node:net`. Plain text: the association above refuses to bind it beyond
 * loopback unless it is told to.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`
 * @example tcpTransport({ lingerMs: 200 }).counters().failedAccepts // => 0
 */
export function tcpTransport(options: TcpOptions = {}): TcpTransport {
  const resolved = resolveTcpOptions(options)
  const readBuffer = new Uint8Array(resolved.readBufferBytes)
  let droppedConnections = 0
  let failedAccepts = 0
  const failures = {
    dropped: () => void droppedConnections++,
    failed: () => void failedAccepts++,
  }
  return {
    name: 'tcp',
    listen(address: NodeAddress, accept: (channel: Channel) => void): Promise<Listener> {
      return tcpListen(address, resolved, readBuffer, accept, failures)
    },
    dial(address: NodeAddress, dialOptions?: { readonly signal?: AbortSignal }): Promise<Channel> {
      return tcpDial(address, resolved, readBuffer, dialOptions?.signal)
    },
    counters: () => ({ droppedConnections, failedAccepts }),
  }
}
