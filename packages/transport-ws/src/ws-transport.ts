import type { Channel, Listener, NodeAddress, Transport } from '@casty/transport'
import { resolveWsOptions, type WsOptions } from './options.ts'
import { wsDial } from './ws-dial.ts'
import { wsListen } from './ws-listen.ts'

/** What never became a channel, since the transport was made. */
export interface WsCounters {
  /** WebSockets refused because `maxConnections` were open. */
  readonly droppedConnections: number
  /** Requests for another path, or from pages that are not among `allowedOrigins`. */
  readonly refusedUpgrades: number
}

/** A `Transport` over WebSocket, with counts of what it turned away. */
export interface WsTransport extends Transport {
  counters(): WsCounters
}

/**
 * Channels over WebSocket, by `ws`. Plain text: the association above refuses to bind it beyond
 * loopback unless it is told to.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`
 * @example wsTransport({ path: '/cluster' }).counters().refusedUpgrades // => 0
 */
export function wsTransport(options: WsOptions = {}): WsTransport {
  const resolved = resolveWsOptions(options)
  let droppedConnections = 0
  let refusedUpgrades = 0
  const failures = {
    dropped: () => void droppedConnections++,
    refused: () => void refusedUpgrades++,
  }
  return {
    name: 'ws',
    listen(address: NodeAddress, accept: (channel: Channel) => void): Promise<Listener> {
      return wsListen(address, resolved, accept, failures)
    },
    dial(address: NodeAddress, dialOptions?: { readonly signal?: AbortSignal }): Promise<Channel> {
      return wsDial(address, resolved, dialOptions?.signal)
    },
    counters: () => ({ droppedConnections, refusedUpgrades }),
  }
}
