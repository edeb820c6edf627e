// SEC-10: what clients may use is on a list where a node has one, and what is not on it is not there for them.
import { Behaviors, distributedOf, replicatorOf, ServiceKey, type ActorRef } from '@casty/cluster'
import { orSet } from '@casty/crdt'
import { replicatedKey } from '@casty/replicator'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))
const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo
const open = new ServiceKey<ActorRef<string>>('open')
const closed = new ServiceKey<ActorRef<string>>('closed')
const board = replicatedKey('board/1', orSet<string>())
const ledger = replicatedKey('ledger', orSet<string>())

const allow = {
  entities: ['carts'],
  singletons: ['boss'],
  services: ['open'],
  actors: ['lobby'],
  topics: ['news*'],
  values: ['board/*'],
}

async function outcomeOf(world: SystemWorld, attempt: Promise<unknown>): Promise<unknown> {
  const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code
  return await world.settled(attempt.catch(codeOf))
}

async function serving(clients: object): Promise<SystemWorld> {
  const world = await SystemWorld.start('a b', { clients })
  const spread = Behaviors.sharded(() => echo, { numShards: 4 })
  for (const node of world.nodes) {
    node.spawn(spread, 'carts')
    node.spawn(spread, 'ledgers')
    for (const name of ['boss', 'heir']) {
      node.spawn(
        Behaviors.singleton(() => echo),
        name,
      )
    }
    for (const name of ['lobby', 'vault']) node.spawn(Behaviors.broadcasted(echo), name)
    node.distributed()
    await node.replicator()
  }
  world.node('b').spawn(Behaviors.discoverable(echo, { key: open }))
  world.node('b').spawn(Behaviors.discoverable(echo, { key: closed }))
  await world.pass(3_000)
  return world
}

test('a client finds what it may use, and nothing else', async () => {
  await using world = await serving({ allow })
  const client = await world.client('x')
  for (const type of ['carts', 'ledgers']) client.regionRef(type, { numShards: 4 })
  const timeoutMs = 5_000
  const entity = async (type: string): Promise<unknown> =>
    await outcomeOf(world, client.entityAsk<unknown, string>(type, 'x', here, { timeoutMs }))
  expect([await entity('carts'), await entity('ledgers')]).toEqual([
    'here',
    'CASTY_ACTOR_ASK_UNANSWERED',
  ])
  const singleton = async (name: string): Promise<unknown> =>
    await outcomeOf(world, client.ask(client.singletonRef(name), here, { timeoutMs }))
  expect([await singleton('boss'), await singleton('heir')]).toEqual([
    'here',
    'CASTY_ACTOR_ASK_UNANSWERED',
  ])
  const service = async (key: typeof open): Promise<unknown> => {
    const [instance] = client.lookup(key).instances
    if (!instance) throw new Error('It is known to the contact')
    return await outcomeOf(world, client.ask(instance.ref, here, { timeoutMs }))
  }
  expect([await service(open), await service(closed)]).toEqual([
    'here',
    'CASTY_ACTOR_ASK_UNANSWERED',
  ])
  const all = async (name: string): Promise<number> =>
    (await world.settled(client.ask(client.broadcastRef(name), here))).answers.size
  expect([await all('lobby'), await all('vault')]).toEqual([2, 0])
  const denied = world.nodes.map((node) => node.clientAccess?.metrics().denied ?? 0)
  expect(denied.reduce((sum, count) => sum + count)).toBe(5) // One of them on each node.
})

test('a client holds and changes values that it may, subscribes to topics that it may, and counts nothing', async () => {
  await using world = await serving({ allow })
  const client = await world.client('x')
  const replicator = replicatorOf(client)
  const write = async (key: typeof board): Promise<unknown> =>
    await outcomeOf(
      world,
      replicator.update(key, (set, me) => set.add(me, 'x')),
    )
  expect(await write(board)).toMatchObject({ type: 'confirmed' })
  expect(await write(ledger)).toBe('CASTY_REPLICATOR_REFUSED')
  const heard: unknown[] = []
  for (const name of ['news/today', 'gossip']) {
    client.topic<string>(name).subscribe((message) => heard.push(`${name}: ${message}`))
  }
  await world.pass(1_000)
  for (const name of ['gossip', 'news/today']) world.node('a').topic<string>(name).publish('x')
  await world.until(() => heard.length > 0)
  expect(heard).toEqual(['news/today: x'])
  const count = distributedOf(client).counter('visits').addAndGet(1, { timeoutMs: 5_000 })
  expect(await outcomeOf(world, count)).toMatch(/^CASTY_DDATA_/)
})

test('structures are used where that is allowed', async () => {
  await using world = await serving({ allow: { structures: true } })
  const client = await world.client('x')
  expect(await world.settled(distributedOf(client).counter('visits').addAndGet(1))).toBe(1)
})

test('refs that a client is sent are for it to use', async () => {
  const helper = Behaviors.receive<ActorRef<ActorRef<ActorRef<string>>>>((replyTo, context) =>
    replyTo.tell(context.spawn(echo)),
  )
  await using world = await SystemWorld.start('a', { clients: { allow: { actors: ['desk'] } } })
  world.node('a').spawn(Behaviors.broadcasted(helper), 'desk')
  const client = await world.client('x')
  const desk = client.client.ref<ActorRef<ActorRef<ActorRef<string>>>>(
    world.node('a').selfNode,
    '/desk',
  )
  const ask = client.ask(desk, (replyTo: ActorRef<ActorRef<ActorRef<string>>>) => replyTo)
  const given = await world.settled(ask)
  expect(await world.settled(client.ask(given, here))).toBe('here')
})

test.each([
  [{ allow: { entites: [] } }],
  [{ allow: { entities: 'carts' } }],
  [{ allow: [] }],
  [{ allow: { services: [1] } }],
])('a list that is none is refused: %o', async (clients) => {
  const started = SystemWorld.start('a', { clients: clients as object })
  await expect(started).rejects.toMatchObject({ code: expect.stringMatching(/_INVALID_OPTION$/) })
})
