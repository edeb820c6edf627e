import { numberOptions, type Range, type TlsOptions } from '@casty/net'

/** How TCP channels are made. Every duration is in milliseconds. */
export interface TcpOptions extends TcpNumbers {
  /**
   * TLS 1.3, with both ends verified against the cluster's own authority; nothing is sent or taken in plain text.
   * @defaultValue none: the bytes are plain
   */
  readonly tls?: TlsOptions | undefined
}

/** Those that are numbers. */
export interface TcpNumbers {
  /**
   * How long a dial may take, name resolution included. Raise it for slow links; each raise lets a
   * silent host hold a dial for as much longer. 1 to 600,000.
   * @defaultValue 5_000
   */
  readonly dialTimeoutMs?: number
  /**
   * How long a graceful close may take to write out what was handed over and to see the other end
   * close too; then the connection is reset. Lower it to shut down faster, at the price of bytes
   * that a slow peer never gets. 1 to 600,000.
   * @defaultValue 1_000
   */
  readonly lingerMs?: number
  /**
   * Idle time after which the system starts to probe the peer. It only collects connections that
   * nobody uses: heartbeats notice a vanished peer long before. 1,000 to 86,400,000.
   * @defaultValue 10_000
   */
  readonly keepAliveDelayMs?: number
  /**
   * Accepted connections a listener holds at once; the next one is closed at once and counted under
   * `droppedConnections`. Two per peer are in use. 1 to 1,000,000.
   * @defaultValue 8_192
   */
  readonly maxConnections?: number
  /**
   * Connections that the system holds until they are accepted. Raise it if many peers start within
   * one stall of the event loop; the system caps it. 1 to 65,535.
   * @defaultValue 511
   */
  readonly backlog?: number
  /**
   * The one buffer that all connections of this transport read into, in bytes: what a read can take
   * at most. 4,096 to 16,777,216.
   * @defaultValue 262_144
   */
  readonly readBufferBytes?: number
}

export const tcpDefaults: Required<TcpNumbers> = {
  dialTimeoutMs: 5_000,
  lingerMs: 1_000,
  keepAliveDelayMs: 10_000,
  maxConnections: 8_192,
  backlog: 511,
  readBufferBytes: 262_144,
}

const ranges: Readonly<Record<keyof TcpNumbers, Range>> = {
  dialTimeoutMs: [1, 600_000],
  lingerMs: [1, 600_000],
  keepAliveDelayMs: [1_000, 86_400_000],
  maxConnections: [1, 1_000_000],
  backlog: [1, 65_535],
  readBufferBytes: [4_096, 16_777_216],
}

export type ResolvedTcpOptions = Required<TcpNumbers>

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a value out of range or an unknown name */
export function resolveTcpOptions(options: TcpOptions): ResolvedTcpOptions {
  const { tls: _, ...numbers } = options // It is checked where it is used.
  return numberOptions<TcpNumbers>('tcpTransport', tcpDefaults, ranges, numbers)
}
