import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'
import { listenFailure, type Security } from '@casty/net'
import { NodeAddress, type Channel, type Listener } from '@casty/transport'
import type { ResolvedWsOptions } from './options.ts'
import { ownServer } from './own-server.ts'
import { takePath } from './shared-server.ts'
import { refuse, upgrader, type UpgradeFailures, type UpgraderParts } from './upgrades.ts'
import { pathOf } from './url-path.ts'

/** Accepts WebSockets on a server of its own, or on the user's. */
export async function wsListen(
  address: NodeAddress,
  options: ResolvedWsOptions,
  security: Security | undefined,
  accept: (channel: Channel) => void,
  failures: UpgradeFailures,
): Promise<Listener> {
  const parts = { options, security, accept, failures }
  return options.server
    ? await listenOnTheirs(address, options.server, parts)
    : await listenOnOwn(address, parts)
}

/** Its port stays as it is, also once nobody takes WebSockets on it any more. */
async function listenOnTheirs(
  address: NodeAddress,
  server: HttpServer,
  parts: UpgraderParts,
): Promise<Listener> {
  const taken = takePath(server, parts.options.path, upgrader(parts))
  try {
    if (!server.listening) await once(server, 'listening')
  } catch (error) {
    taken[Symbol.dispose]()
    throw listenFailure(address, error)
  }
  return new WsListener(boundAddress(server, address), async () => taken[Symbol.dispose]())
}

/** Answers nothing but WebSockets at the one path. */
async function listenOnOwn(address: NodeAddress, parts: UpgraderParts): Promise<Listener> {
  const { options, security, failures } = parts
  const own = ownServer(options, security, failures.turnedAway)
  const upgrade = upgrader({ ...parts, connectionOf: own.taken })
  own.http.on('upgrade', (request, carrier, head) => {
    if (pathOf(request.url ?? '') === options.path) return upgrade(request, carrier, head)
    failures.refused()
    refuse(carrier, '404 Not Found')
  })
  try {
    await own.listen(address)
  } catch (error) {
    await own.close()
    throw listenFailure(address, error)
  }
  // From now on an error is an `accept` that failed, for want of a descriptor most often. The system
  // keeps the socket listening: nothing to do but to count.
  own.front.on('error', failures.failed)
  return new WsListener(boundAddress(own.front, address), () => own.close())
}

function boundAddress(server: Server, { host, port }: NodeAddress): NodeAddress {
  const bound = server.address()
  return NodeAddress.of(host, typeof bound === 'object' && bound !== null ? bound.port : port)
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
