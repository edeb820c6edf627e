// Nodes that must not become members of one cluster, and peers that are no nodes of ours at all.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { NodeProcess } from './node-process.ts'
import type { NodeSettings } from './protocol.ts'
import { areAllUp, contactsOf, Supervisor } from './supervisor.ts'

const timeout = 120_000
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

test.each<[what: string, settings: Partial<NodeSettings>, reason: string]>([
  ['another cluster name', { name: 'other' }, 'cluster-name'],
  ['other settings where all must agree', { minMembers: 2 }, 'config'],
])('a node with %s is refused, and told why', { timeout }, async (_, settings, reason) => {
  await using supervisor = new Supervisor()
  const seed = await supervisor.start()
  const stranger = await supervisor.start({ ...settings, contacts: contactsOf(seed) })
  await expectRefusal(supervisor, stranger, seed.address, reason)
  const friend = await supervisor.start({ contacts: contactsOf(seed) })
  await supervisor.untilAllUp([seed, friend])
  expect(stranger.view.members).toEqual({})
})

test(
  'a seed that speaks other wire versions only is given up with that reason',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const foreign = await listen((socket) => {
      socket.once('data', () => socket.end(concat(prelude(7, 9), refusalOfVersions())))
    })
    const node = await supervisor.start({ contacts: { type: 'list', addresses: [foreign] } })
    await expectRefusal(supervisor, node, foreign, 'wire-version')
  },
)

test(
  'a peer that speaks other wire versions only is answered with ours, and let go',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const seed = await supervisor.start()
    const answer = await talk(seed.port, prelude(7, 9))
    expect(answer.subarray(0, 12)).toEqual(prelude(1, 1))
    // A frame: its length, type 3 (a refusal), and reason 0 (wire version) first in the body.
    expect(answer.readUInt32BE(12)).toBe(answer.length - 16)
    expect([...answer.subarray(16, 18)]).toEqual([3, 0])
    const friend = await supervisor.start({ contacts: contactsOf(seed) })
    await supervisor.untilAllUp([seed, friend])
  },
)

test(
  'two clusters of one name stay two, also for a node that knows members of both',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const left = await supervisor.startCluster(2)
    const right = await supervisor.startCluster(2)
    const between = await supervisor.start({ contacts: contactsOf(...left, ...right) })
    await supervisor.untilAllUp([...left, between])
    // Whatever would leak has had its chance once the right side has changed and settled again.
    const late = await supervisor.start({ contacts: contactsOf(...right) })
    await supervisor.untilAllUp([...right, late])
    expect(areAllUp([...left, between])).toBe(true)
    expectApart([...left, between], [...right, late])
  },
)

test(
  'a cluster that moves into the address of a dead member of another stays apart',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const [seed, second, dead] = await supervisor.startCluster(3)
    const right = await supervisor.startCluster(2)
    if (!seed || !second || !dead) throw new Error('Three were started.')
    dead.send('SIGKILL')
    await supervisor.untilEnded(dead)
    const mover = await supervisor.start({ port: dead.port, contacts: contactsOf(...right) })
    await supervisor.untilAllUp([...right, mover])
    await supervisor.until('its old cluster finds its predecessor gone', () =>
      [seed, second].every(({ view }) => view.unreachable.includes(dead.key)),
    )
    seed.tell({ type: 'down', address: dead.address })
    await supervisor.untilAllUp([seed, second])
    expect(areAllUp([...right, mover])).toBe(true)
    expectApart([seed, second], [...right, mover])
  },
)

test(
  'a node whose only contact is nobody waits, and joins once somebody is there',
  { timeout },
  async () => {
    await using supervisor = new Supervisor()
    const gone = await supervisor.start()
    gone.send('SIGKILL')
    await supervisor.untilEnded(gone)
    const early = await supervisor.start({ contacts: contactsOf(gone) })
    expect(early.view.members).toEqual({})
    const seed = await supervisor.start({ port: gone.port })
    await supervisor.untilAllUp([seed, early])
    expect(early.view.clusterId).toBe(seed.key)
  },
)

async function expectRefusal(
  supervisor: Supervisor,
  node: NodeProcess,
  contact: string,
  reason: string,
): Promise<void> {
  node.tell({ type: 'wait-for', count: 2, timeoutMs: 30_000 })
  await supervisor.until('it gives up', () => node.reportsOf('waited').length > 0, [node])
  expect(node.reportsOf('waited')[0]?.code).toBe('CASTY_MEMBERSHIP_JOIN_REFUSED')
  expect(node.events).toContainEqual({ type: 'join-refused', subject: contact, reason })
}

function expectApart(left: readonly NodeProcess[], right: readonly NodeProcess[]): void {
  const strangers = (own: readonly NodeProcess[], others: readonly NodeProcess[]): string[] => {
    const keys = new Set(others.map(({ key }) => key))
    return own.flatMap(({ views }) =>
      views.flatMap((view) => Object.keys(view.members).filter((key) => keys.has(key))),
    )
  }
  expect(strangers(left, right)).toEqual([])
  expect(strangers(right, left)).toEqual([])
}

// What follows speaks the first bytes of the protocol by hand, not with the code under test.

/** Magic and the range of wire versions. */
function prelude(min: number, max: number): Buffer {
  const bytes = Buffer.from('894341535459' + '0d0a' + '00000000', 'hex')
  bytes.writeUInt16BE(min, 8)
  bytes.writeUInt16BE(max, 10)
  return bytes
}

/** Length, type 3, reason 0, neither identity nor incarnation, and a text. */
function refusalOfVersions(): Buffer {
  const detail = Buffer.from('I speak 7 to 9')
  const body = concat(Buffer.from([3, 0, 0, 0, detail.length]), detail)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return concat(length, body)
}

function concat(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts])
}

/** @returns the address of a server that lives until the end of the test */
async function listen(accept: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {}) // The node may hang up first.
    accept(socket)
  })
  closing.push(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It listens on a port.')
  return `127.0.0.1:${address.port}`
}

/** Sends bytes to a node and resolves with all that it answers until it hangs up. */
async function talk(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  closing.push(() => socket.destroy())
  const answer: Buffer[] = []
  socket.on('data', (chunk: Buffer) => answer.push(chunk))
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(answer)
}
