import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { judgeAccepted, plainAddress, type ConnectedSocket, type Security } from '@casty/net'
import type { Channel, InsecurityReason, TurnedAway } from '@casty/transport'
import { WebSocketServer } from 'ws'
import { refusalOf, socketOptions } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'
import type { Upgrade } from './shared-server.ts'
import { WsChannel } from './ws-channel.ts'

/** Told about connections that never became a channel. */
export interface UpgradeFailures {
  /** There are as many as there may be. */
  readonly dropped: () => void
  /** It asked for something else, or from a page that may not. */
  readonly refused: () => void
  /** The system could not hand it over. */
  readonly failed: () => void
  /** It has not proven itself. */
  readonly turnedAway?: ((whom: TurnedAway) => void) | undefined
}

export interface UpgraderParts {
  readonly options: ResolvedWsOptions
  readonly security: Security | undefined
  readonly accept: (channel: Channel) => void
  readonly failures: UpgradeFailures
  /** Of a connection whose other end was judged before: what is known of it. */
  readonly connectionOf?: ((socket: Socket) => ConnectedSocket | undefined) | undefined
}

/** Makes channels of requests for a WebSocket, at whichever path. */
export function upgrader({
  options,
  security,
  accept,
  failures,
  connectionOf,
}: UpgraderParts): Upgrade {
  const { maxConnections, allowedOrigins, sourceOf, lingerMs } = options
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    ...socketOptions(lingerMs),
  })
  let open = 0
  return (request, carrier, head) => {
    const { origin } = request.headers
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      failures.refused()
      return refuse(carrier, '403 Forbidden')
    }
    if (open >= maxConnections) {
      failures.dropped()
      return refuse(carrier, '503 Service Unavailable')
    }
    const connection = connectionOf?.(request.socket) ?? judge(request.socket, security)
    if (typeof connection === 'string') {
      security?.count(connection)
      const source = sourceOf?.(request) ?? plainAddress(request.socket.remoteAddress)
      failures.turnedAway?.({ source, reason: connection })
      return refuse(carrier, '403 Forbidden', connection)
    }
    upgrades.handleUpgrade(request, carrier, head, (socket) => {
      open++
      socket.once('close', () => open--)
      accept(new WsChannel(socket, connection, options, sourceOf?.(request)))
    })
  }
}

/** A server of the user's has made the connection: what it did not verify is not trusted. */
function judge(socket: Socket, security: Security | undefined): ConnectedSocket | InsecurityReason {
  if (!security) return { socket, carrier: socket }
  if (!(socket instanceof TLSSocket)) return 'plaintext'
  const verdict = judgeAccepted(socket, security)
  return typeof verdict === 'string' ? verdict : { socket, carrier: socket, proof: verdict }
}

/** Answers with a status, and nothing more. */
export function refuse(carrier: Duplex, status: string, reason?: InsecurityReason): void {
  carrier.on('error', () => carrier.destroy()) // It may have gone; nobody waits for the answer then.
  carrier.end(refusalOf(status, reason))
}
