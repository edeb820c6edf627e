import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import { NodeAddress } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import type { Credentials } from './messages.ts'

/** So many, one after the other. */
const count = 200

/** Connections of the transport with TLS per second, one after the other, both ends in this process. */
export async function castyHandshakes(tls: Credentials): Promise<number> {
  const transport = tcpTransport({ tls })
  const address = NodeAddress.parse('127.0.0.1:0')
  await using listener = await transport.listen(address, (channel) => {
    channel.open({ received() {}, drained() {}, closed() {} })
  })
  return await perSecond(async () => {
    const channel = await transport.dial(listener.address)
    const closed = new Promise<void>((resolve) => {
      channel.open({ received() {}, drained() {}, closed: () => resolve() })
    })
    channel.close()
    await closed
  })
}

/** The same of bare `node:tls`, both ends verified. */
export async function rawHandshakes(tls: Credentials): Promise<number> {
  const options = { ...tls, minVersion: 'TLSv1.3' } as const
  const asking = { requestCert: true, rejectUnauthorized: true, noDelay: true }
  const server = createServer({ ...options, ...asking }, (socket) => {
    socket.on('error', () => {}).end('.')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) throw new Error('The server has no port.')
  const { port } = bound
  const checkServerIdentity = (): undefined => undefined
  const speed = await perSecond(async () => {
    const socket = connect({ ...options, port, host: '127.0.0.1', checkServerIdentity })
    await once(socket, 'data') // The other end has verified this one as well.
    socket.destroy()
    await once(socket, 'close')
  })
  await new Promise((resolve) => server.close(resolve))
  return speed
}

async function perSecond(handshake: () => Promise<void>): Promise<number> {
  for (let done = 0; done < count / 4; done++) await handshake()
  const startedAt = performance.now()
  for (let done = 0; done < count; done++) await handshake()
  return (count / (performance.now() - startedAt)) * 1_000
}
