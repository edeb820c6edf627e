import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { RawBatch } from './raw-batch.ts'
import { RawReader } from './raw-reader.ts'
import type { OnFrame, Subject } from './subject.ts'

/**
 * The limit: bare `node:net`, frames with a 4-byte length, one write per turn, reads into one buffer
 * where Node offers that. No types, no bounds, no handshake, no reconnection.
 */
export const raw: Subject = {
  async listen(onFrame) {
    const server = createServer({ noDelay: true }, (socket) => {
      const { reader } = linkOf(socket, onFrame)
      socket.on('data', (chunk) => reader.read(chunk, chunk.length))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const bound = server.address()
    if (typeof bound !== 'object' || bound === null) throw new Error('The server has no port.')
    return bound.port
  },
  async connect(port, onFrame) {
    const buffer = Buffer.allocUnsafeSlow(65_536)
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback(length) {
          ends.reader.read(buffer, length)
          return true
        },
      },
    })
    const ends = linkOf(socket, onFrame)
    await once(socket, 'connect')
    return ends.link
  },
}

function linkOf(socket: Socket, onFrame: OnFrame) {
  socket.on('error', () => {}) // The other process is stopped while this one still sends.
  const link = new RawBatch({
    write: (bytes) => void socket.write(bytes),
    bufferedBytes: () => socket.writableLength,
  })
  socket.on('drain', () => link.drained())
  const reader = new RawReader((bytes, start, end) => onFrame(link, bytes, start, end))
  return { link, reader }
}
