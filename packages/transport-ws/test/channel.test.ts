import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NodeAddress } from '@casty/transport'
import { wsTransport } from '@casty/transport-ws'
import { expect, test } from 'vitest'
import { foreignCarrier, foreignSocket, listening, Told } from './support.ts'

/** Frames of a client, as it writes them: a mask of zeroes changes nothing. */
const frames = {
  message: (text: string) =>
    Uint8Array.of(0x82, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)),
  farewell: (code: number) => Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff),
}

test('a text message ends the channel: the bytes of a channel are binary', async () => {
  await using server = await listening(wsTransport())
  const socket = await foreignSocket(server.address)
  const told = new Told(await server.next())
  socket.send('text')
  const [code] = (await once(socket, 'close')) as [number]
  expect(code).toBe(1003)
  await told.until(({ closes }) => closes.length > 0)
  expect([told.closes, told.text]).toEqual([['failed'], ''])
})

test('a message that is too large ends the channel before it is held', async () => {
  await using server = await listening(wsTransport())
  const socket = await foreignSocket(server.address)
  socket.on('error', () => {})
  const told = new Told(await server.next())
  socket.send(new Uint8Array(256 * 1024 + 1))
  const [code] = (await once(socket, 'close')) as [number]
  expect(code).toBe(1009)
  await told.until(({ closes }) => closes.length > 0)
  expect([told.closes, told.text]).toEqual([['failed'], ''])
})

test.each([
  ['a frame that is not masked', Uint8Array.of(0x82, 0x01, 0x00)],
  ['reserved bits, as of compressed frames', Uint8Array.of(0xc2, 0x81, 1, 2, 3, 4, 5)],
  ['an unknown opcode', Uint8Array.of(0x8f, 0x80, 0, 0, 0, 0)],
])('%s ends the channel as failed', async (_what, bytes) => {
  await using server = await listening(wsTransport())
  const carrier = await foreignCarrier(server.address)
  carrier.resume()
  const told = new Told(await server.next())
  carrier.write(bytes)
  await told.until(({ closes }) => closes.length > 0)
  expect(told.closes).toEqual(['failed'])
})

test('a connection that breaks without a farewell is a reset', async () => {
  await using server = await listening(wsTransport())
  const socket = await foreignSocket(server.address)
  const told = new Told(await server.next())
  socket.terminate()
  await told.until(({ closes }) => closes.length > 0)
  expect(told.closes).toEqual(['reset'])
})

test('both ends ping, so that no proxy takes the connection for idle', async () => {
  await using server = await listening(wsTransport({ pingIntervalMs: 100 }))
  const socket = await foreignSocket(server.address)
  const channel = await server.next()
  await once(socket, 'ping')
  channel.close()
  await once(socket, 'close')
})

test('a peer that never answers the farewell is not waited for beyond lingerMs', async () => {
  await using server = await listening(wsTransport({ lingerMs: 50 }))
  const socket = await foreignSocket(server.address)
  socket.pause()
  const channel = await server.next()
  const told = new Told(channel)
  channel.close({ graceful: true })
  await told.until(({ closes }) => closes.length > 0)
  expect(told.closes).toEqual(['local'])
  socket.terminate()
})

test('a peer that ends its connection and reads no more is not waited for beyond lingerMs', async () => {
  await using server = await listening(wsTransport({ lingerMs: 50 }))
  const carrier = await foreignCarrier(server.address)
  const channel = await server.next()
  const told = new Told(channel)
  while (channel.write(new Uint8Array(1_048_576)));
  carrier.pause().end()
  await told.until(({ closes }) => closes.length > 0)
  expect(told.closes).toEqual(['reset'])
  carrier.destroy()
})

test('a server that speaks HTTP alone is unreachable, and says so', async () => {
  const http = createServer((_request, response) => response.writeHead(502).end())
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  await expect(wsTransport().dial(NodeAddress.of('127.0.0.1', port))).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_DIAL_FAILED',
    failure: 'unreachable',
    cause: { message: expect.stringContaining('502') },
  })
  http.close()
})

test.each([
  ['ended', 1000],
  ['failed', 1011],
] as const)(
  'who pauses gets what came before the end (%s) one by one, and then the end',
  async (reason, code) => {
    await using server = await listening(wsTransport())
    const carrier = await foreignCarrier(server.address)
    const channel = await server.next()
    const told = new Told(channel, () => channel.pause())
    const messages = ['a', 'b', 'c'].map(frames.message)
    carrier.end(Buffer.concat([...messages, frames.farewell(code)]))
    carrier.resume()
    await once(carrier, 'close') // The other end has let go as well by then.
    for (const text of ['a', 'ab']) {
      expect([told.text, told.closes]).toEqual([text, []])
      channel.resume()
    }
    await told.until(({ closes }) => closes.length > 0)
    expect([told.text, told.closes]).toEqual(['abc', [reason]])
  },
)
