import { ActorSystem, Behaviors, type ActorRef } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import { hostOf } from '../../membership/test/cluster-world.ts'
import { Receptionist, ServiceKey, type Listing } from '@casty/remote'
import { ActorWorld, type ActorNode } from './actor-world.ts'

const printers = new ServiceKey<string>('printers')

interface Office extends ActorNode {
  readonly receptionist: Receptionist
  readonly printed: string[]
  readonly printer: ActorRef<string>
}

/** Nodes with a receptionist each, and a printer that is not registered yet. */
async function offices(world: ActorWorld, hosts: string): Promise<Office[]> {
  const nodes = await world.startNodes(hosts)
  return nodes.map(officeOf)
}

function officeOf(node: ActorNode): Office {
  const printed: string[] = []
  const behavior = Behaviors.receiveMessage<string>((text) => void printed.push(text))
  const printer = node.system.spawn(behavior, { name: 'printer' })
  return { ...node, receptionist: new Receptionist(node.remote), printed, printer }
}

/** `'a b✗'`: hosts, marked where they cannot be reached. */
function shown({ instances }: Listing<string>): string {
  return instances
    .map(({ node, isReachable }) => hostOf(node.key) + (isReachable ? '' : '✗'))
    .join(' ')
}

/** Everything that a subscriber was told, as text. */
function subscribed(office: Office): {
  readonly told: string[]
  readonly subscription: Disposable
} {
  const told: string[] = []
  const subscription = office.receptionist.subscribe(
    printers,
    (listing) => void told.push(shown(listing)),
  )
  return { told, subscription }
}

async function two(world: ActorWorld): Promise<readonly [Office, Office]> {
  const [a, b] = await offices(world, 'a b')
  if (!a || !b) throw new Error('There are no two')
  return [a, b]
}

describe('An actor that is registered', () => {
  test('is found at once where it lives, and soon from everywhere', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    a.receptionist.register(printers, a.printer)
    expect(shown(a.receptionist.find(printers))).toBe('a')
    await world.until(() => shown(b.receptionist.find(printers)) === 'a', 5_000)
    for (const { ref } of b.receptionist.find(printers).instances) ref.tell('hello')
    await world.advance(50)
    expect(a.printed).toEqual(['hello'])
  })

  test('is withdrawn everywhere when its registration is disposed of', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const registration = a.receptionist.register(printers, a.printer)
    await world.until(() => shown(b.receptionist.find(printers)) === 'a', 5_000)
    registration[Symbol.dispose]()
    registration[Symbol.dispose]()
    expect(shown(a.receptionist.find(printers))).toBe('')
    await world.until(() => shown(b.receptionist.find(printers)) === '', 5_000)
  })

  test('stays while one of those who registered it wants it to', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const first = a.receptionist.register(printers, a.printer)
    const second = a.receptionist.register(printers, a.printer)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(shown(a.receptionist.find(printers))).toBe('a')
    second[Symbol.dispose]()
    expect(shown(a.receptionist.find(printers))).toBe('')
  })

  test('is withdrawn everywhere when it stops', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const registration = a.receptionist.register(printers, a.printer)
    await world.until(() => shown(b.receptionist.find(printers)) === 'a', 5_000)
    await world.settled(a.system.stop(a.printer))
    expect(shown(a.receptionist.find(printers))).toBe('')
    await world.until(() => shown(b.receptionist.find(printers)) === '', 5_000)
    registration[Symbol.dispose]()
  })

  test('before its node was admitted is found once it was', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const b = officeOf(await world.startNode('b'))
    b.receptionist.register(printers, b.printer)
    await world.until(() => shown(a.receptionist.find(printers)) === 'b', 10_000)
    expect(shown(b.receptionist.find(printers))).toBe('b')
  })

  test('that has stopped before is not offered', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    await world.settled(a.system.stop(a.printer))
    a.receptionist.register(printers, a.printer)
    expect(shown(a.receptionist.find(printers))).toBe('')
  })

  test('is marked while its node cannot be reached, and gone when that is removed', async () => {
    await using world = new ActorWorld()
    const [a, b] = await offices(world, 'a b c')
    if (!a || !b) throw new Error('There are no two')
    b.receptionist.register(printers, b.printer)
    const { told } = subscribed(a)
    await world.until(() => told.at(-1) === 'b', 5_000)
    await world.kill('b')
    await world.until(() => told.at(-1) === 'b✗', 30_000)
    a.cluster.down(b.cluster.self)
    await world.until(() => told.at(-1) === '', 30_000)
    expect(told).toEqual(['', 'b', 'b✗', ''])
  })

  test('is another one after its node was started again', async () => {
    await using world = new ActorWorld()
    const [a, b] = await offices(world, 'a b c')
    if (!a || !b) throw new Error('There are no two')
    b.receptionist.register(printers, b.printer)
    await world.until(() => shown(a.receptionist.find(printers)) === 'b', 5_000)
    await world.kill('b')
    await world.advance(1_000)
    const again = officeOf(await world.startNode('b'))
    await world.until(() => world.allUp(3), 30_000)
    expect(shown(a.receptionist.find(printers))).toBe('')
    again.receptionist.register(printers, again.printer)
    await world.until(() => shown(a.receptionist.find(printers)) === 'b', 5_000)
    expect(a.receptionist.find(printers).instances[0]?.node.key).toBe(again.cluster.self.key)
  })

  test('registers itself as it begins, and once although it restarts, where it is discoverable', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const behavior = Behaviors.receiveMessage<string>((text) =>
      text === 'again' ? Behaviors.restart : undefined,
    )
    const ref = a.system.spawn(a.receptionist.discoverable(behavior, printers))
    await world.advance(1)
    expect(shown(a.receptionist.find(printers))).toBe('a')
    ref.tell('again')
    await world.advance(1)
    expect(shown(a.receptionist.find(printers))).toBe('a')
    await world.settled(a.system.stop(ref))
    expect(shown(a.receptionist.find(printers))).toBe('')
  })
})

