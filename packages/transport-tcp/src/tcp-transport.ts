import { noInsecurity, Security, type InsecurityCounters } from '@casty/net'
import type {
  Channel,
  Listener,
  NodeAddress,
  Transport,
  TransportDialOptions,
  TurnedAway,
} from '@casty/transport'
import { resolveTcpOptions, type TcpOptions } from './options.ts'
import { tcpDial } from './tcp-dial.ts'
import { tcpListen } from './tcp-listen.ts'

/** What never became a channel, since the transport was made. */
export interface TcpCounters {
  /** Incoming connections closed at once because `maxConnections` were open. */
  readonly droppedConnections: number
  /** Incoming connections that the system could not hand over, most often for want of descriptors. */
  readonly failedAccepts: number
  /** Incoming connections that TLS came to nothing on, by why. All 0 without it. */
  readonly insecureConnections: InsecurityCounters
}

/** A `Transport` over TCP, with counts of what it turned away. */
export interface TcpTransport extends Transport {
  counters(): TcpCounters
  /**
   * Reads the files of `tls` again, now: new connections are made by what they hold, and those end
   * soon whose other end has a certificate that no authority in it has signed. Without being told, that is done every `tls.reloadIntervalMs`.
   *
   * @returns whether anything is new; false without TLS
   * @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE`; what was in use stays in use
   */
  reloadCertificates(): boolean
}

/**
 * Channels over TCP by `node:net`, with TLS 1.3 where `tls` says whom to show and to trust. Plain text
 * otherwise: the association above refuses to bind it beyond loopback unless it is told to.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`, `CASTY_TRANSPORT_BAD_CERTIFICATE`
 * @example tcpTransport({ lingerMs: 200 }).counters().failedAccepts // => 0
 */
export function tcpTransport(options: TcpOptions = {}): TcpTransport {
  const resolved = resolveTcpOptions(options)
  const security = options.tls && new Security(options.tls)
  const readBuffer = new Uint8Array(resolved.readBufferBytes)
  let droppedConnections = 0
  let failedAccepts = 0
  const failures = {
    dropped: () => void droppedConnections++,
    failed: () => void failedAccepts++,
  }
  return {
    name: 'tcp',
    ...(security && { security: 'mutual-tls' as const }),
    listen(
      address: NodeAddress,
      accept: (channel: Channel) => void,
      turnedAway?: (whom: TurnedAway) => void,
    ): Promise<Listener> {
      return tcpListen(address, resolved, readBuffer, security, accept, { ...failures, turnedAway })
    },
    dial(address: NodeAddress, dialOptions: TransportDialOptions = {}): Promise<Channel> {
      return tcpDial(address, resolved, readBuffer, security, dialOptions)
    },
    counters: () => ({
      droppedConnections,
      failedAccepts,
      insecureConnections: security?.counters() ?? noInsecurity,
    }),
    reloadCertificates: () => security?.certificates.reload() ?? false,
  }
}
