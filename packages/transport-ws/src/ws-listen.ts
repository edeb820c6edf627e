import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { listenFailure } from '@casty/net'
import { NodeAddress, type Channel, type Listener } from '@casty/transport'
import { WebSocketServer } from 'ws'
import { socketOptions } from './messages.ts'
import type { ResolvedWsOptions } from './options.ts'
import { WsChannel } from './ws-channel.ts'

/** Told about connections that never became a channel. */
export interface UpgradeFailures {
  /** There are as many as there may be. */
  readonly dropped: () => void
  /** It asked for something else, or from a page that may not. */
  readonly refused: () => void
}

/** Accepts WebSockets on a server of its own, or on the user's. */
export async function wsListen(
  address: NodeAddress,
  options: ResolvedWsOptions,
  accept: (channel: Channel) => void,
  failures: UpgradeFailures,
): Promise<Listener> {
  const server = options.server ?? ownServer(options)
  const upgrade = upgrader(options, accept, failures)
  server.on('upgrade', upgrade)
  try {
    if (!options.server) await listenOn(server, address, options.backlog)
    else if (!server.listening) await once(server, 'listening')
  } catch (error) {
    server.off('upgrade', upgrade)
    throw listenFailure(address, error)
  }
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return new WsListener(NodeAddress.of(address.host, port), async () => {
    server.off('upgrade', upgrade)
    if (options.server) return
    // Its callback waits for connections that are channels by now. The listening socket itself is
    // closed by the call, and its handle is gone one turn later.
    server.close()
    server.closeAllConnections() // Those that have not become channels.
    await new Promise((resolve) => setImmediate(resolve))
  })
}

/** Answers nothing but the upgrade. */
function ownServer({ upgradeTimeoutMs }: ResolvedWsOptions): Server {
  const times = { headersTimeout: upgradeTimeoutMs, requestTimeout: upgradeTimeoutMs }
  const checked = { connectionsCheckingInterval: Math.min(1_000, upgradeTimeoutMs) }
  const bounds = { maxHeaderSize: 8 * 1024, noDelay: true, keepAlive: true }
  return createServer({ ...times, ...checked, ...bounds }, (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end()
  })
}

async function listenOn(server: Server, { host, port }: NodeAddress, backlog: number) {
  // `exclusive`: inside a `node:cluster` worker the port would silently be shared with others.
  server.listen({ host, port, backlog, exclusive: true })
  await once(server, 'listening')
}

function upgrader(
  { path, maxConnections, allowedOrigins, sourceOf, server, ...rest }: ResolvedWsOptions,
  accept: (channel: Channel) => void,
  failures: UpgradeFailures,
) {
  const upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    ...socketOptions(rest.lingerMs),
  })
  let open = 0
  return (request: IncomingMessage, carrier: Duplex, head: Buffer): void => {
    if (pathOf(request) !== path) {
      if (server) return // Somebody else's, as far as is known here.
      failures.refused()
      return refuse(carrier, '404 Not Found')
    }
    const { origin } = request.headers
    if (origin !== undefined && !allowedOrigins.includes(origin)) {
      failures.refused()
      return refuse(carrier, '403 Forbidden')
    }
    if (open >= maxConnections) {
      failures.dropped()
      return refuse(carrier, '503 Service Unavailable')
    }
    upgrades.handleUpgrade(request, carrier, head, (socket) => {
      open++
      socket.once('close', () => open--)
      const settings = { path, maxConnections, allowedOrigins, ...rest }
      const source = sourceOf?.(request)
      accept(new WsChannel(socket, request.socket, settings, source))
    })
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

function refuse(carrier: Duplex, status: string): void {
  carrier.on('error', () => carrier.destroy()) // It may have gone; nobody waits for the answer then.
  carrier.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Channels it accepted live on: they are their owner's. */
class WsListener implements Listener {
  readonly address: NodeAddress
  readonly #close: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(address: NodeAddress, close: () => Promise<void>) {
    this.address = address
    this.#close = close
  }

  /** Its port is free once it resolves, unless the server is the user's. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }
}
