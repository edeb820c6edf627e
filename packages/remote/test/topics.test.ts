import { ActorSystem, Behaviors, type ActorRef } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import { Topics, type Topic, type TopicsOptions } from '@casty/remote'
import { ActorWorld, type ActorNode } from './actor-world.ts'

interface Reader extends ActorNode {
  readonly topics: Topics
  readonly news: Topic<string>
}

function readerOf(node: ActorNode, options: TopicsOptions = {}): Reader {
  const topics = new Topics(node.remote, options)
  return { ...node, topics, news: topics.topic('news') }
}

async function readers(world: ActorWorld, hosts: string): Promise<readonly Reader[]> {
  return (await world.startNodes(hosts)).map((node) => readerOf(node))
}

async function two(world: ActorWorld): Promise<readonly [Reader, Reader]> {
  const [a, b] = await readers(world, 'a b')
  if (!a || !b) throw new Error('There are no two')
  return [a, b]
}

async function one(world: ActorWorld): Promise<Reader> {
  const [a] = await readers(world, 'a')
  if (!a) throw new Error('There is none')
  return a
}

/** Subscribes, and keeps what it is told. */
function subscribed(reader: Reader): {
  readonly told: string[]
  readonly subscription: Disposable
} {
  const told: string[] = []
  return { told, subscription: reader.news.subscribe((text) => void told.push(text)) }
}

/** How many relays that node knows. */
function relays({ cluster }: Reader): number {
  return cluster.getState().registry.find('topic:news').length
}

describe('What is published', () => {
  test('reaches the subscribers of all nodes, in order, and each once', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const [onA, onB, alsoOnB] = [subscribed(a), subscribed(b), subscribed(b)]
    await world.until(() => relays(a) === 2, 5_000)
    for (let number = 1; number <= 5; number++) a.news.publish(`${number}`)
    await world.advance(50)
    for (const { told } of [onA, onB, alsoOnB]) expect(told).toEqual(['1', '2', '3', '4', '5'])
  })

  test('reaches those who subscribed on the same node with other topics of it', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const other = readerOf(a)
    const [first, second] = [subscribed(a), subscribed(other)]
    a.news.publish('one')
    other.news.publish('two')
    await world.advance(10)
    expect([first.told, second.told]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ])
  })

  test('reaches subscribers of its own node before gossip tells of them', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const { told } = subscribed(a)
    a.news.publish('hello')
    await world.advance(1)
    expect(told).toEqual(['hello'])
  })

  test('reaches nobody else', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const { told } = subscribed(a)
    a.topics.topic<string>('weather').publish('rain')
    await world.advance(10)
    expect(told).toEqual([])
  })

  test('goes once to a node, however many subscribe there', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    for (let count = 0; count < 10; count++) subscribed(b)
    await world.until(() => relays(a) > 0, 5_000)
    expect(relays(a)).toBe(1)
  })

  test('is dropped where too much waits, and is a dead letter', async () => {
    await using world = new ActorWorld()
    const [node] = await world.startNodes('a')
    if (!node) throw new Error('There is none')
    const a = readerOf(node, { mailbox: { capacity: 3 } })
    const { told } = subscribed(a)
    await world.advance(1)
    for (let number = 1; number <= 5; number++) a.news.publish(`${number}`)
    await world.advance(1)
    expect(told).toEqual(['1', '2', '3'])
    expect(a.system.deadLetters).toMatchObject({ 'mailbox-full': 2 })
  })
})

