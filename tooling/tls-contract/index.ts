import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../../packages/cert/src/index.ts'
import { NodeAddress } from '../../packages/transport/src/index.ts'
import { TestAuthority, type TestCredentials } from './certificates.ts'
import { lapseContract } from './lapse.ts'
import { nodeContract } from './nodes.ts'
import { reloadContract } from './reload.ts'
import {
  foreignDial,
  foreignServer,
  foreignSession,
  listening,
  plainDial,
  type CreateTransport,
} from './world.ts'

export { TestAuthority, type TestCredentials } from './certificates.ts'
export type { CreateTransport, TlsTransport } from './world.ts'

const dayMs = 86_400_000

/** Who connects with whom, and who must not. */
export function tlsContract(name: string, create: CreateTransport): void {
  nodeContract(name, create)
  reloadContract(name, create)
  lapseContract(name, create)
  describe(`${name} with TLS`, () => {
    let ours: TestAuthority
    let theirs: TestAuthority
    let good: TestCredentials
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)

    beforeAll(async () => {
      process.on('uncaughtExceptionMonitor', note)
      ours = await TestAuthority.create('ours')
      theirs = await TestAuthority.create('theirs')
      good = await ours.issue()
    })
    afterAll(() => {
      process.off('uncaughtExceptionMonitor', note)
      expect(unhandled).toEqual([])
    })

    test('two ends of one authority connect, and know each other', async () => {
      await using server = await listening(create(good))
      const other = await ours.issue({ names: ['DNS:B.example', 'IP:::1'] })
      const channel = await create(other).dial(server.address)
      await expect.poll(() => server.accepted.length).toBe(1)
      const [accepted] = server.accepted
      expect(accepted?.proof?.names).toEqual([
        'URI:casty://tests/127.0.0.1',
        'DNS:b.example',
        'IP:::1',
      ])
      expect(channel.proof?.names).toEqual(['URI:casty://tests/127.0.0.1'])
      expect(accepted?.proof?.fingerprint).toMatch(/^[0-9a-f]{64}$/)
      expect(accepted?.proof?.expiresAt).toBeGreaterThan(Date.now())
      expect(channel.proof?.binding).toHaveLength(32)
      expect(channel.proof?.binding).toEqual(accepted?.proof?.binding)
      expect(create(good).security).toBe('mutual-tls')
      channel.close()
    })

    test('what binds a proof to a connection is another one each time', async () => {
      await using server = await listening(create(good))
      const transport = create(good)
      const first = await transport.dial(server.address)
      const second = await transport.dial(server.address)
      expect(first.proof?.binding).not.toEqual(second.proof?.binding)
      first.close()
      second.close()
    })

    describe('refuses an end that it dials', () => {
      const cases = {
        'of another authority': ['untrusted', () => theirs.issue()],
        'whose certificate has expired': [
          'expired',
          () => ours.issue({ validFrom: new Date(Date.now() - 2 * dayMs) }),
        ],
        'whose certificate is not valid yet': [
          'not-yet-valid',
          () => ours.issue({ validFrom: new Date(Date.now() + dayMs) }),
        ],
        'that signed its own certificate': [
          'untrusted',
          async () => ({ ...(await createAuthority({ name: 'itself' })) }),
        ],
      } as const
      test.each(Object.entries(cases))('%s', async (_what, [reason, shown]) => {
        await using server = await foreignServer({ ...(await shown()), minVersion: 'TLSv1.3' })
        await expect(create(good).dial(server.address)).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_DIAL_FAILED',
          failure: 'insecure',
          insecurity: { reason, by: 'us', detail: expect.stringContaining('127.0.0.1') },
        })
      })

      test('that speaks TLS 1.2 alone', async () => {
        await using server = await foreignServer({
          ...good,
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.2',
        })
        await expect(create(good).dial(server.address)).rejects.toMatchObject({
          failure: 'insecure',
          insecurity: { reason: 'protocol' },
        })
      })

      test('that is on no list', async () => {
        await using server = await listening(create(good))
        const transport = create({ ...good, allow: ['URI:casty://tests/10.0.0.1'] })
        await expect(transport.dial(server.address)).rejects.toMatchObject({
          failure: 'insecure',
          insecurity: { reason: 'not-allowed', by: 'us' },
        })
      })

      test('that speaks no TLS, whether it answers or hangs up', async () => {
        const server = createServer((socket) => {
          socket.on('error', () => {})
          socket.once('data', () => (talks ? socket.end('hello') : socket.destroy()))
        })
        let talks = true
        server.listen(0, '127.0.0.1')
        await once(server, 'listening')
        const bound = server.address()
        if (typeof bound !== 'object' || bound === null) throw new Error('It does not listen.')
        const address = NodeAddress.of('127.0.0.1', bound.port)
        const transport = create(good)
        await expect(transport.dial(address)).rejects.toMatchObject({
          failure: 'insecure',
          insecurity: { reason: 'plaintext', by: 'us' },
        })
        talks = false
        await expect(transport.dial(address)).rejects.toMatchObject({
          failure: 'insecure',
          insecurity: { reason: 'ended', by: 'peer' },
        })
        await new Promise((resolve) => server.close(resolve))
      })
    })

    describe('refuses an end that dials it', () => {
      const cases = {
        'of another authority': ['untrusted', () => theirs.issue()],
        'whose certificate has expired': [
          'expired',
          () => ours.issue({ validFrom: new Date(Date.now() - 2 * dayMs) }),
        ],
        'whose certificate is not valid yet': [
          'not-yet-valid',
          () => ours.issue({ validFrom: new Date(Date.now() + dayMs) }),
        ],
        'that signed its own certificate': [
          'untrusted',
          async () => ({ ...(await createAuthority({ name: 'itself' })) }),
        ],
        'without a certificate': ['no-certificate', () => Promise.resolve({})],
        'that speaks TLS 1.2 alone': [
          'protocol',
          () => Promise.resolve({ ...good, maxVersion: 'TLSv1.2' as const }),
        ],
      } as const
      test.each(Object.entries(cases))('%s', async (_what, [reason, shown]) => {
        await using server = await listening(create(good))
        await foreignDial(server.address, { minVersion: 'TLSv1.2', ...(await shown()) })
        expect(server.refused).toEqual({ [reason]: 1 })
        expect(server.accepted).toEqual([])
      })

      test('and tells it why', async () => {
        // It trusts both authorities, and is itself of the one that the other end does not.
        const stranger = { ...(await theirs.issue()), ca: theirs.ca + ours.ca }
        await using server = await listening(create(good))
        await expect(create(stranger).dial(server.address)).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_DIAL_FAILED',
          failure: 'insecure',
          insecurity: { reason: 'untrusted', by: 'peer' },
          message: expect.stringContaining("this node's certificate"),
        })
        expect(server.refused).toEqual({ untrusted: 1 })
      })

      test('that is on no list', async () => {
        const allow = ['URI:casty://tests/10.0.0.1']
        await using server = await listening(create({ ...good, allow }))
        await expect(create(good).dial(server.address)).rejects.toMatchObject({
          insecurity: { reason: 'not-allowed', by: 'peer' },
        })
        expect(server.refused).toEqual({ 'not-allowed': 1 })
      })

      test('in plain text, at once', async () => {
        await using server = await listening(create(good))
        await plainDial(server.address, Buffer.from([0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 13, 10]))
        await plainDial(server.address, 'GET / HTTP/1.1\r\n\r\n')
        expect(server.refused).toEqual({ plaintext: 2 })
        expect(server.accepted).toEqual([])
      })

      test('with a session of before, of which nobody asks for a certificate again', async () => {
        await using server = await listening(create(good))
        const session = await foreignSession(server.address, good)
        await foreignDial(server.address, { ca: ours.ca, session })
        expect(server.refused).toEqual({ 'no-certificate': 1 })
      })
    })

    test('one that says nothing is waited for no longer than handshakeTimeoutMs', async () => {
      await using server = await listening(create({ ...good, handshakeTimeoutMs: 100 }))
      await plainDial(server.address, '')
      expect(server.refused).toEqual({ timeout: 1 })
    })

    test('connections that prove nothing are few', async () => {
      const bounds = { maxPendingHandshakes: 3, maxPendingHandshakesPerSource: 2 }
      await using server = await listening(create({ ...good, ...bounds, handshakeTimeoutMs: 300 }))
      await Promise.all([1, 2, 3].map(() => plainDial(server.address, '')))
      expect(server.refused).toEqual({ busy: 1, timeout: 2 })
      const channel = await create(good).dial(server.address)
      channel.close()
    })
  })
}
