// Tears a connection down while its own end is still being sent. With nothing left to do it exits.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { resetSocket } from '../src/reset.ts'

const server = createServer((socket) => {
  socket.on('error', () => {}).resume()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo // A socket of TCP, and it listens.
const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
socket.on('error', () => {})
await once(socket, 'connect')
socket.end()
resetSocket(socket)
server.close()
