import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { NodeAddress } from '@casty/transport'
import { wsTransport } from '@casty/transport-ws'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { foreignSocket, listening, loopback, plainRequest, refusal, Told } from './support.ts'

test('a server of its own refuses everything but WebSockets at its path', async () => {
  const transport = wsTransport()
  await using server = await listening(transport)
  expect((await plainRequest(server.address, '/casty')).statusCode).toBe(426)
  expect(await refusal(server.address, { path: '/other' })).toContain('404')
  expect(transport.counters()).toMatchObject({ droppedConnections: 0, refusedUpgrades: 1 })
})

test('pages may connect from origins that are allowed, and from no others', async () => {
  const transport = wsTransport({ allowedOrigins: ['https://shop.example'] })
  await using server = await listening(transport)
  const from = (origin: string) => ({ headers: { origin } })
  expect(await refusal(server.address, from('https://evil.example'))).toContain('403')
  const page = await foreignSocket(server.address, from('https://shop.example'))
  const channel = await server.next()
  channel.close()
  await once(page, 'close')
  expect(transport.counters().refusedUpgrades).toBe(1)
})

test('WebSockets beyond maxConnections are refused and counted, until there is room again', async () => {
  const transport = wsTransport({ maxConnections: 1 })
  await using server = await listening(transport)
  const first = await foreignSocket(server.address)
  const told = new Told(await server.next())
  expect(await refusal(server.address)).toContain('503')
  expect(transport.counters().droppedConnections).toBe(1)
  first.terminate()
  await told.until(({ closes }) => closes.length > 0)
  const second = await foreignSocket(server.address)
  const channel = await server.next()
  channel.close()
  await once(second, 'close')
})

test("the user's server goes on with what is not at the path", async () => {
  const http = createServer((_request, response) => response.end('a shop'))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const transport = wsTransport({ server: http, path: '/cluster' })
  const server = await listening(transport)
  expect(server.address.port).toBeGreaterThan(0)
  const channel = await wsTransport({ path: '/cluster' }).dial(server.address)
  const told = new Told(await server.next())
  channel.write(new TextEncoder().encode('between nodes'))
  await told.until(({ text }) => text === 'between nodes')
  expect((await plainRequest(server.address, '/')).statusCode).toBe(200)
  await server[Symbol.asyncDispose]()
  expect(http.listening).toBe(true)
  channel.close()
  await new Promise((resolve) => http.close(resolve))
})

