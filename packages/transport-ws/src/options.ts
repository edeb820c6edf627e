import type { IncomingMessage, Server } from 'node:http'
import { numberOptions, type Range, type TlsOptions } from '@casty/net'
import { Server as TlsServer } from 'node:tls'
import { TransportError } from '@casty/transport'
import { defaultPath, isUrlPath, pathAllowed } from './url-path.ts'

/** How WebSocket channels are made. Every duration is in milliseconds. */
export interface WsOptions extends WsNumbers {
  /**
   * Where WebSockets are accepted, and dialled: the same on all nodes.
   * @defaultValue '/casty'
   */
  readonly path?: string
  /**
   * An HTTP server of yours to listen on, which you start and end: its other requests stay yours. It must listen on the
   * address of the node, or on one that a proxy passes on to it.
   * @defaultValue a server of its own, which answers nothing else
   */
  readonly server?: Server
  /**
   * Pages that may connect, by their origin, as in `https://shop.example`. A browser says where its page comes
   * from; what says nothing is no page.
   * @defaultValue none
   */
  readonly allowedOrigins?: readonly string[]
  /**
   * Where a connection comes from, where a proxy of yours stands before the server: limits count by it.
   * @defaultValue the address at the other end of the connection
   */
  readonly sourceOf?: (request: IncomingMessage) => string
  /**
   * TLS 1.3, with both ends verified against the cluster's own authority; nothing is sent or taken in plain text. A `server`
   * of yours is one of `node:https` then, which asks for certificates and trusts that authority.
   * @defaultValue none: the bytes are plain
   */
  readonly tls?: TlsOptions | undefined
}

/** Those that are numbers. */
export interface WsNumbers {
  /** How long a dial may take, name resolution and upgrade included. 1 to 600,000. @defaultValue 5_000 */
  readonly dialTimeoutMs?: number
  /**
   * How long a graceful close may take to write out what was handed over and to see the other end
   * close too; then the connection is reset. 1 to 600,000.
   * @defaultValue 1_000
   */
  readonly lingerMs?: number
  /**
   * How often a connection is pinged, so that no proxy takes it for idle: their limit is a minute as a rule. 100 to
   * 86,400,000.
   * @defaultValue 20_000
   */
  readonly pingIntervalMs?: number
  /** How long an incoming connection may take to ask for a WebSocket. 1 to 600,000. @defaultValue 5_000 */
  readonly upgradeTimeoutMs?: number
  /**
   * WebSockets a listener holds at once; the next one is refused and counted under `droppedConnections`.
   * Two per peer are in use. 1 to 1,000,000.
   * @defaultValue 8_192
   */
  readonly maxConnections?: number
  /** Connections that the system holds until they are accepted; it caps it. 1 to 65,535. @defaultValue 511 */
  readonly backlog?: number
}

export type WsDefaults = Required<WsNumbers> & Required<Pick<WsOptions, 'path'>>

export const wsDefaults: WsDefaults = {
  path: defaultPath,
  dialTimeoutMs: 5_000,
  lingerMs: 1_000,
  pingIntervalMs: 20_000,
  upgradeTimeoutMs: 5_000,
  maxConnections: 8_192,
  backlog: 511,
}

export type ResolvedWsOptions = WsDefaults &
  Required<Pick<WsOptions, 'allowedOrigins'>> &
  Pick<WsOptions, 'server' | 'sourceOf'>

const ranges: Readonly<Record<keyof WsNumbers, Range>> = {
  dialTimeoutMs: [1, 600_000],
  lingerMs: [1, 600_000],
  pingIntervalMs: [100, 86_400_000],
  upgradeTimeoutMs: [1, 600_000],
  maxConnections: [1, 1_000_000],
  backlog: [1, 65_535],
}

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a value that is not allowed or an unknown name */
export function resolveWsOptions(options: WsOptions): ResolvedWsOptions {
  const { path = wsDefaults.path, server, allowedOrigins = [], sourceOf, ...others } = options
  const { tls, ...numbers } = others
  if (!isUrlPath(path)) throw invalid('path', path, pathAllowed)
  if (server !== undefined && typeof server?.on !== 'function') {
    throw invalid('server', server, 'a Server of node:http or node:https')
  }
  if (server !== undefined && tls !== undefined && !(server instanceof TlsServer)) {
    throw invalid('server', server, 'a Server of node:https, since there is tls')
  }
  if (!Array.isArray(allowedOrigins) || !allowedOrigins.every(isOrigin)) {
    throw invalid('allowedOrigins', allowedOrigins, 'a list of origins, as https://shop.example')
  }
  if (sourceOf !== undefined && typeof sourceOf !== 'function') {
    throw invalid('sourceOf', sourceOf, 'a function of a request')
  }
  const { path: _, ...defaults } = wsDefaults
  return {
    ...numberOptions<WsNumbers>('wsTransport', defaults, ranges, numbers),
    path,
    allowedOrigins,
    ...(server && { server }),
    ...(sourceOf && { sourceOf }),
  }
}

function isOrigin(text: unknown): boolean {
  return typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text
}

function invalid(option: string, value: unknown, allowed: string): TransportError {
  return TransportError.invalidOption(`${option} of wsTransport`, value, allowed)
}
