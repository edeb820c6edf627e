import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { Node, Relay, startBehind } from './nodes.ts'
import { listenOn } from './support.ts'

test('a dial that is accepted and never answered times out', async () => {
  await using halfOpen = createServer(() => {})
  const address = await listenOn(halfOpen)
  const sockets = new Set<{ destroy(): unknown }>()
  halfOpen.on('connection', (socket) => sockets.add(socket))
  await using alice = await Node.start({ limits: { handshakeTimeoutMs: 50 } })
  await expect(alice.endpoint.connect(address)).rejects.toMatchObject({
    code: 'CASTY_TRANSPORT_DIAL_FAILED',
    failure: 'timeout',
  })
  for (const socket of sockets) socket.destroy()
})

test('two nodes that dial each other at once keep one connection and lose no frame', async () => {
  for (let round = 0; round < 100; round++) {
    await using alice = await Node.start()
    await using bob = await Node.start()
    alice.send(bob.self, 'early from alice')
    bob.send(alice.self, 'early from bob')
    await Promise.all([
      alice.endpoint.connect(bob.self.address),
      bob.endpoint.connect(alice.self.address),
    ])
    alice.send(bob.self, 'late from alice')
    bob.send(alice.self, 'late from bob')
    await alice.until(() => alice.notes.length >= 2)
    await bob.until(() => bob.notes.length >= 2)
    expect(alice.notes).toEqual(['early from bob', 'late from bob'])
    expect(bob.notes).toEqual(['early from alice', 'late from alice'])
    // One connection, seen from both its ends in this process.
    await expect.poll(connectedSockets, { interval: 1 }).toBe(2)
    expect(lossesOf(alice)).toEqual([])
    expect(lossesOf(bob)).toEqual([])
  }
})

test('a slow reader is bounded on its lane, and the other lane does not notice', async () => {
  await using relay = await Relay.start()
  const limits = { maxDataQueueBytes: 4_194_304, highWaterBytes: 1_048_576 }
  await using bob = await startBehind(relay)
  await using alice = await Node.start({ limits })
  await alice.endpoint.connect(bob.self.address)
  alice.send(bob.self, 'opens the lane', 'data')
  await bob.until(() => bob.notes.length === 1)
  relay.pairs[1]?.from.pause()

  const outcomes = new Set<string>()
  let sent = 0
  while (!outcomes.has('dropped')) {
    const outcome = alice.send(bob.self, `${sent} `.padEnd(100_000), 'data')
    if (outcome !== 'dropped') sent += 1
    outcomes.add(outcome)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(outcomes).toEqual(new Set(['sent', 'busy', 'dropped']))
  expect(alice.endpoint.counters().dropped['queue-full']).toBe(1)

  alice.send(bob.self, 'unhindered', 'control')
  await bob.until(() => bob.notes.includes('unhindered'))
  relay.pairs[1]?.from.resume()
  await alice.event('lane-drained')
  await bob.until(() => bob.notes.length === sent + 2)
  const order = bob.notes
    .filter((text) => /^\d/.test(text))
    .map((text) => Number.parseInt(text, 10))
  expect(order).toEqual(Array.from({ length: sent }, (_, index) => index))
})

test('a kept peer whose connection was torn down is connected again at once', async () => {
  await using relay = await Relay.start()
  await using bob = await startBehind(relay)
  await using alice = await Node.start()
  alice.endpoint.keep(bob.self)
  await alice.event('lane-opened')
  for (let round = 0; round < 5; round++) {
    const before = alice.events.length
    relay.reset()
    expect(await alice.event('lane-closed', before)).toMatchObject({ reason: 'reset' })
    await alice.event('lane-opened', before)
    alice.send(bob.self, `after reset ${round}`)
    await bob.until(() => bob.notes.includes(`after reset ${round}`))
  }
  expect(bob.notes).toHaveLength(5)
})

test('frames of every size cross whole and in order', async () => {
  await using alice = await Node.start()
  await using bob = await Node.start()
  await alice.endpoint.connect(bob.self.address)
  const sizes = [0, 1, 47, 48, 49, 4_090, 4_096, 65_530, 65_536, 131_072, 262_144, 1_000_000]
  const texts = sizes.flatMap((size, index) => [
    String.fromCodePoint(97 + index).repeat(size),
    `${size}`,
  ])
  for (const text of texts) alice.send(bob.self, text, 'data')
  await bob.until(() => bob.notes.length === texts.length)
  expect(bob.notes.every((received, index) => received === texts[index])).toBe(true)
})

test('a node that is restarted at its address is met again each time, in its new life', async () => {
  await using alice = await Node.start()
  let bob = await Node.start()
  const address = bob.self.address
  for (let life = 0; life < 20; life++) {
    const met = await alice.endpoint.connect(address)
    expect(met.key).toBe(bob.self.key)
    alice.send(met, `life ${life}`)
    await bob.until(() => bob.notes.length === 1)
    expect(bob.notes).toEqual([`life ${life}`])
    const before = alice.events.length
    await bob[Symbol.asyncDispose]()
    await alice.event('lane-closed', before)
    bob = await Node.start({ address })
  }
  await bob[Symbol.asyncDispose]()
})

test('disposal with open connections leaves no socket', async () => {
  {
    await using alice = await Node.start()
    await using bob = await Node.start()
    await alice.endpoint.connect(bob.self.address)
    alice.send(bob.self, 'hello', 'data')
    await bob.until(() => bob.notes.length === 1)
    expect(connectedSockets()).toBe(4)
  }
  expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))).toEqual([])
})

test('a node that leaves while others send gets what they sent, or they know how much of it is lost', async () => {
  const alice = await Node.start()
  await using bob = await Node.start()
  alice.send(bob.self, 'hello', 'data')
  await bob.until(() => bob.notes.length === 1)
  let sent = 0
  let left: Promise<void> | undefined
  while (!bob.events.some(({ type }) => type === 'lane-closed')) {
    for (let count = 0; count < 50; count++) {
      const outcome = bob.send(alice.self, `${sent} `.padEnd(5_000), 'data')
      expect(outcome).not.toBe('dropped')
      sent += 1
    }
    if (sent === 500) left = alice.endpoint.leave()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await left
  await bob.until(() => alice.notes.length + lostFramesOf(bob) === sent)
  expect(alice.notes.length).toBeGreaterThanOrEqual(500)
  expect(alice.notes.map((text) => Number.parseInt(text, 10))).toEqual(
    Array.from({ length: alice.notes.length }, (_, index) => index),
  )
})

function lostFramesOf(node: Node): number {
  return node.events.reduce(
    (lost, event) => lost + ('lostFrames' in event ? event.lostFrames : 0),
    0,
  )
}

function connectedSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

function lossesOf(node: Node): readonly unknown[] {
  return node.events.filter(
    (event) => event.type === 'frame-dropped' || ('lostFrames' in event && event.lostFrames > 0),
  )
}
