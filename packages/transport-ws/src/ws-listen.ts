import { once } from 'node:events'
import { listenFailure, type Security } from '@casty/net'
import { NodeAddress, type Channel, type Listener } from '@casty/transport'
import type { ResolvedWsOptions } from './options.ts'
import { ownServer, type OwnServer } from './own-server.ts'
import { upgrader, type UpgradeFailures } from './upgrades.ts'

/** Accepts WebSockets on a server of its own, or on the user's. */
export async function wsListen(
  address: NodeAddress,
  options: ResolvedWsOptions,
  security: Security | undefined,
  accept: (channel: Channel) => void,
  failures: UpgradeFailures,
): Promise<Listener> {
  const own: OwnServer | undefined = options.server ? undefined : ownServer(options, security)
  const server = options.server ?? own?.http
  if (!server) throw new Error('There is a server, the user’s or the own one.')
  const upgrade = upgrader({ options, security, accept, failures, connectionOf: own?.taken })
  server.on('upgrade', upgrade)
  const listening = own?.front ?? server
  try {
    if (own) await own.listen(address)
    else if (!server.listening) await once(server, 'listening')
  } catch (error) {
    server.off('upgrade', upgrade)
    await own?.close()
    throw listenFailure(address, error)
  }
  // From now on an error is an `accept` that failed, for want of a descriptor most often. The system
  // keeps the socket listening: nothing to do but to count.
  own?.front.on('error', failures.failed)
  const bound = listening.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return new WsListener(NodeAddress.of(address.host, port), async () => {
    server.off('upgrade', upgrade)
    await own?.close()
  })
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
