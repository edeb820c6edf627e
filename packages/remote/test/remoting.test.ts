import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Instrument } from '@casty/actor'
import { Remoting } from '@casty/remote'
import { echoing, RemoteWorld, writing, type Question } from './remote-world.ts'

async function logging(
  options?: Parameters<typeof RemoteWorld.of>[1],
): Promise<{ world: RemoteWorld; log: unknown[]; ref: ActorRef<unknown> }> {
  const world = await RemoteWorld.of('a b', options)
  const log: unknown[] = []
  world.node('b').system.spawn(writing(log), { name: 'log', mailbox: { capacity: 100_000 } })
  return { world, log, ref: world.ref<unknown>('a', 'b', '/log') }
}

describe('Messages to an actor of another node', () => {
  test('arrive as they were, in order', async () => {
    const { world, log, ref } = await logging()
    await using _world = world
    const sent = Array.from({ length: 2_000 }, (_, index) => ({ type: 'say', index, to: ['x'] }))
    for (const message of sent) ref.tell(message)
    await world.settle()
    expect(log).toEqual(sent)
    expect(world.node('b').remoting.metrics()).toMatchObject({
      messagesReceived: 2_000,
      unknownRecipient: 0,
      malformed: 0,
    })
  })

  test('name their recipient by a number once it is known', async () => {
    const { world, ref } = await logging()
    await using _world = world
    const { remoting } = world.node('a')
    const bytesOf = async (): Promise<number> => {
      const before = remoting.metrics().bytesSent
      ref.tell(1)
      await world.settle()
      return remoting.metrics().bytesSent - before
    }
    const first = await bytesOf()
    expect(await bytesOf()).toBeLessThan(first - '/log'.length)
  })

  test('reach all of very many recipients, few of which are named at a time', async () => {
    await using world = await RemoteWorld.of('a b', { limits: { maxRecipients: 3 } })
    const log: unknown[] = []
    const names = ['c', 'd', 'e', 'f', 'g', 'h', 'i']
    for (const name of names) world.node('b').system.spawn(writing(log), { name })
    for (let round = 0; round < 3; round++) {
      for (const name of names) {
        world.ref<string>('a', 'b', `/${name}`).tell(`${name}${round}`)
        await world.settle()
      }
    }
    expect(log).toEqual([0, 1, 2].flatMap((round) => names.map((name) => `${name}${round}`)))
    expect(world.node('b').lost).toEqual([])
    const { peers } = world.node('b').remoting.explain()
    expect(peers.every(({ known }) => known <= 3)).toBe(true)
  })

  test('that cannot be encoded throw where they are sent', async () => {
    const { world, ref } = await logging()
    await using _world = world
    const code = 'CASTY_REMOTE_NOT_SERIALIZABLE'
    expect(() => ref.tell({ items: [1, { run: () => {} }] })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('message.items[1].run') }),
    )
  })

  test('that do not fit a frame throw where they are sent, with both sizes', async () => {
    const { world, ref } = await logging()
    await using _world = world
    expect(() => ref.tell('x'.repeat(1_048_576))).toThrow(/10\d{5} bytes, of 1048576/)
  })

  test('for which there is no room are dead letters, and those after them arrive', async () => {
    const limits = { maxDataQueueBytes: 4_096, maxDataFrameBytes: 4_096 }
    const { world, log, ref } = await logging({ cluster: { limits } })
    await using _world = world
    for (let count = 0; count < 10; count++) ref.tell('x'.repeat(1_000))
    expect(world.node('a').lost.length).toBeGreaterThan(3)
    expect(world.node('a').lost[0]).toMatch(/^not-sent b:1#\d+\/log: "xx/)
    await world.settle()
    ref.tell('after')
    await world.settle()
    expect(log.at(-1)).toBe('after')
    expect(log.length + world.node('a').lost.length).toBe(11)
    expect(world.node('b').events).toEqual([]) // What was never sent is no gap.
  })

  test('to a node that was downed are dead letters', async () => {
    const { world, ref } = await logging()
    await using _world = world
    world.node('a').cluster.down(world.node('b').cluster.self)
    await world.settle()
    ref.tell('x')
    world.ref('a', 'b', '/other').tell('y' as never)
    expect(world.node('a').lost).toEqual([
      expect.stringMatching(/^node-gone b:.*"x"/),
      expect.stringMatching(/^node-gone b:.*"y"/),
    ])
  })

  test('to this node itself take the short way, and are messages as others', async () => {
    const { world } = await logging()
    await using _world = world
    const log: unknown[] = []
    const early = world.ref<unknown>('a', 'a', '/later')
    const later = world.node('a').system.spawn(writing(log), { name: 'later' })
    early.tell('x')
    await world.settle()
    expect(log).toEqual(['x'])
    expect(world.ref<unknown>('a', 'a', '/later')).toBe(later)
  })

  test('take along what an instrument has travel with them', async () => {
    await using world = await RemoteWorld.of('a b')
    const seen: unknown[] = []
    const instrumentOf = (host: string): Instrument => ({
      onSend: ({ path }) => ({ from: host, to: path.replace(/#\d+/, '') }),
      onReceive(_received, carried, handle) {
        seen.push(carried)
        return handle()
      },
    })
    const node = await world.start('c', { instrumentOf })
    await world.until(() => node.cluster.getState().members.length === 3)
    node.system.spawn(echoing, { name: 'echo' })
    const other = await world.start('d', { instrumentOf })
    await world.until(() => other.cluster.getState().members.length === 4)
    const ref = world.ref<Question>('d', 'c', '/echo')
    const asked = other.system.ask(ref, (replyTo) => ({ about: 'x', replyTo }))
    expect(await world.settled(asked)).toBe('x')
    expect(seen).toEqual([{ from: 'd', to: 'c:1/echo' }])
  })
})

describe('A gap', () => {
  test('is told by both ends, once a connection broke while frames waited', async () => {
    const { world, log, ref } = await logging()
    await using _world = world
    ref.tell('before')
    await world.settle()
    const [a, b] = [world.node('a').address, world.node('b').address]
    world.network.cut(a, b, { mode: 'reset' })
    await world.settle()
    for (const count of [1, 2, 3]) ref.tell(count)
    await world.settle()
    world.network.heal(a, b)
    await world.clock.advanceAsync(2_000)
    ref.tell('after')
    await world.settle()
    const lost = 4 - log.length + 1
    expect(lost).toBeGreaterThan(0)
    expect(log).toEqual(['before', ...[1, 2, 3].slice(lost), 'after'])
    const told = { node: { address: b }, direction: 'sent' }
    expect(world.node('a').events).toEqual([expect.objectContaining({ type: 'gap' })])
    expect(world.node('a').events).toMatchObject([{ ...told, count: lost }])
    expect(world.node('b').events).toMatchObject([{ direction: 'received', count: lost }])
  })

  test('is told where frames came before somebody was there to take them', async () => {
    const { world, log, ref } = await logging()
    await using _world = world
    const { system, cluster, remoting } = world.node('b')
    remoting[Symbol.dispose]()
    for (const count of [1, 2, 3]) ref.tell(count)
    await world.settle()
    using again = Remoting.attach({ system, cluster })
    const gaps: unknown[] = []
    again.subscribe((event) => gaps.push(event.type === 'gap' && event.count))
    ref.tell(4)
    await world.settle()
    expect(log).toEqual([4])
    expect(gaps).toEqual([3])
  })
})

test('A message by a name that means nothing any more is a dead letter, and the next one arrives', async () => {
  const { world, log, ref } = await logging()
  await using _world = world
  ref.tell('known by name from now on')
  await world.settle()
  ref.tell('by name')
  await world.settle()
  const { system, cluster, remoting, lost } = world.node('b')
  remoting[Symbol.dispose]()
  using _ = Remoting.attach({ system, cluster })
  ref.tell('lost')
  await world.settle()
  ref.tell('found')
  await world.settle()
  expect(lost).toEqual([expect.stringMatching(/^lost 1@a:1#\d+: "lost"$/)])
  expect(log).toEqual(['known by name from now on', 'by name', 'found'])
})

describe('The layer', () => {
  test('can be taken away and put back, and actors are found again', async () => {
    const { world, log } = await logging()
    await using _world = world
    const { system, cluster, remoting } = world.node('a')
    remoting.ref<unknown>(world.node('b').cluster.self, '/log').tell(1)
    await world.settle()
    remoting[Symbol.dispose]()
    using again = Remoting.attach({ system, cluster })
    again.ref<unknown>(world.node('b').cluster.self, '/log').tell(2)
    await world.settle()
    expect(log).toEqual([1, 2])
    expect(world.node('b').events).toEqual([])
  })

  test('sends nothing once it was taken away, by whatever ref, and fails questions at once', async () => {
    const { world, log } = await logging()
    await using _world = world
    const { system, remoting } = world.node('a')
    remoting[Symbol.dispose]()
    const late = remoting.ref<unknown>(world.node('b').cluster.self, '/log')
    late.tell('late')
    const asked = system.ask(late, (replyTo) => replyTo)
    await expect(world.settled(asked, 100)).rejects.toMatchObject({ reason: 'node-gone' })
    await world.settle()
    expect(log).toEqual([])
    expect(world.node('a').lost[0]).toMatch(/^node-gone .*"late"/)
    expect(remoting.metrics().pendingAsks).toBe(0)
  })

  test('is one for each node of a cluster', async () => {
    const { world } = await logging()
    await using _world = world
    const { system, cluster } = world.node('a')
    expect(() => Remoting.attach({ system, cluster })).toThrow(/without a handler/)
  })

  test('says what there is with whom', async () => {
    const { world, ref } = await logging()
    await using _world = world
    ref.tell('x')
    await world.settle()
    const { summary, serializer, peers } = world.node('a').remoting.explain()
    expect(summary).toMatch(/^a:1#\d+ has to do with 1 other node, and waits for no answer\.$/)
    expect(serializer).toBe(world.node('b').remoting.explain().serializer)
    expect(peers).toMatchObject([{ isConnected: true, isGone: false, partsSent: 1 }])
  })

  test.each([
    ['limits.maxAsks', { limits: { maxAsks: 0 } }],
    ['limits.maxPeer', { limits: { maxPeer: 1 } }],
    ['serializer', { serializer: {} }],
    ['random', { random: 4 }],
    ['serialiser', { serialiser: {} }],
  ])('refuses a wrong option %s', async (option, wrong) => {
    await using world = await RemoteWorld.of('a')
    const { system, cluster } = world.node('a')
    const options = { system, cluster, ...wrong } as unknown as Parameters<
      typeof Remoting.attach
    >[0]
    expect(() => Remoting.attach(options)).toThrow(
      expect.objectContaining({
        code: 'CASTY_REMOTE_INVALID_OPTION',
        message: expect.stringContaining(option),
      }),
    )
  })
})

test('whoever watches an actor of another node is told when it stops', async () => {
  await using world = await RemoteWorld.of('a b')
  const stopping = Behaviors.receive<string>(() => Behaviors.stopped)
  world.node('b').system.spawn(stopping, { name: 'stopping' })
  const ref = world.ref<string>('a', 'b', '/stopping')
  const endings: string[] = []
  world.node('a').system.whenStopped(ref, (ending) => endings.push(ending))
  await world.settle()
  ref.tell('x')
  await world.settle()
  expect(endings).toEqual(['stopped'])
})
