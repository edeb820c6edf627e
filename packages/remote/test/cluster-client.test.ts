// A process outside of the cluster that uses it.
import { Behaviors, type ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import {
  BroadcastRef,
  ClientAccess,
  Receptionist,
  ServiceKey,
  Topics,
  type ClusterClientOptions,
} from '@casty/remote'
import { ClientWorld, type TestClient } from './client-world.ts'
import { echoing, writing, type Question } from './remote-world.ts'

const echoes = new ServiceKey<Question>('echoes')

async function echo(world: ClientWorld, { client }: TestClient, host: string): Promise<unknown> {
  const ref = client.ref<Question>(world.node(host).cluster.self, '/echo')
  const ask = client.ask(ref, (replyTo: ActorRef<unknown>) => ({ about: `from ${host}`, replyTo }))
  return await world.settled(ask)
}

test('a client finds services, and gets answers from each of them', async () => {
  await using world = await ClientWorld.with('a b c')
  for (const { remoting, system } of world.nodes) {
    const ref = system.spawn(echoing, { name: 'echo' })
    new Receptionist(remoting).register(echoes, ref)
  }
  await world.settle()
  const client = await world.client('x')
  const { instances } = client.client.lookup(echoes)
  expect(instances.map(({ node }) => node.address.host)).toEqual(['a', 'b', 'c'])
  for (const { ref } of instances) {
    const ask = client.client.ask(ref, (replyTo: ActorRef<unknown>) => ({ about: 7, replyTo }))
    expect(await world.settled(ask)).toBe(7)
  }
})

test('a client is no member, and is told of members and services that come and go', async () => {
  await using world = await ClientWorld.with('a b')
  const { client } = await world.client('x')
  const told: number[] = []
  client.subscribeListing(echoes, ({ instances }) => told.push(instances.length))
  const c = await world.start('c')
  await world.untilAllUp()
  const registration = new Receptionist(c.remoting).register(echoes, c.system.spawn(echoing))
  await world.until(() => told.length === 2)
  registration[Symbol.dispose]()
  await world.until(() => told.length === 3)
  expect(told).toEqual([0, 1, 0])
  const hostsIn = (members: readonly { readonly address: { readonly host: string } }[]): string[] =>
    members.map(({ address }) => address.host)
  expect(hostsIn(client.cluster.getState().members)).toEqual(['a', 'b', 'c'])
  expect(hostsIn(c.cluster.getState().members)).toEqual(['a', 'b', 'c'])
})

test('refs to actors of a client work from every member, though nothing listens there', async () => {
  await using world = await ClientWorld.with('a b c')
  const client = await world.client('x')
  const log: unknown[] = []
  const mine = client.system.spawn(writing(log))
  const forwarding = Behaviors.receive<{ readonly ref: ActorRef<string> }>(({ ref }) => {
    world.ref<{ readonly ref: ActorRef<string> }>('b', 'c', '/telling').tell({ ref })
  })
  world.node('b').system.spawn(forwarding, { name: 'forwarding' })
  const telling = Behaviors.receive<{ readonly ref: ActorRef<string> }>(({ ref }) =>
    ref.tell('from c'),
  )
  world.node('c').system.spawn(telling, { name: 'telling' })
  await world.settle()
  client.client
    .ref<{ readonly ref: ActorRef<unknown> }>(world.node('b').cluster.self, '/forwarding')
    .tell({ ref: mine })
  await world.settle()
  expect(log).toEqual(['from c'])
})

test('members and clients watch actors of each other', async () => {
  await using world = await ClientWorld.with('a b')
  const { client, system } = await world.client('x')
  const { system: there, remoting, cluster } = world.node('b')
  const theirs = there.spawn(Behaviors.ignore, { name: 'theirs' })
  const mine = system.spawn(Behaviors.ignore, { name: 'mine' })
  const heard: string[] = []
  system.whenStopped(client.ref(cluster.self, '/theirs'), (ending) => heard.push(`b ${ending}`))
  there.whenStopped(remoting.ref(client.self, '/mine'), (ending) => heard.push(`x ${ending}`))
  await world.settle()
  void there.stop(theirs)
  void system.stop(mine)
  await world.settle()
  expect(heard.toSorted()).toEqual(['b stopped', 'x stopped'])
})

test('what members have of a client ends when it says goodbye', async () => {
  await using world = await ClientWorld.with('a b')
  const { client, system } = await world.client('x')
  system.spawn(Behaviors.ignore, { name: 'mine' })
  const { system: there, remoting, lost } = world.node('b')
  const ref = remoting.ref<string>(client.self, '/mine')
  const heard: string[] = []
  there.whenStopped(ref, (ending) => heard.push(ending))
  const asked = there.ask(ref as ActorRef<unknown>, (replyTo) => replyTo, { timeoutMs: 60_000 })
  const outcome = expect(asked).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
  await world.settle()
  await client[Symbol.asyncDispose]()
  await world.settle()
  expect(heard).toEqual(['node-gone'])
  await outcome
  ref.tell('too late')
  expect(lost.at(-1)).toMatch(/^node-gone .*: "too late"$/)
  expect(world.access.get('b')?.clients).toEqual([])
})

test('a client that falls silent is gone after a while, and may come back', async () => {
  await using world = await ClientWorld.with('a b')
  const client = await world.client('x')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  client.system.spawn(Behaviors.ignore, { name: 'mine' })
  const { system: there, remoting, cluster } = world.node('b')
  const brief = there.spawn(Behaviors.ignore, { name: 'brief' })
  const heard: string[] = []
  there.whenStopped(remoting.ref(client.client.self, '/mine'), (ending) =>
    heard.push(`x ${ending}`),
  )
  for (const path of ['/echo', '/brief']) {
    const ref = client.client.ref<never>(cluster.self, path)
    client.system.whenStopped(ref, (ending) => heard.push(`${path} ${ending}`))
  }
  await world.settle()
  for (const host of ['a', 'b']) world.cut(client, host)
  await world.until(() => heard.length > 0)
  expect(heard).toEqual(['x node-gone'])
  expect(client.client.contact).toBeUndefined()
  expect(client.client.explain().summary).toContain('has no contact')
  await there.stop(brief)
  world.network.heal()
  await world.until(() => client.client.contact !== undefined)
  await world.until(() => heard.length > 1)
  expect(heard).toEqual(['x node-gone', '/brief stopped']) // What the client watches it watches on.
  expect(await echo(world, client, 'b')).toBe('from b')
  await there.stop(there.lookup('/echo') ?? brief)
  await world.until(() => heard.length > 2)
  expect(heard.at(-1)).toBe('/echo stopped')
})

test('a client goes on when all members that it was given are gone', async () => {
  await using world = await ClientWorld.with('a b c')
  const client = await world.client('x', { contactPoints: ['a:1', 'b:1'] })
  await world.settle()
  for (const host of ['d', 'e']) await world.start(host, { cluster: { seedNodes: ['c:1'] } })
  await world.untilAllUp()
  for (const host of ['a', 'b', 'c']) await world.kill(host)
  world.node('e').system.spawn(echoing, { name: 'echo' })
  await world.until(() => ['d', 'e'].includes(client.client.contact?.address.host ?? ''))
  expect(await echo(world, client, 'e')).toBe('from e')
})

test('a client takes another contact where its own is silent, and where it leaves', async () => {
  await using world = await ClientWorld.with('a b c')
  const client = await world.client('x', { contactPoints: ['a:1'] })
  const changes: string[] = []
  client.client.subscribe((event) => {
    if (event.type === 'contact-changed') changes.push(`${event.reason}`)
  })
  await world.settle()
  const first = client.client.contact?.address.host ?? ''
  world.cut(client, first)
  const start = world.clock.now()
  await world.until(() => changes.length === 1)
  expect(world.clock.now() - start).toBeLessThanOrEqual(5_100)
  const second = client.client.contact?.address.host ?? ''
  expect(second).not.toBe(first)
  void world.node(second).cluster.leave()
  await world.until(() => changes.length === 2, 5_000)
  expect(changes).toEqual(['silent', 'leaving'])
})

test('a client finds a cluster that was started anew at the same addresses', async () => {
  await using world = await ClientWorld.with('a b')
  const client = await world.client('x')
  for (const host of ['a', 'b']) await world.kill(host)
  await world.until(() => client.client.contact === undefined)
  for (const host of ['a', 'b']) await world.start(host)
  await world.untilAllUp()
  const now = world.nodes.map(({ cluster }) => cluster.self.key)
  await world.until(() => {
    const { members } = client.client.cluster.getState()
    return members.map(({ key }) => key).join() === now.join()
  })
  world.node('b').system.spawn(echoing, { name: 'echo' })
  expect(await echo(world, client, 'b')).toBe('from b')
})

test.each([
  ['some', ['b']],
  ['all', ['a', 'b', 'c']],
])(
  'a client reaches all of a cluster that was started anew while the clocks of %s were set back',
  async (_, setBack) => {
    await using world = await ClientWorld.with('a b c')
    const client = await world.client('x')
    await world.until(() =>
      world.nodes.every(({ cluster }) => client.client.isInReach(cluster.self)),
    )
    const former = world.nodes.map(({ cluster }) => cluster.self)
    for (const host of ['a', 'b', 'c']) await world.kill(host)
    for (const host of ['a', 'b', 'c']) {
      const byMs = setBack.includes(host) ? 245_000 : 0
      world.clock.setWallNow(world.clock.wallNow() - byMs)
      await world.start(host)
      world.clock.setWallNow(world.clock.wallNow() + byMs)
    }
    await world.untilAllUp()
    await world.until(() =>
      world.nodes.every(
        ({ cluster }) =>
          client.client.isInReach(cluster.self) &&
          client.client.cluster.getState().member(cluster.self) !== undefined,
      ),
    )
    for (const { system } of world.nodes) system.spawn(echoing, { name: 'echo' })
    for (const node of former) client.client.ref<unknown>(node, '/echo').tell('to a former life')
    for (const host of ['a', 'b', 'c']) {
      expect(await echo(world, client, host)).toBe(`from ${host}`)
    }
  },
)

test('a member takes as many clients as it may, and a client tries others', async () => {
  await using world = await ClientWorld.with('a b', { maxClients: 1 })
  world.access.get('b')?.[Symbol.dispose]()
  const first = await world.client('x')
  expect(first.client.contact?.address.host).toBe('a')
  await expect(world.client('y', { connectTimeoutMs: 3_000 })).rejects.toMatchObject({
    code: 'CASTY_REMOTE_NO_CONTACT',
    message: expect.stringMatching(/a:1#\d+: full/),
  })
  expect(world.access.get('a')?.metrics()).toMatchObject({ clients: 1 })
  expect(world.access.get('a')?.metrics().refused).toBeGreaterThan(0)
  world.access.set('b', new ClientAccess(world.node('b').remoting))
  const second = await world.client('z', { contactPoints: ['a:1', 'b:1'] })
  expect(second.client.contact?.address.host).toBe('b')
})

test('what a client sends beyond its share is dropped and counted, and it is told', async () => {
  await using world = await ClientWorld.with('a', { maxFramesPerSecond: 10 })
  const log: unknown[] = []
  const { system, cluster } = world.node('a')
  system.spawn(writing(log), { name: 'log' })
  const { client } = await world.client('x')
  const told: number[] = []
  client.subscribe((event) => event.type === 'member-busy' && told.push(event.dropped))
  const ref = client.ref<number>(cluster.self, '/log')
  for (let number = 0; number < 100; number++) ref.tell(number)
  await world.settle()
  expect(told).toHaveLength(1)
  expect(log.length).toBeGreaterThanOrEqual(9)
  expect(log.length).toBeLessThanOrEqual(11)
  const dropped = world.access.get('a')?.metrics().dropped['too-many-frames'] ?? 0
  expect(dropped + log.length).toBeGreaterThanOrEqual(100)
  await world.clock.advanceAsync(1_000)
  ref.tell(100)
  await world.settle()
  expect(log.at(-1)).toBe(100)
})

test('two clients with the same settings do not take the place of each other', async () => {
  await using world = await ClientWorld.with('a b')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  const clients = [await world.client('x'), await world.client('x')]
  for (let round = 0; round < 3; round++) {
    for (const client of clients) expect(await echo(world, client, 'b')).toBe('from b')
  }
})

test('a client dials through a map, and members keep their names', async () => {
  await using world = await ClientWorld.with('a b')
  world.node('b').system.spawn(echoing, { name: 'echo' })
  const client = await world.client('x', {
    contactPoints: ['office:2551'],
    addressMap: { 'office:2551': 'a:1' },
  })
  expect(client.client.contact?.key).toMatch(/^[ab]:1#/)
  expect(await echo(world, client, 'b')).toBe('from b')
})

test('a client that listens is dialled by members', async () => {
  await using world = await ClientWorld.with('a b')
  const client = await world.client('x', {
    listen: { host: 'x', port: 9, insecure: true },
    maxConnections: 1,
  })
  const log: unknown[] = []
  client.system.spawn(writing(log), { name: 'log' })
  expect(client.client.self.address.toString()).toBe('x:9')
  for (const { remoting } of world.nodes) remoting.ref(client.client.self, '/log').tell('hello')
  await world.settle()
  expect(log).toEqual(['hello', 'hello'])
})

test('a client that listens where others reach it needs no secret where its transport has TLS', async () => {
  await using world = await ClientWorld.with('a')
  const plain = world.network.transport({ host: 'x' })
  const vouched = { names: ['URI:casty://casty/a'] } as const
  const client = await world.client('x', {
    transport: {
      ...plain,
      security: 'mutual-tls',
      listen: (address, accept) => plain.listen(address, accept),
      dial: async (...dial) => Object.assign(await plain.dial(...dial), { proof: vouched }),
    },
    listen: { host: 'x', port: 9 },
  })
  expect(client.client.self.address.toString()).toBe('x:9')
})

test('a client publishes to topics, and asks all members at once', async () => {
  await using world = await ClientWorld.with('a b')
  const heard: string[] = []
  for (const { host, remoting, system } of world.nodes) {
    new Topics(remoting).topic<string>('news').subscribe((text) => heard.push(`${host}: ${text}`))
    system.spawn(echoing, { name: 'echo' })
  }
  await world.clock.advanceAsync(2_000)
  const { client } = await world.client('x')
  client.topic<string>('news').publish('hello')
  await world.settle()
  expect(heard.toSorted()).toEqual(['a: hello', 'b: hello'])
  const asked = new BroadcastRef<Question>(client, '/echo').ask((replyTo) => ({
    about: 1,
    replyTo,
  }))
  expect((await world.settled(asked)).answers.size).toBe(2)
})

test('a client subscribes to topics through its contact, and each message comes once', async () => {
  await using world = await ClientWorld.with('a b c')
  const client = await world.client('x')
  const other = await world.client('y')
  const heard: string[] = []
  const subscription = client.client.topic<string>('news').subscribe((text) => heard.push(text))
  await world.clock.advanceAsync(2_000)
  for (const { host, remoting } of world.nodes) {
    new Topics(remoting).topic<string>('news').publish(`from ${host}`)
  }
  other.client.topic<string>('news').publish('from y')
  client.client.topic<string>('news').publish('from x')
  await world.settle()
  expect(heard.toSorted()).toEqual(['from a', 'from b', 'from c', 'from x', 'from y'])
  const first = client.client.contact?.address.host ?? ''
  world.cut(client, first)
  await world.until(() => client.client.contact?.address.host !== first)
  world.network.heal()
  await world.clock.advanceAsync(3_000)
  other.client.topic<string>('news').publish('again')
  await world.settle()
  expect(heard.filter((text) => text === 'again')).toHaveLength(1)
  subscription[Symbol.dispose]()
  await world.clock.advanceAsync(2_000)
  other.client.topic<string>('news').publish('too late')
  await world.settle()
  expect(heard).toHaveLength(6)
  const offered = world.nodes[0]?.cluster.getState().services.map(({ key }) => key)
  expect(offered).toEqual([])
})

test('what finds contact points is asked again while there is no contact', async () => {
  await using world = await ClientWorld.with('a b')
  const given: readonly (readonly string[])[] = [['nowhere:1'], ['b:1']]
  let asked = 0
  const contactPoints = (): readonly string[] => {
    const points = given[asked++ - 1]
    if (!points) throw new Error('no such name')
    return points
  }
  const { client } = await world.client('x', { contactPoints })
  expect(asked).toBe(3)
  expect(client.contact?.address.host).toBe('b')
  await world.clock.advanceAsync(10_000)
  expect(asked).toBe(3)
})

test('what finds contact points, and never ends, is asked again', async () => {
  await using world = await ClientWorld.with('a')
  let asked = 0
  const contactPoints = async (): Promise<readonly string[]> => {
    asked++
    if (asked === 2) return await new Promise<never>(() => {})
    return [asked === 1 ? 'a:1' : 'c:1']
  }
  const { client } = await world.client('x', { contactPoints, connectTimeoutMs: 3_000 })
  await world.kill('a')
  await world.until(() => asked === 2)
  await world.start('c', { cluster: { seedNodes: ['c:1'] } })
  await world.until(() => client.contact?.address.host === 'c', 20_000)
  expect(asked).toBe(3)
})

test('connecting fails where nobody lets clients in, and says what came of each attempt', async () => {
  await using world = new ClientWorld()
  const attempt = world.client('x', { connectTimeoutMs: 3_000, contactPoints: ['nowhere:1'] })
  await expect(attempt).rejects.toMatchObject({
    code: 'CASTY_REMOTE_NO_CONTACT',
    message: expect.stringContaining('nowhere:1: '),
  })
  const abort = new AbortController()
  const aborted = world.client('y', { signal: abort.signal, contactPoints: ['nowhere:1'] })
  abort.abort(new Error('changed my mind'))
  await expect(aborted).rejects.toThrow('changed my mind')
})

test.each([
  [{ contactPoints: [] }, 'contactPoints'],
  [{ contactPoints: ['nonsense'] }, 'contactPoints'],
  [{ heartbeatIntervalMs: 3_000 }, 'contactTimeoutMs'],
  [{ maxConnections: 0 }, 'maxConnections'],
  [{ addressMap: { 'a:1': 'nonsense' } }, 'addressMap'],
  [{ hearbeatMs: 1 }, 'hearbeatMs'],
  [{ system: undefined }, 'system'],
  [{ listen: 'b:1' }, 'listen'],
])('connecting refuses %j, and names the option', async (options, name) => {
  await using world = new ClientWorld()
  // Wrong values are what is tested.
  const wrong = options as Partial<ClusterClientOptions>
  await expect(world.client('x', wrong)).rejects.toMatchObject({
    code: 'CASTY_REMOTE_INVALID_OPTION',
    message: expect.stringContaining(`Option ${name} `),
  })
})

test('a client whose actors have ended before it goes on looking for a contact', async () => {
  await using world = await ClientWorld.with('a b c')
  const test = await world.client('x')
  const { client, system } = test
  client.topic<string>('news').subscribe(() => {})
  await world.clock.advanceAsync(1_000)
  await world.settled(system.shutdown())
  for (const count of [1, 2]) {
    const contact = client.contact?.address.host ?? ''
    await world.kill(contact)
    await world.until(() => client.contact !== undefined && client.contact.address.host !== contact)
    expect(client.explain().contactChanges).toBeGreaterThanOrEqual(count)
  }
})
