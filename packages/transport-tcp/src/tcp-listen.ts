import { createServer, type Server, type Socket } from 'node:net'
import { encodeWord, listenFailure, TlsAcceptor, type Security } from '@casty/net'
import { NodeAddress, type Channel, type Listener, type TurnedAway } from '@casty/transport'
import type { ResolvedTcpOptions } from './options.ts'
import { onRead, withPreallocatedReads } from './preallocated-reads.ts'
import { TcpChannel } from './tcp-channel.ts'

/** Told about connections that never became a channel. */
export interface AcceptFailures {
  readonly dropped: () => void
  readonly failed: () => void
  readonly turnedAway?: ((whom: TurnedAway) => void) | undefined
}

/** @param readBuffer - shared by all sockets of the transport */
export function tcpListen(
  address: NodeAddress,
  options: ResolvedTcpOptions,
  readBuffer: Uint8Array,
  security: Security | undefined,
  accept: (channel: Channel) => void,
  failures: AcceptFailures,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: options.keepAliveDelayMs,
      pauseOnConnect: security === undefined, // Nothing is read before the channel is opened.
    })
    const acceptor = security && secureAcceptor(security, options, accept, failures)
    let open = 0
    server.on('connection', (socket) => {
      if (open >= options.maxConnections) {
        failures.dropped()
        socket.destroy()
        return
      }
      open += 1
      const closed = (): void => void (open -= 1)
      if (!acceptor) return accept(acceptedChannel(socket, readBuffer, options.lingerMs, closed))
      socket.once('close', closed)
      acceptor.admit(socket)
    })

    const failed = (error: Error): void => {
      acceptor?.[Symbol.dispose]()
      reject(listenFailure(address, error))
    }
    server.once('error', failed)
    server.once('listening', () => {
      server.removeListener('error', failed)
      // From now on an error is an `accept` that failed, for want of a descriptor most often. The
      // system keeps the socket listening: nothing to do but to count.
      server.on('error', failures.failed)
      resolve(new TcpListener(server, address, acceptor))
    })
    // `exclusive`: inside a `node:cluster` worker the port would silently be shared with others.
    const { host, port } = address
    server.listen({ host, port, backlog: options.backlog, exclusive: true })
  })
}

function acceptedChannel(
  accepted: Socket,
  readBuffer: Uint8Array,
  lingerMs: number,
  closed: () => void,
): TcpChannel {
  const deliver = (bytes: Uint8Array): void => channel.deliver(bytes)
  const adopted = withPreallocatedReads(accepted, onRead(readBuffer, deliver))
  const socket = adopted ?? accepted.on('data', (bytes) => channel.deliverBuffer(bytes))
  socket.once('close', closed)
  const channel = new TcpChannel({ socket, carrier: socket }, lingerMs)
  return channel
}

/** TLS comes first, and then a word to the other end, which waits for it. */
function secureAcceptor(
  security: Security,
  { lingerMs }: ResolvedTcpOptions,
  accept: (channel: Channel) => void,
  { turnedAway }: AcceptFailures,
): TlsAcceptor {
  return new TlsAcceptor({
    security,
    turnedAway,
    farewell: encodeWord,
    accept(connection) {
      const { socket } = connection
      socket.pause()
      const channel = new TcpChannel(connection, lingerMs)
      socket.on('data', (bytes) => channel.deliverBuffer(bytes)).write(encodeWord('trusted'))
      accept(channel)
    },
  })
}

/** Channels it accepted live on: they are their owner's. */
class TcpListener implements Listener {
  readonly address: NodeAddress
  readonly #server: Server
  readonly #acceptor: TlsAcceptor | undefined
  #closing: Promise<void> | undefined

  constructor(server: Server, asked: NodeAddress, acceptor: TlsAcceptor | undefined) {
    this.#server = server
    this.#acceptor = acceptor
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : asked.port
    this.address = NodeAddress.of(asked.host, port)
  }

  /** The port is free once it resolves. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#acceptor?.[Symbol.dispose]()
      // Its callback may wait for accepted connections as well. The listening socket itself is
      // closed by the call, and its handle is gone one turn later.
      this.#server.close()
      setImmediate(resolve)
    })
    return this.#closing
  }
}