describe('A subscriber of a service', () => {
  test('is told who is registered at once, and then of changes alone', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    a.receptionist.register(printers, a.printer)
    const { told, subscription } = subscribed(b)
    await world.until(() => told.length === 2, 5_000)
    b.receptionist.register(new ServiceKey<string>('others'), b.printer)
    b.receptionist.register(printers, b.printer)
    await world.advance(5_000)
    expect(told).toEqual(['', 'a', 'a b'])
    subscription[Symbol.dispose]()
    subscription[Symbol.dispose]()
    await world.settled(a.system.stop(a.printer))
    await world.advance(5_000)
    expect(told).toHaveLength(3)
  })

  test('may be an actor, which is told until it stops', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const told: string[] = []
    const subscriber = a.system.spawn(
      Behaviors.receiveMessage<Listing<string>>((listing) => void told.push(shown(listing))),
    )
    a.receptionist.subscribe(printers, subscriber)
    const registration = a.receptionist.register(printers, a.printer)
    await world.advance(1)
    expect(told).toEqual(['', 'a'])
    await world.settled(a.system.stop(subscriber))
    const deadLetters = { ...a.system.deadLetters }
    registration[Symbol.dispose]()
    await world.advance(1)
    expect({ ...a.system.deadLetters }).toEqual(deadLetters)
  })

  test('that throws is logged, and others are told', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    a.receptionist.subscribe(printers, () => {
      throw new Error('not today')
    })
    const { told } = subscribed(a)
    a.receptionist.register(printers, a.printer)
    expect(told).toEqual(['', 'a'])
    expect(a.log.map(({ message }) => message)).toContain('A listener of service printers threw')
  })

  test('that subscribes another is not told twice', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const inner: { told: string[] }[] = []
    a.receptionist.subscribe(printers, ({ instances }) => {
      if (instances.length > 0) inner.push(subscribed(a))
    })
    a.receptionist.register(printers, a.printer)
    expect(inner.map(({ told }) => told)).toEqual([['a']])
  })
})

