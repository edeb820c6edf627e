import { once } from 'node:events'
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net'
import { connect, createServer, type ConnectionOptions, type TlsOptions } from 'node:tls'
import type {
  InsecurityCounters,
  TlsOptions as CastyTlsOptions,
} from '../../packages/net/src/index.ts'
import { NodeAddress, type Channel, type Transport } from '../../packages/transport/src/index.ts'

/** A transport under test. */
export interface TlsTransport extends Transport {
  counters(): { readonly insecureConnections: InsecurityCounters }
  reloadCertificates(): boolean
}

/** Makes one; without `tls` it is in plain text. */
export type CreateTransport = (tls?: CastyTlsOptions) => TlsTransport

export const loopback: NodeAddress = NodeAddress.parse('127.0.0.1:0')

/** A listener with the channels that it accepted. */
export async function listening(transport: TlsTransport) {
  const accepted: Channel[] = []
  const listener = await transport.listen(loopback, (channel) => {
    accepted.push(channel)
    channel.open({ received() {}, drained() {}, closed() {} })
  })
  return {
    address: listener.address,
    accepted,
    /** What it turned away so far, by why; those of which there were none are left out. */
    get refused(): Readonly<Record<string, number>> {
      const counts = Object.entries(transport.counters().insecureConnections)
      return Object.fromEntries(counts.filter(([, count]) => count > 0))
    },
    async [Symbol.asyncDispose]() {
      for (const channel of accepted) channel.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** A server that knows nothing of casty. */
export async function foreignServer(options: TlsOptions) {
  const server = createServer({ requestCert: true, rejectUnauthorized: false, ...options })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})))
  server.on('secureConnection', (socket) => socket.on('error', () => {}).resume())
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // It listens on a port.
  return {
    address: NodeAddress.of('127.0.0.1', port),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Connects as somebody who knows nothing of casty, and brings the session that may be resumed. */
export async function foreignSession({ port }: NodeAddress, options: ConnectionOptions) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve))
  socket.on('error', () => {}).resume()
  const brought = await session
  socket.destroy()
  return brought
}

/** Dials as somebody who knows nothing of casty, and waits until the other end has closed. */
export async function foreignDial({ port }: NodeAddress, options: ConnectionOptions) {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  return await heardUntilClosed(socket, () => {})
}

/** The same without TLS: says something, and waits until the other end has closed. */
export async function plainDial({ port }: NodeAddress, words: string | Uint8Array) {
  const socket = connectPlain(port, '127.0.0.1')
  return await heardUntilClosed(socket, () => socket.write(words))
}

async function heardUntilClosed(socket: Socket, begin: () => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (bytes: Buffer) => chunks.push(bytes)).on('error', () => {})
  begin()
  // Not `once`: an error before it is one way to close.
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks)
}
