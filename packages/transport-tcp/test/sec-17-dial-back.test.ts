// SEC-17 over real sockets: whoever dials is found at the address that it gives, or refused.
import { createServer } from 'node:net'
import type { EndpointOptions } from '@casty/transport'
import { expect, test } from 'vitest'
import { Node } from './nodes.ts'
import { listenOn } from './support.ts'

const careful: Partial<EndpointOptions> = { admit: () => ({ type: 'dial-back' }) }

test('a node is dialled back before it is believed, and keeps the connection that it made', async () => {
  await using alice = await Node.start(careful)
  await using bob = await Node.start(careful)
  await bob.endpoint.connect(alice.self.address)
  bob.send(alice.self, 'from bob')
  alice.send(bob.self, 'from alice')
  await alice.until(() => alice.notes.length === 1)
  await bob.until(() => bob.notes.length === 1)
  expect(alice.endpoint.counters()).toMatchObject({ dialsStarted: 1, connectionsOpened: 1 })
  expect(bob.endpoint.counters()).toMatchObject({ dialsStarted: 1, connectionsOpened: 1 })
})

test('nobody takes the address of another, who notices nothing', async () => {
  await using alice = await Node.start(careful)
  await using carol = await Node.start()
  await carol.endpoint.connect(alice.self.address)
  const { host, port } = carol.self.address
  await using liar = await Node.start({ advertised: { host, port } })
  expect(liar.self.incarnation).toBeGreaterThan(carol.self.incarnation)
  await expect(liar.endpoint.connect(alice.self.address)).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_REFUSED',
    refusal: {
      reason: 'unreachable-address',
      detail: expect.stringContaining(`${liar.self} was dialled, ${carol.self} answers`),
    },
  })
  carol.send(alice.self, 'still here')
  await alice.until(() => alice.notes.length === 1)
  expect(carol.events.map(({ type }) => type)).toEqual(['lane-opened'])
})

test('where nobody listens, or what does never answers, the joiner is told so in time', async () => {
  await using silent = createServer(() => {})
  const hung = await listenOn(silent)
  const sockets = new Set<{ destroy(): unknown }>()
  silent.on('connection', (socket) => sockets.add(socket))
  await using gone = await Node.start()
  const free = gone.self.address
  await gone[Symbol.asyncDispose]()
  await using alice = await Node.start({ ...careful, limits: { handshakeTimeoutMs: 400 } })
  for (const [{ host, port }, what] of [
    [free, 'nobody listens there'],
    [hung, 'no answer came in time'],
  ] as const) {
    await using bob = await Node.start({ advertised: { host, port } })
    await expect(bob.endpoint.connect(alice.self.address)).rejects.toMatchObject({
      refusal: { reason: 'unreachable-address', detail: expect.stringContaining(what) },
    })
  }
  expect(alice.endpoint.explain().associations).toEqual([])
  for (const socket of sockets) socket.destroy()
})
