import { once } from 'node:events'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type Server } from 'node:tls'
import { NodeAddress, type Transport } from '@casty/transport'
import { WebSocket, WebSocketServer } from 'ws'
import type { PairFigures } from '../pair.ts'
import type { Credentials } from './messages.ts'

/** So many, one after the other. */
const count = 200

/** Connections of a transport with TLS, one after the other, both ends in this process. */
export async function castyHandshakes(transport: Transport): Promise<PairFigures> {
  const address = NodeAddress.parse('127.0.0.1:0')
  await using listener = await transport.listen(address, (channel) => {
    channel.open({ received() {}, drained() {}, closed() {} })
  })
  return await figuresOf(async () => {
    const channel = await transport.dial(listener.address)
    const closed = new Promise<void>((resolve) => {
      channel.open({ received() {}, drained() {}, closed: () => resolve() })
    })
    channel.close()
    await closed
  })
}

const version = { minVersion: 'TLSv1.3' } as const
const asking = { requestCert: true, rejectUnauthorized: true, noDelay: true }
const checkServerIdentity = (): undefined => undefined

/** The same of bare `node:tls`, both ends verified. */
export async function rawHandshakes(tls: Credentials): Promise<PairFigures> {
  const server = createServer({ ...tls, ...version, ...asking }, (socket) => {
    socket.on('error', () => {}).end('.')
  })
  const port = await portOf(server)
  const figures = await figuresOf(async () => {
    const options = { ...tls, ...version, port, host: '127.0.0.1', checkServerIdentity }
    const socket = connect(options)
    await once(socket, 'data') // The other end has verified this one as well.
    socket.destroy()
    await once(socket, 'close')
  })
  await new Promise((resolve) => server.close(resolve))
  return figures
}

/** The same of bare `ws` over `node:https`. */
export async function rawWsHandshakes(tls: Credentials): Promise<PairFigures> {
  const server = createHttpsServer({ ...tls, ...version, ...asking })
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => socket.on('error', () => {}).send('.'))
  const port = await portOf(server)
  const figures = await figuresOf(async () => {
    const options = { ...tls, ...version, perMessageDeflate: false }
    const socket = new WebSocket(`wss://127.0.0.1:${port}`, options)
    await once(socket, 'message')
    socket.close()
    await once(socket, 'close')
  })
  await new Promise((resolve) => server.close(resolve))
  return figures
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) throw new Error('The server has no port.')
  return bound.port
}

async function figuresOf(handshake: () => Promise<void>): Promise<PairFigures> {
  for (let done = 0; done < count / 4; done++) await handshake()
  const before = process.cpuUsage()
  const startedAt = performance.now()
  for (let done = 0; done < count; done++) await handshake()
  const tookMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(before)
  return { perSecond: (count / tookMs) * 1_000, micros: (user + system) / count }
}
