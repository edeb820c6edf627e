// A server of the user's: only one path of it is ours, and several nodes may have one each.
import { ServerResponse, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { TransportError } from '@casty/transport'
import { pathOf } from './url-path.ts'

/** Takes a request for a WebSocket. */
export type Upgrade = (request: IncomingMessage, carrier: Duplex, head: Buffer) => void

const sharedServers = new WeakMap<Server, SharedServer>()

/**
 * Has `upgrade` take what asks for a WebSocket at a path, until it is disposed of.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` where somebody takes them already
 */
export function takePath(server: Server, path: string, upgrade: Upgrade): Disposable {
  const shared = sharedServers.get(server) ?? new SharedServer(server)
  sharedServers.set(server, shared)
  return shared.take(path, upgrade)
}

/**
 * Who takes WebSockets on one server, by path. What nobody takes, here or among the user's own listeners, is answered as
 * if it asked for no upgrade: once anybody listens for them, Node leaves every such connection open for ever, and
 * without a listener for its errors.
 */
class SharedServer {
  readonly #server: Server
  readonly #upgrades = new Map<string, Upgrade>()

  constructor(server: Server) {
    this.#server = server
  }

  take(path: string, upgrade: Upgrade): Disposable {
    if (this.#upgrades.has(path)) {
      const allowed = 'one that nobody else takes on this server'
      throw TransportError.invalidOption('path of wsTransport', path, allowed)
    }
    if (this.#upgrades.size === 0) this.#server.on('upgrade', this.#requested)
    this.#upgrades.set(path, upgrade)
    return {
      [Symbol.dispose]: () => {
        this.#upgrades.delete(path)
        if (this.#upgrades.size === 0) this.#server.off('upgrade', this.#requested)
      },
    }
  }

  readonly #requested: Upgrade = (request, carrier, head) => {
    const upgrade = this.#upgrades.get(pathOf(request.url ?? ''))
    if (upgrade) return upgrade(request, carrier, head)
    carrier.on('error', () => carrier.destroy()) // Also where it is somebody else's: they may leave it alone.
    if (this.#server.listenerCount('upgrade') === 1) this.#answer(request, carrier)
  }

  #answer(request: IncomingMessage, carrier: Duplex): void {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(request.socket)
    response.once('finish', () => carrier.end(() => carrier.destroy()))
    this.#server.emit('request', request, response)
  }
}
