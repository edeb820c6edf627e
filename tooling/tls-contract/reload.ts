import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CertificateNotice } from '../../packages/net/src/index.ts'
import { TestAuthority } from './certificates.ts'
import { CertificateFiles } from './files.ts'
import { Load } from './load.ts'
import { startNode } from './nodes.ts'
import { listening, type CreateTransport } from './world.ts'

/** Certificates that are replaced while their nodes run. */
export function reloadContract(name: string, create: CreateTransport): void {
  describe(`certificates of ${name} that are replaced`, () => {
    let folder: string
    let authority: TestAuthority
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'casty-tls-'))
      authority = await TestAuthority.create()
    })
    afterAll(() => rm(folder, { recursive: true }))

    const filesOf = (node: string): CertificateFiles => new CertificateFiles(folder, node)

    test('count from the next connection on, and leave the ones there are alone', async () => {
      const files = filesOf('next')
      await files.write(await authority.issue())
      const transport = create(files.paths)
      await using server = await listening(transport)
      const dialler = create(await authority.issue())
      const before = await dialler.dial(server.address)
      expect(transport.reloadCertificates()).toBe(false)
      await files.write(await authority.issue())
      expect(transport.reloadCertificates()).toBe(true)
      const after = await dialler.dial(server.address)
      expect(after.proof?.fingerprint).not.toBe(before.proof?.fingerprint)
      const closed: string[] = []
      before.open({ received() {}, drained() {}, closed: (reason) => closed.push(reason) })
      expect(before.write(Uint8Array.of(1))).toBe(true)
      expect(closed).toEqual([])
      before.close()
      after.close()
    })

    test('are noticed without being told', async () => {
      const files = filesOf('noticed')
      await files.write(await authority.issue())
      const notices: CertificateNotice[] = []
      const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
      await using server = await listening(
        create({ ...files.paths, reloadIntervalMs: 100, onCertificate }),
      )
      await files.write(await authority.issue())
      await expect.poll(() => notices.at(-1)?.type).toBe('reloaded')
      const channel = await create(await authority.issue()).dial(server.address)
      channel.close()
    })

    test('by what does not fit change nothing, and that is told once', async () => {
      const files = filesOf('unfit')
      await files.write(await authority.issue())
      const notices: CertificateNotice[] = []
      const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
      const transport = create({ ...files.paths, reloadIntervalMs: 100, onCertificate })
      await using server = await listening(transport)
      const { key } = await authority.issue()
      await files.write({ key }) // As half of a replacement that is under way.
      await expect.poll(() => notices.length).toBe(1)
      expect(() => transport.reloadCertificates()).toThrow(
        expect.objectContaining({ code: 'CASTY_TRANSPORT_BAD_CERTIFICATE' }),
      )
      const channel = await create(await authority.issue()).dial(server.address)
      channel.close()
      expect(notices.map(({ type }) => type)).toEqual(['reload-failed'])
      // Between two files of it there may be another failure.
      await files.write(await authority.issue())
      await expect.poll(() => notices.at(-1)?.type).toBe('reloaded')
    })

    test('of a node whose own has expired let it connect again', async () => {
      const files = filesOf('expired')
      const short = await authority.issue({ validFrom: new Date(), days: 2_000 / 86_400_000 })
      await files.write(short)
      const notices: string[] = []
      const onCertificate = ({ type }: CertificateNotice): void => void notices.push(type)
      const transport = create({ ...files.paths, reloadIntervalMs: 100, onCertificate })
      await using _listening = await listening(transport)
      await using peer = await listening(create(await authority.issue()))
      await expect.poll(() => notices, { timeout: 30_000 }).toContain('expired')
      await expect(transport.dial(peer.address)).rejects.toMatchObject({
        failure: 'insecure',
        insecurity: { reason: 'expired', by: 'peer' },
      })
      expect(peer.refused).toEqual({ expired: 1 })
      await files.write(await authority.issue())
      transport.reloadCertificates()
      const channel = await transport.dial(peer.address)
      channel.close()
    })

    test('authority and all, one after the other under load, lose no message', async () => {
      const next = await TestAuthority.create('next')
      const both = authority.ca + next.ca
      const alices = filesOf('alice')
      const bobs = filesOf('bob')
      await alices.write(await authority.issue())
      await bobs.write(await authority.issue())
      const transports = [create(alices.paths), create(bobs.paths)] as const
      const limits = { idleLaneMs: 100 }
      await using alice = await startNode(transports[0], { limits })
      await using bob = await startNode(transports[1], { limits })
      const load = new Load(alice, bob)

      const replace = async (change: (node: typeof alices) => Promise<void>): Promise<void> => {
        await change(alices)
        await change(bobs)
        for (const transport of transports) expect(transport.reloadCertificates()).toBe(true)
        await load.reconnect()
      }
      await load.reconnect()
      await replace((node) => node.write({ ca: both }))
      await replace(async (node) => node.write({ ...(await next.issue()), ca: both }))
      await replace((node) => node.write({ ca: next.ca }))
      await load.end()
      expect(load.received).toEqual(Array.from({ length: load.sent }, (_, index) => index))
      expect(load.lost).toBe(0)
      expect(load.connections).toBeGreaterThanOrEqual(4)
    })
  })
}
