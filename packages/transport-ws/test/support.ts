import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  NodeAddress,
  type Channel,
  type ChannelCloseReason,
  type Transport,
  type TurnedAway,
} from '@casty/transport'
import { WebSocket } from 'ws'

export const loopback: NodeAddress = NodeAddress.parse('127.0.0.1:0')

/** What a channel delivers, for a test to wait for. */
export class Told {
  readonly closes: ChannelCloseReason[] = []
  text = ''
  readonly #waiting = new Set<() => void>()

  /** @param onReceived - called within each delivery */
  constructor(channel: Channel, onReceived: () => void = () => {}) {
    const check = (): void => {
      for (const waiting of this.#waiting) waiting()
    }
    channel.open({
      received: (bytes) => {
        this.text += new TextDecoder().decode(bytes)
        onReceived()
        check()
      },
      drained: check,
      closed: (reason) => {
        this.closes.push(reason)
        check()
      },
    })
  }

  async until(holds: (told: this) => boolean): Promise<this> {
    while (!holds(this)) {
      await new Promise<void>((resolve) => {
        const waiting = (): void => {
          this.#waiting.delete(waiting)
          resolve()
        }
        this.#waiting.add(waiting)
      })
    }
    return this
  }
}

/** A listener, and the channels that it accepted. */
export async function listening(transport: Transport, address: NodeAddress = loopback) {
  const accepted: Channel[] = []
  let wake = (): void => {}
  const turnedAway: TurnedAway[] = []
  const accept = (channel: Channel): void => {
    accepted.push(channel)
    wake()
  }
  const listener = await transport.listen(address, accept, (whom) => turnedAway.push(whom))
  return {
    address: listener.address,
    accepted,
    turnedAway,
    async next(): Promise<Channel> {
      const [channel] = accepted.splice(0, 1)
      if (channel) return channel
      await new Promise<void>((resolve) => (wake = resolve))
      return await this.next()
    },
    async [Symbol.asyncDispose]() {
      for (const channel of accepted) channel.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** A WebSocket that knows nothing of casty. */
export async function foreignSocket(
  { port }: NodeAddress,
  { path = '/casty', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  await once(socket, 'open')
  return socket
}

/** What such a WebSocket is on, with nobody who speaks its frames. */
export async function foreignCarrier({ host, port }: NodeAddress): Promise<Socket> {
  const upgrade = request({
    host,
    port,
    path: '/casty',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  })
  upgrade.end()
  const [, carrier] = (await once(upgrade, 'upgrade')) as [unknown, Socket]
  return carrier.on('error', () => {})
}

/** What an HTTP server answers to a request for a WebSocket that it refuses. */
export async function refusal(
  address: NodeAddress,
  options: { path?: string; headers?: Record<string, string> } = {},
): Promise<string> {
  return await foreignSocket(address, options).then(
    () => 'accepted',
    (error: Error) => error.message,
  )
}

/** What it answers to a plain request. */
export async function plainRequest({ port }: NodeAddress, path: string): Promise<IncomingMessage> {
  const sent = request({ host: '127.0.0.1', port, path }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  return response
}
