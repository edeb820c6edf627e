import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { NodeAddress } from '@casty/transport'
import { wsTransport } from '@casty/transport-ws'
import { expect, test } from 'vitest'
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
