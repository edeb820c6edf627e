// SEC-4: until the proof is verified a connection has 4 KiB and 5 seconds, there are few of them, and failures are few.
import { NodeAddress, type Channel } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { createWorld, dialled, impostor, secrets, withMiddle, type World } from './world.ts'

const bob = NodeAddress.parse('b:1')

/** A dialler that says hello, is challenged, and then goes on as it likes. */
async function challenged(world: World, host: string): Promise<Channel & { closed?: string }> {
  let hello: Uint8Array | undefined
  const recording = withMiddle(world.network.transport({ host }), () => ({
    there: (bytes) => {
      hello ??= bytes.slice()
      return new Uint8Array(0)
    },
  }))
  const end = await world.start(`${host}:1`, { transport: recording, authentication: impostor })
  void end.endpoint.connect(bob).catch(() => undefined)
  await world.run(10)
  await end[Symbol.asyncDispose]()
  const dialling = world.network.transport({ host }).dial(bob)
  await world.run(10)
  const channel: Channel & { closed?: string } = await dialling
  channel.open({
    received() {},
    drained() {},
    closed: (reason) => {
      channel.closed = reason
    },
  })
  channel.write(hello ?? new Uint8Array(0))
  await world.run(10)
  return channel
}

async function startBob(world: World, limits = {}) {
  return await world.start('b:1', { authentication: world.secret({ member: secrets.old }), limits })
}

describe('a connection that was challenged', () => {
  test('is closed after five seconds in all', async () => {
    const world = createWorld()
    await using node = await startBob(world)
    const stranger = await challenged(world, 'e')
    await world.run(4_900)
    expect(stranger.closed).toBeUndefined()
    expect(node.endpoint.explain().pendingHandshakes).toBe(1)
    await world.run(200)
    expect(stranger.closed).toBe('ended')
    expect(node.endpoint.counters().handshakesFailed.timeout).toBe(1)
  })

  test('has what is left of 4 KiB, its hello taken off', async () => {
    const world = createWorld()
    await using node = await startBob(world)
    const stranger = await challenged(world, 'e')
    stranger.write(Uint8Array.of(0, 0, 0x0f, 0xf0)) // With the hello more than 4,096 bytes.
    await world.run(10)
    expect(stranger.closed).toBe('ended')
    expect(node.endpoint.counters().handshakesFailed.garbage).toBe(1)
  })

  test('counts as one that waits, in total and of its source', async () => {
    const world = createWorld()
    await using node = await startBob(world, { maxPendingHandshakesPerSource: 2 })
    await challenged(world, 'e')
    await challenged(world, 'e')
    expect(node.endpoint.explain().pendingHandshakes).toBe(2)
    await using third = await world.start('e:2', {
      authentication: world.secret({ member: secrets.old }),
    })
    expect(await dialledAtOnce(world, third)).toBe('busy')
  })

  test('is closed over a second hello', async () => {
    const world = createWorld()
    await using node = await startBob(world)
    const stranger = await challenged(world, 'e')
    stranger.write(Uint8Array.of(0, 0, 0, 1, 1))
    await world.run(10)
    expect(stranger.closed).toBe('ended')
    expect(node.endpoint.explain().pendingHandshakes).toBe(0)
  })
})

describe('failures to prove the secret', () => {
  test('are heard out ten times a minute from one source, and told once', async () => {
    const world = createWorld()
    await using node = await startBob(world)
    for (let run = 0; run < 50; run++) await failOnce(world, 'e', run)
    const { refusedByUs, handshakesFailed } = node.endpoint.counters()
    expect(refusedByUs.authentication).toBeGreaterThanOrEqual(10)
    expect(refusedByUs.authentication).toBeLessThanOrEqual(12)
    expect(refusedByUs.authentication + handshakesFailed.unheard).toBe(50)
    expect(node.failures).toEqual(['acceptor e untold 0'])
    await world.run(60_000)
    await failOnce(world, 'e', 50)
    expect(node.failures[1]).toBe(`acceptor e untold ${refusedByUs.authentication - 1}`)
  })

  test('of one source are not held against another', async () => {
    const world = createWorld()
    await using _node = await startBob(world)
    for (let run = 0; run < 20; run++) await failOnce(world, 'e', run)
    await using alice = await honest(world, 'a:1')
    expect(await dialledAtOnce(world, alice)).toBe('b:1#1')
  })

  test('do not lock out a source where a node has proved itself', async () => {
    const world = createWorld()
    await using node = await startBob(world)
    await using alice = await honest(world, 'nat:1')
    expect(await dialledAtOnce(world, alice)).toBe('b:1#1')
    for (let run = 0; run < 30; run++) await failOnce(world, 'nat', run + 10)
    await using carol = await honest(world, 'nat:2')
    expect(await dialledAtOnce(world, carol)).toBe('b:1#1')
    expect(node.endpoint.isConnected(alice.endpoint.self, 'control')).toBe(true)
    expect(node.failures).toEqual(['acceptor nat untold 0'])
  })

  test('are forgotten of the source that failed longest ago, where there are too many', async () => {
    const world = createWorld()
    await using node = await startBob(world, { maxSources: 2, maxFailuresPerMinute: 1 })
    for (const host of ['e', 'f', 'g', 'e', 'f']) await failOnce(world, host, 1)
    // None of them was remembered by the time it came again.
    expect(node.endpoint.counters().handshakesFailed.unheard).toBe(0)
    await failOnce(world, 'f', 2)
    expect(node.endpoint.counters().handshakesFailed.unheard).toBe(1)
  })
})

async function honest(world: World, address: string) {
  return await world.start(address, { authentication: world.secret({ member: secrets.old }) })
}

async function failOnce(world: World, host: string, port: number): Promise<void> {
  await using eve = await world.start(`${host}:${port + 1}`, { authentication: impostor })
  const outcome = eve.endpoint.connect(bob).then(String, () => 'failed')
  await world.run(20)
  expect(await outcome).toBe('failed')
}

async function dialledAtOnce(world: World, from: Parameters<typeof dialled>[1]): Promise<string> {
  return await dialled(world, from, bob)
}
