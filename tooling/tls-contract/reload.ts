import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CertificateNotice } from '../../packages/net/src/index.ts'
import type { Endpoint } from '../../packages/transport/src/index.ts'
import { TestAuthority, type TestCredentials } from './certificates.ts'
import { startNode } from './nodes.ts'
import { listening, type CreateTransport } from './world.ts'

const note = 32

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

    /** Files of one node, to be written again. */
    const filesOf = (node: string) => {
      const files = {
        ca: join(folder, `${node}-ca.crt`),
        cert: join(folder, `${node}.crt`),
        key: join(folder, `${node}.key`),
      }
      const write = async (credentials: Partial<TestCredentials>): Promise<void> => {
        const { ca, cert, key } = credentials
        if (ca !== undefined) await writeWhole(files.ca, ca)
        if (cert !== undefined) await writeWhole(files.cert, cert)
        if (key !== undefined) await writeWhole(files.key, key)
      }
      return { files, write }
    }

    test('count from the next connection on, and leave the ones there are alone', async () => {
      const { files, write } = filesOf('next')
      await write(await authority.issue())
      const transport = create(files)
      await using server = await listening(transport)
      const dialler = create(await authority.issue())
      const before = await dialler.dial(server.address)
      expect(transport.reloadCertificates()).toBe(false)
      await write(await authority.issue())
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
      const { files, write } = filesOf('noticed')
      await write(await authority.issue())
      const notices: CertificateNotice[] = []
      const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
      await using server = await listening(
        create({ ...files, reloadIntervalMs: 100, onCertificate }),
      )
      await write(await authority.issue())
      await expect.poll(() => notices.at(-1)?.type).toBe('reloaded')
      const channel = await create(await authority.issue()).dial(server.address)
      channel.close()
    })

    test('by what does not fit change nothing, and that is told once', async () => {
      const { files, write } = filesOf('unfit')
      await write(await authority.issue())
      const notices: CertificateNotice[] = []
      const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
      const transport = create({ ...files, reloadIntervalMs: 100, onCertificate })
      await using server = await listening(transport)
      const { key } = await authority.issue()
      await write({ key }) // As half of a replacement that is under way.
      await expect.poll(() => notices.length).toBe(1)
      expect(() => transport.reloadCertificates()).toThrow(
        expect.objectContaining({ code: 'CASTY_TRANSPORT_BAD_CERTIFICATE' }),
      )
      const channel = await create(await authority.issue()).dial(server.address)
      channel.close()
      expect(notices.map(({ type }) => type)).toEqual(['reload-failed'])
      // Between two files of it there may be another failure.
      await write(await authority.issue())
      await expect.poll(() => notices.at(-1)?.type).toBe('reloaded')
    })

    test('of a node whose own has expired let it connect again', async () => {
      const { files, write } = filesOf('expired')
      const short = await authority.issue({ validFrom: new Date(), days: 2_000 / 86_400_000 })
      await write(short)
      const notices: string[] = []
      const onCertificate = ({ type }: CertificateNotice): void => void notices.push(type)
      const transport = create({ ...files, reloadIntervalMs: 100, onCertificate })
      await using _listening = await listening(transport)
      await using peer = await listening(create(await authority.issue()))
      await expect.poll(() => notices, { timeout: 30_000 }).toContain('expired')
      await expect(transport.dial(peer.address)).rejects.toMatchObject({
        failure: 'insecure',
        insecurity: { reason: 'expired', by: 'peer' },
      })
      expect(peer.refused).toEqual({ expired: 1 })
      await write(await authority.issue())
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
      const transports = [create(alices.files), create(bobs.files)] as const
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
      await replace(({ write }) => write({ ca: both }))
      await replace(async ({ write }) => write({ ...(await next.issue()), ca: both }))
      await replace(({ write }) => write({ ca: next.ca }))
      await load.end()
      expect(load.received).toEqual(Array.from({ length: load.sent }, (_, index) => index))
      expect(load.lost).toBe(0)
      expect(load.connections).toBeGreaterThanOrEqual(4)
    })
  })
}

/** Whoever reads it meanwhile sees the old one or the new one, and no half. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** One node tells another numbers, a few each turn, for as long as the test runs. */
class Load {
  readonly received: number[] = []
  sent = 0
  lost = 0
  connections = 0
  readonly #alice: Endpoint
  readonly #bob: Endpoint
  readonly #running: Promise<void>
  #isOver = false
  #isPaused = false

  constructor(alice: Endpoint, bob: Endpoint) {
    this.#alice = alice
    this.#bob = bob
    bob.handle(note, (_from, bytes, start) => {
      this.received.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(start))
    })
    alice.subscribe((event) => {
      if (event.type === 'lane-opened' && event.lane === 'data') this.connections++
      if ('lostFrames' in event) this.lost += event.lostFrames
      if (event.type === 'frame-dropped') this.lost++
    })
    this.#running = this.#run()
  }

  /** Waits until a connection is replaced by a new one, with messages before and behind it. */
  async reconnect(): Promise<void> {
    const sent = this.sent
    const connections = this.connections
    await expect.poll(() => this.received.length).toBeGreaterThan(sent)
    // As a lane does that was idle: it is closed once everything is written, and opens on demand.
    this.#isPaused = true
    await expect.poll(() => this.#alice.isConnected(this.#bob.self, 'data')).toBe(false)
    this.#isPaused = false
    await expect.poll(() => this.connections).toBeGreaterThan(connections)
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
    await expect.poll(() => this.received.length).toBe(this.sent)
  }

  async #run(): Promise<void> {
    const bytes = new Uint8Array(4)
    while (!this.#isOver) {
      for (let count = 0; count < 20 && !this.#isPaused; count++) {
        new DataView(bytes.buffer).setUint32(0, this.sent++)
        this.#alice.send(this.#bob.self, 'data', note, bytes)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
