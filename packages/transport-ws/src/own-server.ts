import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import {
  TlsAcceptor,
  type ConnectedSocket,
  type SecureAcceptorParts,
  type Security,
} from '@casty/net'
import type { NodeAddress } from '@casty/transport'
import { refusalOf } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'

/** A server that is there for WebSockets alone. */
export interface OwnServer {
  /** What listens: HTTP itself, or the connections that TLS comes first on. */
  readonly front: Server
  readonly http: HttpServer
  /** With TLS: takes a connection for a WebSocket, with what was proven of its other end. */
  readonly taken: ((socket: Socket) => ConnectedSocket | undefined) | undefined
  listen(address: NodeAddress): Promise<void>
  close(): Promise<void>
}

export function ownServer(
  options: ResolvedWsOptions,
  security: Security | undefined,
  turnedAway: SecureAcceptorParts['turnedAway'],
): OwnServer {
  return security ? secureServer(options, security, turnedAway) : plainServer(options)
}

function plainServer(options: ResolvedWsOptions): OwnServer {
  const http = httpServer(options)
  return {
    front: http,
    http,
    taken: undefined,
    listen: (address) => listenOn(http, address, options.backlog),
    async close() {
      // Its callback waits for connections that are channels by now. The listening socket itself is
      // closed by the call, and its handle is gone one turn later.
      http.close()
      http.closeAllConnections() // Those that have not become channels.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** HTTP is spoken with those alone that have proven themselves. */
function secureServer(
  options: ResolvedWsOptions,
  security: Security,
  turnedAway: SecureAcceptorParts['turnedAway'],
): OwnServer {
  const http = httpServer(options)
  const front = createServer({ noDelay: true, keepAlive: true })
  const waiting = new Map<Socket, ConnectedSocket>()
  const acceptor = new TlsAcceptor({
    security,
    turnedAway,
    farewell: (reason) => Buffer.from(refusalOf('403 Forbidden', reason)),
    accept(connection) {
      const { socket } = connection
      waiting.set(socket, connection)
      // A server that does not listen itself does not look at the time either.
      const timer = setTimeout(() => {
        if (waiting.has(socket)) socket.destroy()
      }, options.upgradeTimeoutMs)
      socket.once('close', () => {
        clearTimeout(timer)
        waiting.delete(socket)
      })
      http.emit('connection', socket)
    },
  })
  front.on('connection', (carrier) => acceptor.admit(carrier))
  return {
    front,
    http,
    taken(socket) {
      const connection = waiting.get(socket)
      waiting.delete(socket)
      return connection
    },
    listen: (address) => listenOn(front, address, options.backlog),
    async close() {
      front.close()
      acceptor[Symbol.dispose]()
      for (const socket of waiting.keys()) socket.destroy()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Answers nothing but the upgrade. */
function httpServer({ upgradeTimeoutMs }: ResolvedWsOptions): HttpServer {
  const times = { headersTimeout: upgradeTimeoutMs, requestTimeout: upgradeTimeoutMs }
  const checked = { connectionsCheckingInterval: Math.min(1_000, upgradeTimeoutMs) }
  const bounds = { maxHeaderSize: 8 * 1024, noDelay: true, keepAlive: true }
  return createHttpServer({ ...times, ...checked, ...bounds }, (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end()
  })
}

async function listenOn(server: Server, { host, port }: NodeAddress, backlog: number) {
  // `exclusive`: inside a `node:cluster` worker the port would silently be shared with others.
  server.listen({ host, port, backlog, exclusive: true })
  await once(server, 'listening')
}