describe('A subscriber of a topic', () => {
  test('may be an actor, and is let go when it stops', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const told: string[] = []
    const ref: ActorRef<string> = a.system.spawn(
      Behaviors.receiveMessage<string>((text) => void told.push(text)),
    )
    a.news.subscribe(ref)
    a.news.publish('hello')
    await world.advance(1)
    expect([told, relays(a)]).toEqual([['hello'], 1])
    await world.settled(a.system.stop(ref))
    expect(relays(a)).toBe(0)
    a.news.publish('anybody?')
    await world.advance(1)
    expect(a.system.deadLetters).toEqual({})
  })

  test('is told no more once it withdrew; with the last of them the relay goes', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const [left, right] = [subscribed(b), subscribed(b)]
    await world.until(() => relays(a) === 1, 5_000)
    left.subscription[Symbol.dispose]()
    a.news.publish('hello')
    await world.advance(50)
    expect([left.told, right.told]).toEqual([[], ['hello']])
    right.subscription[Symbol.dispose]()
    await world.until(() => relays(a) === 0, 5_000)
    const again = subscribed(b)
    await world.until(() => relays(a) === 1, 5_000)
    a.news.publish('again')
    await world.advance(50)
    expect([right.told, again.told]).toEqual([['hello'], ['again']])
  })

  test('that throws is logged, and others are told', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    a.news.subscribe(() => {
      throw new Error('not today')
    })
    const { told } = subscribed(a)
    a.news.publish('hello')
    await world.advance(1)
    expect(told).toEqual(['hello'])
    expect(a.log.map(({ message }) => message)).toContain('A subscriber of topic news threw')
  })

  test('that withdraws another while told spares it', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const others: Disposable[] = []
    a.news.subscribe(() => {
      for (const other of others) other[Symbol.dispose]()
    })
    const { told, subscription } = subscribed(a)
    others.push(subscription)
    a.news.publish('hello')
    await world.advance(1)
    expect(told).toEqual([])
  })

  test('is told no more once the topics were disposed of', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const { told, subscription } = subscribed(a)
    a.topics[Symbol.dispose]()
    a.news.publish('hello')
    await world.advance(1)
    subscription[Symbol.dispose]()
    expect([told, relays(a)]).toEqual([[], 0])
  })
})

test('A topic takes subscribers of its own node alone', async () => {
  await using world = new ActorWorld()
  const [a, b] = await two(world)
  const distant = a.remote.ref<string>(b.cluster.self, '/reader')
  expect(() => a.news.subscribe(distant)).toThrow(
    expect.objectContaining({ code: 'CASTY_REMOTE_INVALID_OPTION' }),
  )
  expect(relays(a)).toBe(0)
})

test('What cannot be sent reaches nobody', async () => {
  await using world = new ActorWorld()
  const [a, b] = await two(world)
  const [onA, onB] = [subscribed(a), subscribed(b)]
  await world.until(() => relays(a) === 2, 5_000)
  const nonsense = a.topics.topic<() => void>('news')
  expect(() => nonsense.publish(() => {})).toThrow(
    expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }),
  )
  await world.advance(50)
  expect([onA.told, onB.told]).toEqual([[], []])
})

test('A topic needs a name', async () => {
  await using world = new ActorWorld()
  const a = await one(world)
  expect(() => a.topics.topic('')).toThrow(
    expect.objectContaining({ code: 'CASTY_REMOTE_INVALID_OPTION' }),
  )
})

test('a node tells who subscribed to what, and counts', async () => {
  await using world = new ActorWorld()
  const [a, b] = await two(world)
  subscribed(b)
  const second = subscribed(b)
  await world.until(() => relays(a) === 1, 5_000)
  a.news.publish('hello')
  const nodes = [b.cluster.self.key]
  expect(a.topics.explain()).toEqual([{ topic: 'news', subscribers: 0, nodes }])
  expect(b.topics.explain()).toEqual([{ topic: 'news', subscribers: 2, nodes }])
  expect(a.topics.metrics()).toEqual({ topics: 0, subscribers: 0, published: 1 })
  second.subscription[Symbol.dispose]()
  expect(b.topics.metrics()).toEqual({ topics: 1, subscribers: 1, published: 0 })
})

describe('A subscription that cannot be had', () => {
  test('leaves no relay behind where the node is no member any more', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    let actors = 0
    a.system.subscribe(({ type }) => {
      if (type === 'actor-started') actors++
      if (type === 'actor-stopped') actors--
    })
    await a.cluster.shutdown()
    for (let time = 0; time < 10; time++) {
      expect(() => subscribed(a)).toThrow(
        expect.objectContaining({ code: 'CASTY_MEMBERSHIP_STOPPED' }),
      )
    }
    await world.advance(10)
    expect(actors).toBe(0)
  })

  test('leaves nothing behind where the actor is of another system', async () => {
    await using world = new ActorWorld()
    const a = await one(world)
    const other = new ActorSystem({ clock: world.clock })
    const told: string[] = []
    const stranger = other.spawn(Behaviors.receiveMessage<string>((text) => void told.push(text)))
    expect(() => a.news.subscribe(stranger)).toThrow(
      expect.objectContaining({ code: 'CASTY_ACTOR_FOREIGN_REF' }),
    )
    expect(relays(a)).toBe(0)
    a.news.publish('hello')
    await world.advance(10)
    expect(told).toEqual([])
    await other.shutdown()
  })
})