describe('A receptionist', () => {
  test('takes no actor of other messages under a key, as far as types go', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const counter: ActorRef<number> = a.system.spawn(Behaviors.receiveMessage<number>(() => {}))
    // @ts-expect-error: printers take text
    const registration = a.receptionist.register(printers, counter)
    registration[Symbol.dispose]()
    // @ts-expect-error: as above
    const wrong: ServiceKey<number> = printers
    expect(wrong.name).toBe('printers')
  })

  test('takes actors of its own node alone, as services and as subscribers', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const distant = a.remote.ref<string>(b.cluster.self, '/printer')
    const subscriber = a.remote.ref<Listing<string>>(b.cluster.self, '/subscriber')
    const refused = expect.objectContaining({ code: 'CASTY_REMOTE_INVALID_OPTION' })
    expect(() => a.receptionist.register(printers, distant)).toThrow(refused)
    expect(() => a.receptionist.subscribe(printers, subscriber)).toThrow(refused)
  })

  test('withdraws what it offered when it is disposed of', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    a.receptionist.register(printers, a.printer)
    await world.until(() => shown(b.receptionist.find(printers)) === 'a', 5_000)
    a.receptionist[Symbol.dispose]()
    await world.until(() => shown(b.receptionist.find(printers)) === '', 5_000)
  })

  test('passes by what is in the registry and is no ref', async () => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    a.cluster.registerService('service:printers', 'nonsense')
    expect(shown(a.receptionist.find(printers))).toBe('')
  })

  test.each([
    ['a name for a key', 'printers'],
    ['nothing for a key', undefined],
    ['what has no name', {}],
  ])('is told so where it is given %s', async (_what, key) => {
    await using world = new ActorWorld()
    const [a] = await offices(world, 'a')
    if (!a) throw new Error('There is none')
    const given = key as unknown as typeof printers
    const refused = (of: string): Error =>
      expect.objectContaining({
        code: 'CASTY_REMOTE_INVALID_OPTION',
        message: expect.stringContaining(`Option key of ${of}() is `) as string,
      })
    expect(() => a.receptionist.register(given, a.printer)).toThrow(refused('register'))
    expect(() => a.receptionist.find(given)).toThrow(refused('find'))
    expect(() => a.receptionist.subscribe(given, () => {})).toThrow(refused('subscribe'))
  })

  test.each(['', 'x'.repeat(301), 'x\ud800'])('takes no key named %j', (name) => {
    expect(() => new ServiceKey(name)).toThrow(
      expect.objectContaining({ code: 'CASTY_REMOTE_INVALID_OPTION' }),
    )
  })
})

test('an actor of another system is neither registered nor told', async () => {
  await using world = new ActorWorld()
  const [a] = await two(world)
  const other = new ActorSystem({ clock: world.clock })
  const told: unknown[] = []
  const stranger = other.spawn(Behaviors.receiveMessage<unknown>((one) => void told.push(one)))
  const foreign = expect.objectContaining({ code: 'CASTY_ACTOR_FOREIGN_REF' }) as Error
  for (let time = 0; time < 2; time++) {
    expect(() => a.receptionist.register(printers, stranger)).toThrow(foreign)
    expect(() => a.receptionist.subscribe(printers, stranger)).toThrow(foreign)
  }
  expect(shown(a.receptionist.find(printers))).toBe('')
  told.length = 0
  a.receptionist.register(printers, a.printer)
  await world.advance(10)
  expect(told).toEqual([])
  await other.shutdown()
})

test('a receptionist tells who is registered where, and counts', async () => {
  await using world = new ActorWorld()
  const [a, b] = await two(world)
  a.receptionist.register(printers, a.printer)
  b.receptionist.register(printers, b.printer)
  subscribed(a)
  a.receptionist.subscribe(new ServiceKey<string>('absent'), () => {})
  await world.until(() => shown(a.receptionist.find(printers)) === 'a b', 5_000)
  const at = ({ cluster }: Office): unknown =>
    expect.stringMatching(new RegExp(`^${cluster.self.key} !\\d+/printer$`))
  expect(a.receptionist.explain()).toEqual([
    { service: 'absent', instances: [], subscriptions: 1 },
    { service: 'printers', instances: [at(a), at(b)], subscriptions: 1 },
  ])
  expect(a.receptionist.metrics()).toEqual({
    registered: 1,
    services: 1,
    instances: 2,
    subscriptions: 2,
  })
})
