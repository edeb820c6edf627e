// What a cluster adds to actors: entities, singletons, broadcasts, services and topics, on several nodes.
import { ActorSystem, type ActorRef, type Behavior } from '@casty/actor'
import { Behaviors, type ClusteredActorSystem } from '@casty/cluster'
import { inMemoryJournal, type EventJournal } from '@casty/persistence'
import { ServiceKey } from '@casty/remote'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

type Count =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'get'; readonly replyTo: ActorRef<number> }

function counter(): Behavior<Count> {
  let count = 0
  return Behaviors.receive((message) => {
    if (message.type === 'add') count += message.amount
    else message.replyTo.tell(count)
  })
}

const get = (replyTo: ActorRef<number>): Count => ({ type: 'get', replyTo })

function countersOn(node: ClusteredActorSystem): ReturnType<typeof spawnCounters> {
  return spawnCounters(node)
}

function spawnCounters(node: ClusteredActorSystem) {
  return node.spawn(Behaviors.sharded(counter, { numShards: 12 }), 'counters')
}

test('entities are one for each id, whichever node they are told from', async () => {
  await using world = await SystemWorld.start('a b c')
  const regions = world.nodes.map((node) => countersOn(node))
  for (const region of regions) {
    region.tell({ entityId: 'visits', message: { type: 'add', amount: 2 } })
  }
  await world.pass(3_000)
  for (const [at, node] of world.nodes.entries()) {
    const region = regions[at]
    if (!region) throw new Error('Each node has one')
    const byRegion = node.entityAsk(region, 'visits', get)
    const byName = node.entityAsk<Count, number>('counters', 'visits', get)
    const byRef = node.ask(node.entityRef(region, 'visits'), get)
    const byEnvelope = node.ask(region, (replyTo: ActorRef<number>) => ({
      entityId: 'visits',
      message: get(replyTo),
    }))
    const all = Promise.all([byRegion, byName, byRef, byEnvelope])
    expect(await world.settled(all)).toEqual([6, 6, 6, 6])
  }
})

test('entities are reached from a node that hosts none of them', async () => {
  await using world = await SystemWorld.start('a b')
  countersOn(world.node('a'))
  const b = world.node('b')
  const region = b.regionRef<Count>('counters', { numShards: 12 })
  region.tell({ entityId: 'visits', message: { type: 'add', amount: 1 } })
  expect(await world.settled(b.entityAsk(region, 'visits', get))).toBe(1)
  expect(b.region(region).statistics().entities).toBe(0)
})

test('a type whose number of shards nobody told is not guessed at', async () => {
  await using world = await SystemWorld.start('a')
  expect(() => world.node('a').regionRef('counters')).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: expect.stringContaining('number of shards'),
    }),
  )
})

test('entities get what they are told about themselves', async () => {
  await using world = await SystemWorld.start('a')
  const a = world.node('a')
  const behavior = Behaviors.sharded<ActorRef<string>>((entityId, { epoch }) =>
    Behaviors.receive((replyTo) => replyTo.tell(`${entityId} ${epoch > 0}`)),
  )
  const region = a.spawn(behavior, 'echo')
  const answer = a.entityAsk(region, 'x', (replyTo: ActorRef<string>) => replyTo)
  expect(await world.settled(answer)).toBe('x true')
})

test('what entities and singletons write to is there where their options name it', async () => {
  await using world = await SystemWorld.start('a')
  const a = world.node('a')
  const journal = inMemoryJournal()
  const saving = (kept: EventJournal): Behavior<Count> =>
    Behaviors.eventSourced<Count, number, number>({
      id: 'savings',
      journal: kept,
      initialState: 0,
      onCommand: (sum, message, { effects }) =>
        message.type === 'add'
          ? effects.persist(message.amount)
          : effects.reply(message.replyTo, sum),
      onEvent: (sum, amount) => sum + amount,
    })
  const options = { journal, numShards: 1 }
  const savings = a.spawn(
    Behaviors.sharded<Count>((_id, entity) => saving(entity.journal), options),
    'savings',
  )
  savings.tell({ entityId: 'x', message: { type: 'add', amount: 3 } })
  expect(await world.settled(a.entityAsk(savings, 'x', get))).toBe(3)

  const boss = a.spawn(
    Behaviors.singleton<Count>((context) => saving(context.journal), {
      journal: inMemoryJournal(),
    }),
    'boss',
  )
  expect(await world.settled(a.ask(boss, get))).toBe(0)
  Behaviors.sharded<Count>((_id, entity) => {
    // @ts-expect-error Without options that name one there is none.
    return saving(entity.journal)
  })
})

