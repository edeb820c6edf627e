import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../packages/clock/src/index.ts'
import { Endpoint, NodeAddress, type EndpointOptions } from '../../packages/transport/src/index.ts'
import { TestAuthority, type TestCredentials } from './certificates.ts'
import { foreignDial, loopback, plainDial, type CreateTransport } from './world.ts'

let incarnations = 0

/** An endpoint of the cluster `tests`. */
export async function startNode(
  transport: EndpointOptions['transport'],
  options: Partial<EndpointOptions> = {},
): Promise<Endpoint> {
  return await Endpoint.start({
    transport,
    clock: systemClock,
    address: loopback,
    incarnation: ++incarnations,
    clusterName: 'tests',
    ...options,
  })
}

/** What an endpoint tells of those who have not proved who they are. */
function authenticationFailures(endpoint: Endpoint): readonly object[] {
  const failures: object[] = []
  endpoint.subscribe(({ type, ...failure }) => {
    if (type === 'authentication-failed') failures.push(failure)
  })
  return failures
}

/** Whom a certificate is made out to has to be the node that shows it. */
export function nodeContract(name: string, create: CreateTransport): void {
  describe(`nodes over ${name} with TLS`, () => {
    let authority: TestAuthority
    let good: TestCredentials
    beforeAll(async () => {
      authority = await TestAuthority.create()
      good = await authority.issue()
    })

    const others = {
      'another host': { address: NodeAddress.parse('10.0.0.1:0') },
      'another port': { address: NodeAddress.parse('127.0.0.1:1') },
      'a node of another cluster': { clusterName: 'other' },
      'a host by name': { names: ['DNS:localhost'], address: NodeAddress.parse('localhost:0') },
    }

    test.each(Object.entries(others))(
      'one that shows the certificate of %s is refused as it dials',
      async (_what, whose) => {
        await using alice = await startNode(create(good))
        const failures = authenticationFailures(alice)
        await using mallory = await startNode(create(await authority.issue(whose)))
        await expect(mallory.connect(alice.self.address)).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_REFUSED',
          refusal: {
            reason: 'identity',
            detail: expect.stringMatching(
              new RegExp(
                `${mallory.self.address} is made out to .*casty:.*not to .*casty://tests/`,
              ),
            ),
          },
        })
        expect(alice.counters().refusedByUs.identity).toBe(1)
        expect(mallory.counters().refusedByPeers.identity).toBe(1)
        const detail = expect.stringContaining('is made out to')
        expect(failures).toMatchObject([{ source: '127.0.0.1', claimed: mallory.self, detail }])
      },
    )

    test('one that TLS turns away is told of, once a minute for each source', async () => {
      const transport = create(good)
      await using alice = await startNode(transport)
      const failures = authenticationFailures(alice)
      const theirs = await (await TestAuthority.create('theirs')).issue()
      await foreignDial(alice.self.address, theirs)
      await foreignDial(alice.self.address, theirs)
      await plainDial(alice.self.address, 'GET / HTTP/1.1\r\n\r\n')
      const { untrusted, plaintext } = transport.counters().insecureConnections
      expect([untrusted, plaintext]).toEqual([2, 1])
      const side = 'acceptor'
      expect(failures).toEqual([
        { side, source: '127.0.0.1', detail: 'TLS turned it away: untrusted', untold: 0 },
      ])
      expect(alice.counters().connectionsOpened).toBe(0)
    })

    test('one that speaks no TLS is told of, and one that only goes away is not', async () => {
      const transport = create(good)
      await using alice = await startNode(transport)
      const failures = authenticationFailures(alice)
      const probe = connect(alice.self.address.port, '127.0.0.1')
      await once(probe, 'connect')
      probe.resetAndDestroy()
      await expect.poll(() => transport.counters().insecureConnections.ended).toBe(1)
      expect(failures).toEqual([])
      await plainDial(alice.self.address, 'GET / HTTP/1.1\r\n\r\n')
      expect(failures).toMatchObject([
        { source: '127.0.0.1', detail: 'TLS turned it away: plaintext' },
      ])
    })

    test.each(Object.entries(others))(
      'one that shows the certificate of %s is refused as it is dialled',
      async (_what, whose) => {
        await using alice = await startNode(create(good))
        await using mallory = await startNode(create(await authority.issue(whose)))
        await expect(alice.connect(mallory.self.address)).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_REFUSED',
          refusal: { reason: 'identity' },
        })
        expect(alice.counters().refusedByUs.identity).toBe(1)
        await expect.poll(() => mallory.counters().refusedByPeers.identity).toBe(1)
      },
    )

    test.each([
      ['its host', { names: ['IP:127.0.0.1'], address: NodeAddress.parse('10.0.0.1:0') }],
      ['its place at any port', {}],
    ])('one is known by %s', async (_what, options) => {
      await using alice = await startNode(create(good))
      await using bob = await startNode(create(await authority.issue(options)))
      expect((await bob.connect(alice.self.address)).key).toBe(alice.self.key)
    })

    test('one is known by its place at its port', async () => {
      await using alice = await startNode(create(good))
      const first = await startNode(create(good))
      const { address } = first.self
      await first[Symbol.asyncDispose]()
      await using bob = await startNode(create(await authority.issue({ address })), { address })
      expect((await bob.connect(alice.self.address)).key).toBe(alice.self.key)
    })

    test('one without TLS is refused as it dials, at once', async () => {
      await using alice = await startNode(create(good))
      await using bob = await startNode(create())
      await expect(bob.connect(alice.self.address)).rejects.toMatchObject({
        code: expect.stringMatching(/^CASTY_TRANSPORT_(?:REFUSED|DIAL_FAILED)$/),
      })
      expect(bob.counters().dialsFailed.timeout).toBe(0)
      expect(alice.counters().connectionsOpened).toBe(0)
    })

    test('one without TLS is refused as it is dialled, at once', async () => {
      await using alice = await startNode(create(good))
      await using bob = await startNode(create())
      await expect(alice.connect(bob.self.address)).rejects.toMatchObject({
        code: 'CASTY_TRANSPORT_DIAL_FAILED',
        failure: 'insecure',
        insecurity: { reason: expect.stringMatching(/^(?:plaintext|ended)$/) },
      })
      expect(alice.counters().dialsFailed.insecure).toBe(1)
      expect(bob.counters().connectionsOpened).toBe(0)
    })

    test('a dial that is not trusted says so in its event, and is tried again later', async () => {
      const theirs = await (await TestAuthority.create('theirs')).issue()
      await using alice = await startNode(create(good), {
        limits: { minReconnectMs: 1, maxReconnectMs: 5 },
      })
      await using bob = await startNode(create(theirs))
      const failures: unknown[] = []
      alice.subscribe((event) => event.type === 'dial-failed' && failures.push(event.insecurity))
      alice.keep(bob.self)
      await expect.poll(() => failures.length).toBeGreaterThan(2)
      expect(failures[0]).toEqual({
        reason: 'untrusted',
        by: 'us',
        detail: `the certificate of ${bob.self.address} is not signed by the cluster's authority`,
      })
    })

    test('beyond loopback, TLS is enough', async () => {
      const address = NodeAddress.parse('0.0.0.0:0')
      const advertised = { host: '127.0.0.1' }
      await using alice = await startNode(create(good), { address, advertised })
      await using bob = await startNode(create(good))
      expect((await bob.connect(alice.self.address)).key).toBe(alice.self.key)
      await expect(startNode(create(), { address, advertised })).rejects.toMatchObject({
        code: 'CASTY_TRANSPORT_INSECURE_BIND',
      })
    })

    test('nothing is left of all these connections', async () => {
      const sockets = (): number =>
        process.getActiveResourcesInfo().filter((one) => one.startsWith('TCP')).length
      await expect.poll(sockets).toBe(0)
    })
  })
}
