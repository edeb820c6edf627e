// Opens thousands of connections to the addresses that it is given, says a byte on each now and then, and reports how
// many came about and ended once all have ended. For a test that watches what that does to the nodes at the other end.
import { connect, type Socket } from 'node:net'

const [count = 0, ...ports] = process.argv.slice(2).map(Number)
/** As casty's connections begin. Of more than the first few bytes none gets to say. */
const magic = Uint8Array.of(0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d)
const atOnce = 250
const everyMs = 100
const sockets = new Set<Socket>()
const said = new WeakMap<Socket, number>()
let opened = 0
let started = 0
let ended = 0

function start(): void {
  const port = ports[started++ % ports.length] ?? 0
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('connect', () => {
    opened++
    sockets.add(socket)
  })
  socket.on('error', () => {}) // Reset, as one of too many.
  socket.resume()
  socket.on('close', () => {
    sockets.delete(socket)
    ended++
    if (ended === count) process.send?.({ opened, ended }, () => process.disconnect())
  })
}

const timer = setInterval(() => {
  for (let more = 0; more < atOnce && started < count; more++) start()
  for (const socket of sockets) {
    const at = said.get(socket) ?? 0
    const byte = magic[at]
    said.set(socket, at + 1)
    if (byte !== undefined && socket.writable) socket.write(Uint8Array.of(byte))
  }
}, everyMs)
process.on('disconnect', () => {
  clearInterval(timer)
  for (const socket of sockets) socket.destroy()
})