test('a singleton lives once, on the oldest node, and is reached from all', async () => {
  await using world = await SystemWorld.start('a b c')
  const started: string[] = []
  const bosses = world.nodes.map((node) => {
    const behavior = Behaviors.singleton(() => {
      started.push(node.selfNode.address.host)
      return counter()
    })
    return { node, ref: node.spawn(behavior, 'boss') }
  })
  await world.until(() => started.length > 0)
  for (const { ref } of bosses) ref.tell({ type: 'add', amount: 1 })
  await world.pass()
  const answers = bosses.map(({ node, ref }) => node.ask(ref, get))
  expect(await world.settled(Promise.all(answers))).toEqual([3, 3, 3])
  expect(started).toEqual(['a'])
})

test('a singleton moves to the next oldest when its node leaves, with what it hands over', async () => {
  await using world = await SystemWorld.start('a b c')
  const started: string[] = []
  for (const node of world.nodes) {
    const behavior = Behaviors.singleton<Count>((context) => {
      started.push(node.selfNode.address.host)
      let count = Number(context.handedOver ?? 0)
      context.handOver(() => count)
      return Behaviors.receive((message) => {
        if (message.type === 'add') count += message.amount
        else message.replyTo.tell(count)
      })
    })
    node.spawn(behavior, 'boss')
  }
  const c = world.node('c')
  const boss = c.singletonRef<Count>('boss')
  boss.tell({ type: 'add', amount: 7 })
  await world.until(() => started.length === 1)
  await world.pass()
  await world.shutdown('a')
  expect(await world.settled(c.ask(boss, get))).toBe(7)
  expect(started).toEqual(['a', 'b'])
})

test('a singleton starts elsewhere when its node is killed', async () => {
  await using world = await SystemWorld.start('a b c')
  const started: string[] = []
  for (const node of world.nodes) {
    node.spawn(
      Behaviors.singleton(() => {
        started.push(node.selfNode.address.host)
        return counter()
      }),
      'boss',
    )
  }
  await world.until(() => started.length === 1)
  await world.kill('a')
  await world.until(() => started.length === 2)
  expect(started).toEqual(['a', 'b'])
})

test('a singleton that is cut off acts no more when the next one does', async () => {
  await using world = await SystemWorld.start('a b c')
  const acted: string[] = []
  for (const node of world.nodes) {
    const { host } = node.selfNode.address
    const behavior = Behaviors.singleton<'tick'>(() =>
      Behaviors.withTimers((timers) => {
        timers.startPeriodic('tick', 'tick', 20)
        return Behaviors.receive(() => void acted.push(host))
      }),
    )
    node.spawn(behavior, 'boss')
  }
  await world.until(() => acted.length > 0)
  const [a, ...others] = world.nodes.map(({ selfNode }) => selfNode.address)
  if (!a) throw new Error('There are three nodes')
  world.network.partition([a], others)
  await world.until(() => acted.includes('b'))
  const last = acted.lastIndexOf('a')
  expect(acted.indexOf('b')).toBeGreaterThan(last)
  await world.settled(world.node('a').terminated, 60_000)
  expect(acted.lastIndexOf('a')).toBe(last)
})

test('a singleton starts again after it has stopped', async () => {
  await using world = await SystemWorld.start('a')
  let starts = 0
  const boss = world.node('a').spawn(
    Behaviors.singleton<'stop'>(() => {
      starts++
      return Behaviors.receive(() => Behaviors.stopped)
    }),
    'boss',
  )
  await world.until(() => starts === 1)
  boss.tell('stop')
  await world.until(() => starts === 2, 1_000)
  expect(starts).toBe(2)
})

test('a singleton lives on nodes with its role only', async () => {
  const world = new SystemWorld()
  await using _ = world
  await world.start('a')
  await world.start('b', { roles: ['worker'] })
  await world.until(() => world.nodes.every((node) => node.getClusterState().members.length === 2))
  const started: string[] = []
  for (const node of world.nodes) {
    node.spawn(
      Behaviors.singleton(
        () => {
          started.push(node.selfNode.address.host)
          return counter()
        },
        { role: 'worker' },
      ),
      'boss',
    )
  }
  await world.until(() => started.length > 0)
  const a = world.node('a')
  expect(await world.settled(a.ask(a.singletonRef<Count>('boss'), get))).toBe(0)
  expect(started).toEqual(['b'])
})

