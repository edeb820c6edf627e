import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import type { Credentials } from './messages.ts'
import { RawBatch } from './raw-batch.ts'
import { RawReader } from './raw-reader.ts'
import type { OnFrame, Subject } from './subject.ts'

const bare = { perMessageDeflate: false } as const
const binary = { binary: true, compress: false } as const

/**
 * The limit over WebSocket: bare `ws`, frames with a 4-byte length, one binary message per turn; with TLS over `node:https`, both
 * ends verified.
 */
export function rawWs(tls?: Credentials): Subject {
  const version = { minVersion: 'TLSv1.3' } as const
  return {
    async listen(onFrame) {
      const asking = { requestCert: true, rejectUnauthorized: true, noDelay: true }
      const server = tls ? createTlsServer({ ...tls, ...version, ...asking }) : createServer()
      const sockets = new WebSocketServer({ ...bare, server })
      sockets.on('connection', (socket, request) => void linkOf(socket, request.socket, onFrame))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const bound = server.address()
      if (typeof bound !== 'object' || bound === null) throw new Error('The server has no port.')
      return bound.port
    },
    connect(port, onFrame) {
      return new Promise((resolve, reject) => {
        const options = { ...bare, ...(tls && { ...tls, ...version }) }
        const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}`, options)
        socket.once('error', reject)
        socket.once('upgrade', (response) => {
          const link = linkOf(socket, response.socket, onFrame)
          socket.once('open', () => resolve(link))
        })
      })
    },
  }
}

function linkOf(socket: WebSocket, carrier: Socket, onFrame: OnFrame): RawBatch {
  socket.on('error', () => {}) // The other process is stopped while this one still sends.
  const link = new RawBatch({
    write: (bytes) => socket.send(bytes, binary),
    bufferedBytes: () => socket.bufferedAmount,
  })
  carrier.on('drain', () => link.drained())
  const reader = new RawReader((bytes, start, end) => onFrame(link, bytes, start, end))
  socket.on('message', (data) => {
    // Messages are whole buffers unless a WebSocket was told otherwise.
    if (Buffer.isBuffer(data)) reader.read(data, data.length)
  })
  return link
}