describe("on a user's server", () => {
  /** What it answers to a request for another protocol, or that the connection ended. */
  async function requested(port: number, path: string, protocol: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (bytes) => chunks.push(bytes))
    const headers = `Host: shop.example\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    socket.write(`GET ${path} HTTP/1.1\r\n${headers}${key}\r\n`)
    await once(socket, 'close')
    return Buffer.concat(chunks).toString()
  }

  async function shopServer() {
    const http = createServer((_request, response) => response.end('a shop'))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo // It listens on a port.
    return {
      http,
      port,
      async [Symbol.asyncDispose]() {
        http.closeAllConnections()
        await new Promise((resolve) => http.close(resolve))
      },
    }
  }

  test.each(['websocket', 'h2c'])(
    'an upgrade to %s that nobody takes is answered as any request',
    async (protocol) => {
      await using shop = await shopServer()
      await using _nodes = await listening(wsTransport({ server: shop.http, path: '/cluster' }))
      const answer = await requested(shop.port, '/chat', protocol)
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(answer).toMatch(/connection: close/i)
      expect(answer).toMatch(/a shop/)
    },
  )

  test('upgrades at other paths are left to who listens for them', async () => {
    await using shop = await shopServer()
    const chats = new WebSocketServer({ noServer: true })
    shop.http.on('upgrade', (request, carrier, head) => {
      if (request.url !== '/chat') return
      chats.handleUpgrade(request, carrier, head, (socket) => socket.send('a chat'))
    })
    await using nodes = await listening(wsTransport({ server: shop.http, path: '/cluster' }))
    const chat = new WebSocket(`ws://127.0.0.1:${shop.port}/chat`)
    const [message] = (await once(chat, 'message')) as [Buffer]
    expect(String(message)).toBe('a chat')
    chat.terminate()
    const channel = await wsTransport({ path: '/cluster' }).dial(nodes.address)
    channel.close()
  })

  test('one that asks for an upgrade at a path of nobody and breaks off ends no process', async () => {
    await using shop = await shopServer()
    shop.http.on('upgrade', () => {}) // Takes none of them.
    await using _nodes = await listening(wsTransport({ server: shop.http, path: '/cluster' }))
    const asked = once(shop.http, 'upgrade') as Promise<[unknown, Socket]>
    const stranger = connect(shop.port, '127.0.0.1')
    stranger.write(
      'GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nHost: x\r\n\r\n',
    )
    const [, carrier] = await asked
    const ended = new Promise((resolve) => carrier.once('close', resolve))
    stranger.resetAndDestroy()
    await ended // With an error that nobody listens for, the test would have failed.
  })

  test('two clusters have a path each, and no path twice', async () => {
    await using shop = await shopServer()
    const { http: server } = shop
    await using one = await listening(wsTransport({ server, path: '/one' }))
    await using two = await listening(wsTransport({ server, path: '/two' }))
    for (const [path, nodes] of [
      ['/one', one],
      ['/two', two],
    ] as const) {
      const channel = await wsTransport({ path }).dial(nodes.address)
      expect((await nodes.next()).source).toBe('127.0.0.1')
      channel.close()
    }
    await expect(listening(wsTransport({ server, path: '/two' }))).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringContaining('/two'),
    })
    expect(await requested(shop.port, '/three', 'websocket')).toContain('a shop')
    await two[Symbol.asyncDispose]()
    await using again = await listening(wsTransport({ server, path: '/two' }))
    expect(again.address.port).toBe(shop.port)
  })
})

test("a user's server that does not listen yet is waited for", async () => {
  const http = createServer()
  const server = listening(wsTransport({ server: http }), NodeAddress.parse('node.example:0'))
  http.listen(0, '127.0.0.1')
  await using bound = await server
  expect(bound.address.host).toBe('node.example')
  expect(bound.address.port).toBeGreaterThan(0)
  http.close()
})

test('limits count by what a proxy says, where the user says how', async () => {
  const sourceOf = (request: { headers: NodeJS.Dict<string | string[]> }): string =>
    String(request.headers['x-forwarded-for'])
  await using server = await listening(wsTransport({ sourceOf }))
  const socket = await foreignSocket(server.address, { headers: { 'x-forwarded-for': '10.1.2.3' } })
  const channel = await server.next()
  expect(channel.source).toBe('10.1.2.3')
  channel.close()
  await once(socket, 'close')
})

test('a connection that asks for nothing is closed after upgradeTimeoutMs', async () => {
  await using server = await listening(wsTransport({ upgradeTimeoutMs: 100 }))
  const { host, port } = server.address
  const silent = connect(port, host)
  silent.resume()
  await once(silent, 'close')
  expect(server.accepted).toEqual([])
})

test.each([
  [{ path: 'casty' }, 'path'],
  [{ allowedOrigins: ['shop.example'] }, 'allowedOrigins'],
  [{ pingIntervalMs: 1 }, 'pingIntervalMs'],
  [{ paht: '/x' }, 'paht'],
])('refuses %o', (options, name) => {
  const given: object = options // As of a user without types.
  expect(() => wsTransport(given)).toThrow(
    expect.objectContaining({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringContaining(name),
    }),
  )
})

test('listens again where it listened before', async () => {
  const first = await listening(wsTransport(), loopback)
  await first[Symbol.asyncDispose]()
  await using second = await listening(wsTransport(), first.address)
  expect(second.address.equals(first.address)).toBe(true)
})