test('a singleton and a broadcast are reached from a node that has spawned neither', async () => {
  await using world = await SystemWorld.start('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  const boss = b.singletonRef<Count>('boss')
  boss.tell({ type: 'add', amount: 5 })
  a.spawn(Behaviors.singleton(counter), 'boss')
  a.spawn(Behaviors.broadcasted(counter()), 'caches')
  expect(await world.settled(b.ask(boss, get))).toBe(5)
  const { answers } = await world.settled(b.ask(b.broadcastRef<Count>('caches'), get))
  expect([...answers]).toEqual([[a.selfNode.key, 0]])
  b.spawn(Behaviors.singleton(counter), 'boss') // It may begin to host what it only told.
  await world.pass(2_000)
  expect(await world.settled(b.ask(boss, get))).toBe(5)
})

test('what an event-sourced entity has written survives its node, and fences the former owner', async () => {
  await using world = await SystemWorld.start('a b c')
  await using journal = inMemoryJournal()
  const behavior = Behaviors.sharded<Count>(
    (entityId, context) =>
      Behaviors.eventSourced<Count, number, number>({
        id: entityId,
        journal,
        epoch: context.epoch,
        initialState: 0,
        onCommand: (count, command, { effects }) =>
          command.type === 'add'
            ? effects.persist(command.amount)
            : effects.none().thenReply(command.replyTo, () => count),
        onEvent: (count, amount) => count + amount,
      }),
    { numShards: 6 },
  )
  const regions = world.nodes.map((node) => node.spawn(behavior, 'accounts'))
  const [region] = regions
  if (!region) throw new Error('Each node has one')
  const ids = ['p', 'q', 'r', 's', 't', 'u', 'v', 'w']
  for (const entityId of ids) region.tell({ entityId, message: { type: 'add', amount: 3 } })
  await world.pass(3_000)
  const a = world.node('a')
  const before = world.node('c').region<Count>('accounts').statistics().entities
  const { epoch } = await journal.highest('p')
  await world.kill('c')
  await world.until(() => a.getClusterState().unreachable.size > 0)
  const sums = ids.map(async (id) => await a.entityAsk(region, id, get, { timeoutMs: 20_000 }))
  expect(await world.settled(Promise.all(sums))).toEqual(ids.map(() => 3))
  expect(before).toBeGreaterThan(0)
  const stale = journal.append('p', { epoch: epoch - 1, expectedSequenceNr: 1, events: [] })
  await expect(stale).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FENCED' })
})

test('a broadcast reaches the actor of each node, and collects their answers', async () => {
  await using world = await SystemWorld.start('a b c')
  const refs = world.nodes.map((node) => node.spawn(Behaviors.broadcasted(counter()), 'cache'))
  const [ref] = refs
  if (!ref) throw new Error('Each node has one')
  ref.tell({ type: 'add', amount: 4 })
  await world.pass()
  const { answers, missing } = await world.settled(world.node('a').ask(ref, get))
  expect([...answers.values()]).toEqual([4, 4, 4])
  expect(missing).toEqual([])
})

test('a broadcast names the node that does not answer', async () => {
  await using world = await SystemWorld.start('a b')
  const a = world.node('a')
  const ref = a.spawn(Behaviors.broadcasted(counter()), 'cache')
  const { answers, missing } = await world.settled(a.ask(ref, get))
  expect([...answers.keys()]).toEqual([a.selfNode.key])
  expect(missing.map(({ node, why }) => [node.address.host, why.reason])).toEqual([
    ['b', 'not-found'],
  ])
})

test('each data center has singletons of its own, and broadcasts reach all', async () => {
  const world = new SystemWorld()
  await using _ = world
  for (const host of ['a', 'b', 'c', 'd']) {
    await world.start(host, { roles: [host < 'c' ? 'dc-east' : 'dc-west'] })
  }
  const isUp = (node: ClusteredActorSystem): boolean =>
    node.getClusterState().members.filter(({ status }) => status === 'up').length === 4
  await world.until(() => world.nodes.every(isUp))
  const started: string[] = []
  const caches = world.nodes.map((node) => {
    const boss = Behaviors.singleton(() => {
      started.push(node.selfNode.address.host)
      return counter()
    })
    node.spawn(boss, 'boss')
    return { node, ref: node.spawn(Behaviors.broadcasted(counter()), 'caches') }
  })
  await world.pass(5_000)
  expect(started.toSorted()).toEqual(['a', 'c'])
  for (const { node, ref } of caches) {
    const { answers } = await world.settled(node.ask(ref, get))
    expect([...answers.values()]).toEqual([0, 0, 0, 0])
  }
})

test('a discoverable actor is found from all nodes, also where it began before its node was a member', async () => {
  const world = new SystemWorld()
  await using _ = world
  const key = new ServiceKey<Count>('counters')
  await world.start('a')
  const b = await world.start('b')
  b.spawn(Behaviors.discoverable(counter(), { key }), 'found')
  await world.until(() => world.node('a').lookup(key).instances.length === 1)
  const [instance] = world.node('a').lookup(key).instances
  if (!instance) throw new Error('It was found')
  expect(instance.node.equals(b.selfNode)).toBe(true)
  expect(await world.settled(world.node('a').ask(instance.ref, get))).toBe(0)
  await b.stop(b.lookup('/found') ?? instance.ref)
  await world.until(() => world.node('a').lookup(key).instances.length === 0)
})

test('a discoverable actor of a system without a cluster fails, and says why', async () => {
  await using system = new ActorSystem()
  const failures: unknown[] = []
  system.eventStream.subscribe('actor-failed', ({ error }) => void failures.push(error))
  const ref = system.spawn(Behaviors.discoverable(counter(), { key: new ServiceKey('x') }))
  await new Promise<void>((resolve) => system.whenStopped(ref, () => resolve()))
  expect(failures).toMatchObject([{ code: 'CASTY_CLUSTER_NOT_CLUSTERED' }])
})

test('actors are looked up by path, here and on other nodes', async () => {
  await using world = await SystemWorld.start('a b')
  const [a, b] = [world.node('a'), world.node('b')]
  b.spawn(counter(), 'x')
  expect(a.lookup('/x')).toBeUndefined()
  expect(a.lookup('/x', { node: 'nobody' })).toBeUndefined()
  expect(b.lookup('x')).toBe(b.actors.lookup('/x'))
  for (const node of ['b', b.selfNode, b.selfNode.address, 'b:1']) {
    const ref = a.lookup<Count>('/x', { node })
    if (!ref) throw new Error(`Nobody at ${node}`)
    expect(await world.settled(a.ask(ref, get))).toBe(0)
  }
})

test('what is published to a topic reaches subscribers on all nodes', async () => {
  await using world = await SystemWorld.start('a b')
  const heard: string[] = []
  world
    .node('b')
    .topic<string>('news')
    .subscribe((text) => void heard.push(text))
  await world.pass(2_000)
  world.node('a').topic<string>('news').publish('hello')
  await world.pass()
  expect(heard).toEqual(['hello'])
})

test('events of actors, of the cluster and between nodes come in one stream', async () => {
  await using world = await SystemWorld.start('a b')
  const a = world.node('a')
  const types: string[] = []
  a.eventStream.subscribe(({ type }) => void types.push(type))
  const left: string[] = []
  a.eventStream.subscribe('member-removed', ({ member }) => void left.push(member.id))
  a.spawn(counter(), 'x')
  await world.shutdown('b')
  await world.until(() => left.length > 0)
  expect(left).toEqual(['b'])
  expect(types).toEqual(expect.arrayContaining(['actor-started', 'member-removed']))
})

test('what a node knows is explained layer by layer', async () => {
  await using world = await SystemWorld.start('a')
  const a = world.node('a')
  countersOn(a)
  await world.pass(2_000)
  const { summary, cluster, sharding, remoting } = a.explain()
  expect(summary).toContain(cluster.summary)
  expect(summary).toContain(sharding.summary)
  expect(sharding.regions.map(({ type }) => type)).toContain('counters')
  expect(remoting).toEqual(a.remoting.explain())
})

test.each([
  ['a name of this package', () => Behaviors.sharded(counter), 'singleton:x'],
  ['an empty name', () => Behaviors.singleton(counter), ''],
  ['a path', () => Behaviors.broadcasted(counter()), 'a/b'],
])('%s is refused', async (_what, behavior, name) => {
  await using world = await SystemWorld.start('a')
  expect(() => world.node('a').spawn(behavior() as never, name)).toThrow(
    expect.objectContaining({ code: 'CASTY_CLUSTER_INVALID_OPTION' }),
  )
})
