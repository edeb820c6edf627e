import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { NodeAddress, NodeIdentity } from '../../packages/transport/src/index.ts'
import { TestAuthority, type TestCredentials } from './certificates.ts'
import { startNode } from './nodes.ts'
import { plainDial, type CreateTransport } from './world.ts'

const note = 32
const words = 'nobody else reads this'
/** What a node without TLS begins with, and what a server of WebSockets answers. */
const openings = ['\x89CASTY\r\n', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 101 Switching\r\n\r\n']

/** SEC-6: a node that has TLS says nothing in plain text, to those that it dials and those that dial it. */
export function plainTextContract(name: string, create: CreateTransport): void {
  describe(`${name} with TLS speaks no plain text`, () => {
    let good: TestCredentials
    beforeAll(async () => {
      good = await (await TestAuthority.create()).issue()
    })

    test.each(openings)(
      'to one that it dials and that answers %j, however often',
      async (opening) => {
        const heard: Buffer[] = []
        await using server = await serving((socket) => {
          socket.once('data', (bytes) => {
            heard.push(bytes)
            socket.end(opening, 'latin1')
          })
        })
        const limits = { minReconnectMs: 1, maxReconnectMs: 5 }
        await using alice = await startNode(create(good), { limits })
        alice.keep(NodeIdentity.of(server.address, 1))
        await expect.poll(() => heard.length).toBeGreaterThan(3)
        expect(new Set(heard.map(typesOfRecords))).toEqual(new Set(['handshake']))
        expect(alice.counters().dialsFailed.insecure).toBeGreaterThan(2)
      },
    )

    test.each(openings)('to one that dials it and begins with %j', async (opening) => {
      await using alice = await startNode(create(good))
      const answer = await plainDial(alice.self.address, Buffer.from(opening, 'latin1'))
      expect(typesOfRecords(answer)).toMatch(/^(?:alert)?$/)
      expect(alice.counters().connectionsOpened).toBe(0)
    })

    test('to a node without it, which is told what it lacks', async () => {
      await using alice = await startNode(create(good))
      await using plain = await startNode(create())
      await expect(plain.connect(alice.self.address)).rejects.toMatchObject({
        code: 'CASTY_TRANSPORT_DIAL_FAILED',
        failure: 'insecure',
        insecurity: { reason: 'ended', by: 'peer', detail: expect.stringContaining('TLS alone') },
      })
    })

    test('to another node: on the wire there are records of TLS and nothing else', async () => {
      await using alice = await startNode(create(good))
      await using bob = await startNode(create(good))
      const asked: Buffer[] = []
      const answered: Buffer[] = []
      await using wire = await serving((socket) => {
        const onward = connect(bob.self.address.port, '127.0.0.1')
        onward.on('error', () => {}).on('data', (bytes) => answered.push(bytes))
        socket.on('data', (bytes) => asked.push(bytes))
        socket.pipe(onward).pipe(socket)
      })
      const heard: string[] = []
      bob.handle(note, (_from, bytes, start, end) => {
        heard.push(Buffer.from(bytes.subarray(start, end)).toString())
        bob.send(alice.self, 'control', note, Buffer.from(words))
      })
      alice.handle(note, (_from, bytes, start, end) =>
        heard.push(Buffer.from(bytes.subarray(start, end)).toString()),
      )
      await alice.connect(wire.address)
      alice.send(bob.self, 'control', note, Buffer.from(words))
      await expect.poll(() => heard).toEqual([words, words])
      for (const way of [Buffer.concat(asked), Buffer.concat(answered)]) {
        expect(typesOfRecords(way)).toContain('data')
        expect(way.includes(words)).toBe(false)
        expect(way.includes('CASTY')).toBe(false)
      }
    })
  })
}

const types: Readonly<Record<number, string>> = {
  20: 'cipher',
  21: 'alert',
  22: 'handshake',
  23: 'data',
}

/** The types of the records that these bytes consist of, each once, in the order of their first; throws where they are anything else. */
function typesOfRecords(bytes: Buffer): string {
  const found = new Set<string>()
  let at = 0
  while (at < bytes.length) {
    const type = types[bytes[at] ?? 0]
    // RFC 8446, §5.1: a type, 3.1 or 3.3 for reasons of history, and a length. The last one may still be on its way.
    if (type === undefined || bytes[at + 1] !== 3) {
      throw new Error(`No record of TLS begins with ${bytes.subarray(at, at + 16).toString('hex')}`)
    }
    found.add(type)
    at += 5 + (bytes.length < at + 5 ? 0 : bytes.readUInt16BE(at + 3))
  }
  return [...found].join(' ')
}

async function serving(accept: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    accept(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) throw new Error('It does not listen.')
  return {
    address: NodeAddress.of('127.0.0.1', bound.port),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
