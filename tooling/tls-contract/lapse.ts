import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Endpoint, EndpointEvent } from '../../packages/transport/src/index.ts'
import { TestAuthority } from './certificates.ts'
import { CertificateFiles } from './files.ts'
import { Load } from './load.ts'
import { startNode } from './nodes.ts'
import type { CreateTransport } from './world.ts'

const dayMs = 86_400_000
/** Connections are looked at every 100 ms. */
const limits = { maxSilenceMs: 400 }

/** Connections that last no longer than the certificates that they were made with. */
export function lapseContract(name: string, create: CreateTransport): void {
  describe(`connections of ${name} whose certificates count no more`, () => {
    let folder: string
    let authority: TestAuthority
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'casty-lapse-'))
      authority = await TestAuthority.create()
    })
    afterAll(() => rm(folder, { recursive: true }))
    afterEach(() => vi.useRealTimers())

    const onCertificate = (): void => {} // Its end is near, which is what is tested.

    test('end as one expires, and no other is made', async () => {
      const short = await authority.issue({ validFrom: new Date(), days: 5_000 / dayMs })
      await using alice = await startNode(create(await authority.issue()), { limits })
      await using bob = await startNode(create({ ...short, onCertificate }), { limits })
      const events = eventsOf(alice)
      await alice.connect(bob.self.address)
      alice.keep(bob.self)
      await expect
        .poll(() => events.find(({ type }) => type === 'lane-closed'), { timeout: 30_000 })
        .toMatchObject({ lane: 'control', reason: 'expired', lostFrames: 0 })
      await expect
        .poll(() => events.find(({ type }) => type === 'dial-failed'), { timeout: 10_000 })
        .toMatchObject({ failure: 'insecure', insecurity: { reason: 'expired' } })
    })

    test('end as the authority expires that has signed one, and no other is made', async () => {
      const short = await authority.renew({ validFrom: new Date(), days: 5_000 / dayMs })
      const tls = { ...(await authority.issue()), ca: short.ca, onCertificate }
      await using alice = await startNode(create(tls), { limits })
      await using bob = await startNode(create(await authority.issue()), { limits })
      const events = eventsOf(alice)
      await alice.connect(bob.self.address)
      alice.keep(bob.self)
      await expect
        .poll(() => events.find(({ type }) => type === 'lane-closed'), { timeout: 30_000 })
        .toMatchObject({ lane: 'control', reason: 'expired', lostFrames: 0 })
      await expect
        .poll(() => events.find(({ type }) => type === 'dial-failed'), { timeout: 10_000 })
        .toMatchObject({ failure: 'insecure', insecurity: { reason: 'expired', by: 'us' } })
    })

    test('live on where they may', async () => {
      const tls = { ...(await authority.issue()), onCertificate, endsWithCertificate: false }
      await using alice = await startNode(create(tls), { limits })
      await using bob = await startNode(create(tls), { limits })
      const events = eventsOf(alice)
      await alice.connect(bob.self.address)
      alice.keep(bob.self)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * dayMs })
      let heard = alice.counters().bytesReceived
      for (let pings = 0; pings < 5; pings++) {
        alice.send(bob.self, 'control', 40, new Uint8Array(1)) // Answered by a pong, a look later.
        await expect.poll(() => alice.counters().bytesReceived).toBeGreaterThan(heard)
        heard = alice.counters().bytesReceived
      }
      expect(events.filter(({ type }) => type === 'lane-closed')).toEqual([])
    })

    test('end as their authority is trusted no more, and no other is made', async () => {
      const next = await TestAuthority.create('next')
      const files = new CertificateFiles(folder, 'alice')
      await files.write(await authority.issue())
      const transport = create(files.paths)
      await using alice = await startNode(transport, { limits })
      const theirs = await authority.issue()
      await using bob = await startNode(create({ ...theirs, ca: authority.ca + next.ca }), {
        limits,
      })
      const events = eventsOf(alice)
      await alice.connect(bob.self.address)
      alice.keep(bob.self)
      await files.write({ ...(await next.issue()), ca: authority.ca + next.ca })
      expect(transport.reloadCertificates()).toBe(true)
      expect(alice.isConnected(bob.self, 'control')).toBe(true)
      await files.write({ ca: next.ca })
      expect(transport.reloadCertificates()).toBe(true)
      await expect
        .poll(() => events.find(({ type }) => type === 'lane-closed'))
        .toMatchObject({ lane: 'control', reason: 'untrusted', lostFrames: 0 })
      await expect
        .poll(() => events.find(({ type }) => type === 'dial-failed'))
        .toMatchObject({ failure: 'insecure', insecurity: { reason: 'untrusted' } })
      expect(alice.isConnected(bob.self, 'control')).toBe(false)
    })

    test('make way for new ones without a loss, where both ends have new certificates', async () => {
      const next = await TestAuthority.create('next')
      const both = authority.ca + next.ca
      const ends = ['carol', 'dave'].map((end) => new CertificateFiles(folder, end))
      for (const end of ends) await end.write({ ...(await authority.issue()), ca: both })
      const transports = ends.map(({ paths }) => create(paths))
      const [first, second] = transports.map((transport) => startNode(transport, { limits }))
      if (!first || !second) throw new Error('There are two ends.')
      await using carol = await first
      await using dave = await second
      const load = new Load(carol, dave)
      const events = eventsOf(carol)
      await expect.poll(() => load.received.length).toBeGreaterThan(0)
      for (const end of ends) await end.write(await next.issue())
      for (const transport of transports) expect(transport.reloadCertificates()).toBe(true)
      await expect
        .poll(() => events.find((event) => event.type === 'lane-closed' && event.lane === 'data'))
        .toMatchObject({ lostFrames: 0 })
      await expect.poll(() => load.connections).toBeGreaterThan(1)
      await load.end()
      expect(load.received).toEqual(Array.from({ length: load.sent }, (_, index) => index))
      expect(load.lost).toBe(0)
      const reasons = events.flatMap((event) => (event.type === 'lane-closed' ? event.reason : []))
      // Whoever looked first: the other end closes because it is asked to.
      expect(reasons.every((reason) => reason === 'untrusted' || reason === 'idle')).toBe(true)
    })
  })
}

function eventsOf(endpoint: Endpoint): readonly EndpointEvent[] {
  const events: EndpointEvent[] = []
  endpoint.subscribe((event) => events.push(event))
  return events
}
