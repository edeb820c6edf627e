import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { seededRandom } from '@casty/clock'
import type { NodeAddress } from '@casty/transport'
import { Node } from './nodes.ts'

test('an HTTP request to the port is answered by a close', async () => {
  await using node = await Node.start()
  const { host, port } = node.self.address
  const asking = request({ host, port, path: '/' }).end()
  const [error] = await once(asking, 'error').catch((raised: unknown) => [raised])
  expect(error).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  expect(node.endpoint.counters().handshakesFailed.garbage).toBe(1)
})

test('a TLS hello to the port is answered by a close', async () => {
  await using node = await Node.start()
  const { host, port } = node.self.address
  const socket = connectTls({ host, port, rejectUnauthorized: false })
  const [error] = await once(socket, 'error').catch((raised: unknown) => [raised])
  expect(error).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  expect(node.endpoint.counters().handshakesFailed.garbage).toBe(1)
})

test('eight bytes that are not the magic are enough to be closed', async () => {
  await using node = await Node.start()
  const socket = await dial(node.self.address)
  socket.write('SSH-2.0-')
  await once(socket, 'close')
  expect(node.endpoint.explain().pendingHandshakes).toBe(0)
})

test('garbage on a hundred connections disturbs nobody', async () => {
  await using alice = await Node.start()
  await using bob = await Node.start()
  await alice.endpoint.connect(bob.self.address)
  const random = seededRandom(7)
  for (let count = 0; count < 100; count++) {
    const socket = await dial(bob.self.address)
    const bytes = Buffer.alloc(1 + Math.floor(random() * 5_000))
    for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random() * 256)
    socket.end(bytes)
    await once(socket, 'close')
  }
  alice.send(bob.self, 'still here')
  await bob.until(() => bob.notes.length === 1)
  expect(bob.notes).toEqual(['still here'])
  expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
})

test('connections that never say a word are closed in time, and few are waited for', async () => {
  await using node = await Node.start({
    limits: {
      handshakeTimeoutMs: 200,
      maxPendingHandshakes: 50,
      maxPendingHandshakesPerSource: 40,
    },
  })
  const sockets = await Promise.all(Array.from({ length: 200 }, () => dial(node.self.address)))
  await Promise.all(sockets.filter(({ closed }) => !closed).map((socket) => once(socket, 'close')))
  const { handshakesFailed } = node.endpoint.counters()
  // Where the dials took longer than a handshake may, room was made for some of the later ones.
  expect(handshakesFailed.timeout).toBeGreaterThanOrEqual(40)
  expect(handshakesFailed.busy).toBeGreaterThan(0)
  expect(handshakesFailed.timeout + handshakesFailed.busy).toBe(200)

  await using late = await Node.start()
  expect((await late.endpoint.connect(node.self.address)).key).toBe(node.self.key)
})

test('a length of four gigabytes is refused before a byte of it is kept', async () => {
  await using node = await Node.start()
  const socket = await dial(node.self.address)
  const magic = Buffer.from([0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d, 0x0a, 0, 1, 0, 1])
  socket.write(Buffer.concat([magic, Buffer.from([0xff, 0xff, 0xff, 0xff, 1])]))
  await once(socket, 'close')
  expect(node.endpoint.counters().handshakesFailed.garbage).toBe(1)
})

async function dial({ host, port }: NodeAddress): Promise<Socket> {
  const socket = connect(port, host).on('error', () => {})
  await once(socket, 'connect')
  return socket.resume()
}
