import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { Credentials } from './messages.ts'
import { RawBatch } from './raw-batch.ts'
import { RawReader } from './raw-reader.ts'
import type { OnFrame, Subject } from './subject.ts'

/** The limit with TLS: bare `node:tls`, both ends verified, frames with a 4-byte length, one write per turn. */
export function rawTls(tls: Credentials): Subject {
  const options = { ...tls, minVersion: 'TLSv1.3' } as const
  return {
    async listen(onFrame) {
      const asking = { requestCert: true, rejectUnauthorized: true, noDelay: true }
      const server = createServer({ ...options, ...asking }, (socket) => linkOf(socket, onFrame))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const bound = server.address()
      if (typeof bound !== 'object' || bound === null) throw new Error('The server has no port.')
      return bound.port
    },
    async connect(port, onFrame) {
      const checkServerIdentity = (): undefined => undefined
      const socket = connect({ ...options, port, host: '127.0.0.1', checkServerIdentity })
      socket.setNoDelay(true)
      const link = linkOf(socket, onFrame)
      await once(socket, 'secureConnect')
      return link
    },
  }
}

function linkOf(socket: TLSSocket, onFrame: OnFrame): RawBatch {
  socket.on('error', () => {}) // The other process is stopped while this one still sends.
  const link = new RawBatch({
    write: (bytes) => void socket.write(bytes),
    bufferedBytes: () => socket.writableLength,
  })
  socket.on('drain', () => link.drained())
  const reader = new RawReader((bytes, start, end) => onFrame(link, bytes, start, end))
  socket.on('data', (chunk: Buffer) => reader.read(chunk, chunk.length))
  return link
}
