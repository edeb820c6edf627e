import { noInsecurity, Security, type InsecurityCounters } from '@casty/net'
import type {
  Channel,
  Listener,
  NodeAddress,
  Transport,
  TransportDialOptions,
  TurnedAway,
} from '@casty/transport'
import { resolveWsOptions, type WsOptions } from './options.ts'
import { wsDial } from './ws-dial.ts'
import { wsListen } from './ws-listen.ts'

/** What never became a channel, since the transport was made. */
export interface WsCounters {
  /** WebSockets refused because `maxConnections` were open. */
  readonly droppedConnections: number
  /** Requests for another path, or from pages that are not among `allowedOrigins`. */
  readonly refusedUpgrades: number
  /** Incoming connections that the system could not hand over, most often for want of descriptors. */
  readonly failedAccepts: number
  /** Incoming connections that TLS came to nothing on, by why. All 0 without it. */
  readonly insecureConnections: InsecurityCounters
}

/** A `Transport` over WebSocket, with counts of what it turned away. */
export interface WsTransport extends Transport {
  counters(): WsCounters
  /**
   * Reads the files of `tls` again, now: new connections are made by what they hold, and those end
   * soon whose other end has a certificate that no authority in it has signed. Without being told, that is done every `tls.reloadIntervalMs`. A server of yours is yours to tell.
   *
   * @returns whether anything is new; false without TLS
   * @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE`; what was in use stays in use
   */
  reloadCertificates(): boolean
}

/**
 * Channels over WebSocket, by `ws`, with TLS 1.3 where `tls` says whom to show and to trust. Plain text
 * otherwise: the association above refuses to bind it beyond loopback unless it is told to.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`, `CASTY_TRANSPORT_BAD_CERTIFICATE`
 * @example wsTransport({ path: '/cluster' }).counters().refusedUpgrades // => 0
 */
export function wsTransport(options: WsOptions = {}): WsTransport {
  const resolved = resolveWsOptions(options)
  const security = options.tls && new Security(options.tls)
  let droppedConnections = 0
  let failedAccepts = 0
  let refusedUpgrades = 0
  const failures = {
    dropped: () => void droppedConnections++,
    refused: () => void refusedUpgrades++,
    failed: () => void failedAccepts++,
  }
  return {
    name: 'ws',
    ...(security && { security: 'mutual-tls' as const }),
    listen(
      address: NodeAddress,
      accept: (channel: Channel) => void,
      turnedAway?: (whom: TurnedAway) => void,
    ): Promise<Listener> {
      return wsListen(address, resolved, security, accept, { ...failures, turnedAway })
    },
    dial(address: NodeAddress, dialOptions: TransportDialOptions = {}): Promise<Channel> {
      return wsDial(address, resolved, security, dialOptions)
    },
    counters: () => ({
      droppedConnections,
      refusedUpgrades,
      failedAccepts,
      insecureConnections: security?.counters() ?? noInsecurity,
    }),
    reloadCertificates: () => security?.certificates.reload() ?? false,
  }
}
