// Frames that are not what they should be: they cost themselves, and are counted.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonSerializer, msgpackSerializer, Remoting } from '@casty/remote'
import { RemoteWorld, writing } from './remote-world.ts'

const frameTypes = [32, 35, 37]
const runs = Number(process.env['CASTY_FUZZ_RUNS'] ?? 3_000)

describe('Frames of a stranger', () => {
  test('never do more harm than to be counted', async () => {
    await using world = await RemoteWorld.of('a b')
    world.node('b').system.spawn(writing([]), { name: 'log' })
    const { cluster, remoting } = world.node('b')
    const { endpoint, self } = world.node('a').cluster
    const frames = fc.sample(
      fc.tuple(fc.constantFrom(...frameTypes), fc.uint8Array({ maxLength: 60 })),
      { numRuns: runs, seed: 6 },
    )
    for (const [index, [type, bytes]] of frames.entries()) {
      endpoint.send(cluster.self, 'data', type, bytes)
      if (index % 500 === 0) await world.settle()
    }
    await world.settle()
    const { malformed, late, otherSerializer, unknownRecipient } = remoting.metrics()
    expect(malformed + late + otherSerializer + unknownRecipient).toBeGreaterThan(runs / 2)
    expect(endpoint.counters().handlerErrors + cluster.endpoint.counters().handlerErrors).toBe(0)
    expect(cluster.getState().member(self)?.status).toBe('up')
  })

  test('on the lane of system messages are counted as malformed, and no failure of this node', async () => {
    await using world = await RemoteWorld.of('a b')
    const { cluster, remoting } = world.node('b')
    const { endpoint } = world.node('a').cluster
    const frames = fc.sample(fc.uint8Array({ maxLength: 60 }), { numRuns: 200, seed: 8 })
    for (const bytes of frames) endpoint.send(cluster.self, 'control', 39, bytes)
    await world.settle()
    const { malformed, refusedFrames } = remoting.metrics().watch.delivery
    expect(malformed).toBeGreaterThan(100)
    expect(malformed + refusedFrames).toBe(200)
    expect(cluster.endpoint.counters().handlerErrors).toBe(0)
  })

  test('that are real ones but for some bytes do no harm either', async () => {
    await using world = await RemoteWorld.of('a b')
    const log: unknown[] = []
    world.node('b').system.spawn(writing(log), { name: 'log' })
    const taken: Uint8Array[] = []
    const { cluster, remoting } = world.node('b')
    const recorded = await world.start('c')
    recorded.remoting[Symbol.dispose]()
    recorded.cluster.endpoint.handle(32, (_from, bytes, start, end) => {
      taken.push(bytes.slice(start, end))
    })
    await world.until(() =>
      world.nodes.every(({ cluster: c }) => c.getState().members.length === 3),
    )
    const ref = world.ref<unknown>('a', 'c', '/log')
    ref.tell({ type: 'x', list: [1, 'two', { three: 3 }], ref })
    void world
      .node('a')
      .system.ask(ref, (replyTo) => ({ replyTo }))
      .catch(() => {})
    await world.settle()
    expect(taken.length).toBe(2)
    const { endpoint } = world.node('a').cluster
    const changes = fc.sample(
      fc.tuple(fc.constantFrom(...taken), fc.nat(200), fc.nat(255), fc.boolean()),
      { numRuns: runs, seed: 7 },
    )
    for (const [index, [frame, at, value, isCut]] of changes.entries()) {
      const changed = frame.slice(0, isCut ? at % frame.length : frame.length)
      changed[at % frame.length] = value
      endpoint.send(cluster.self, 'data', 32, changed)
      if (index % 500 === 0) await world.settle()
    }
    await world.settle()
    expect(remoting.metrics().malformed).toBeGreaterThan(runs / 20)
    expect(cluster.endpoint.counters().handlerErrors).toBe(0)
  })
})

test('a question that should bring something along, and does not, fails at once', async () => {
  await using world = await RemoteWorld.of('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  b.remoting[Symbol.dispose]()
  let question: Uint8Array | undefined
  const recording = b.cluster.endpoint.handle(32, (_from, bytes, start, end) => {
    question ??= bytes.slice(start, end)
  })
  const asked = a.system.ask(world.ref<unknown>('a', 'b', '/log'), () => 'x')
  const outcome = asked.catch((error: unknown) => error)
  await world.settle()
  recording[Symbol.dispose]()
  using _ = Remoting.attach({ system: b.system, cluster: b.cluster })
  if (!question) throw new Error('Nothing came')
  question[8] = (question[8] ?? 0) | 4 // As with an instrument: see header.ts.
  a.cluster.endpoint.send(b.cluster.self, 'data', 32, question)
  expect(await world.settled(outcome, 200)).toMatchObject({ reason: 'not-serializable' })
})

test('a node with another serializer is told of once, and its questions fail at once', async () => {
  await using world = await RemoteWorld.of('a', { serializer: msgpackSerializer() })
  await world.start('b', { serializer: jsonSerializer() })
  await world.until(() => world.node('a').cluster.getState().members.length === 2)
  await world.settle()
  world.node('b').system.spawn(writing([]), { name: 'log' })
  const ref = world.ref<unknown>('a', 'b', '/log')
  ref.tell(1)
  const asked = world.node('a').system.ask(ref, () => 'x')
  const outcome = await world.settled(asked.catch((error: unknown) => error))
  expect(outcome).toMatchObject({ reason: 'not-serializable' })
  expect(world.node('b').events.map(({ type }) => type)).toEqual(['serializer-differs'])
})
