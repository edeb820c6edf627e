import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { wsTransport } from '@casty/transport-ws'
import { expect, test } from 'vitest'
import { TestAuthority, tlsContract } from '../../../tooling/tls-contract/index.ts'
import { listening, Told } from './support.ts'

tlsContract('wsTransport', (tls) => wsTransport({ ...(tls && { tls }) }))

test("a user's server that asks for certificates carries proven channels, and answers pages besides", async () => {
  const authority = await TestAuthority.create()
  const tls = await authority.issue()
  const asking = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' } as const
  const server = createServer({ ...tls, ...asking }, (_request, response) => response.end('a shop'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const transport = wsTransport({ server, tls })
  await using nodes = await listening(transport)

  const channel = await wsTransport({ tls }).dial(nodes.address)
  const accepted = await nodes.next()
  expect(accepted.proof?.binding).toEqual(channel.proof?.binding)
  expect(accepted.proof?.names).toEqual(['URI:casty://tests/127.0.0.1'])
  const told = new Told(accepted)
  channel.write(new TextEncoder().encode('between nodes'))
  await told.until(({ text }) => text === 'between nodes')
  channel.close()
  accepted.close() // Over a server of the user's, with nothing below it to reset.
  await told.until(({ closes }) => closes.length === 1)

  const theirs = await (await TestAuthority.create('theirs')).issue()
  const stranger = wsTransport({ tls: { ...theirs, ca: theirs.ca + tls.ca } })
  await expect(stranger.dial(nodes.address)).rejects.toMatchObject({
    failure: 'insecure',
    insecurity: { reason: 'untrusted', by: 'peer' },
  })
  expect(transport.counters().insecureConnections.untrusted).toBe(1)
  expect(nodes.turnedAway).toEqual([{ source: '127.0.0.1', reason: 'untrusted' }])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a server in plain text is refused where there is tls', async () => {
  const tls = await (await TestAuthority.create()).issue()
  expect(() => wsTransport({ server: createHttpServer(), tls })).toThrow(
    expect.objectContaining({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringContaining('node:https'),
    }),
  )
})
