// The example that the project began with, line by line, and the methods that go with it, by the names that they had.
import {
  Behaviors,
  ClusteredActorSystem,
  ServiceKey,
  ShardEnvelope,
  type ActorRef,
  type Behavior,
} from '@casty/cluster'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

type AccountMessage =
  | { readonly type: 'deposit'; readonly amount: number }
  | { readonly type: 'get-balance'; readonly replyTo: ActorRef<number> }

function accountEntity(_entityId: string): Behavior<AccountMessage> {
  function active(balance: number): Behavior<AccountMessage> {
    return Behaviors.receive((message) => {
      switch (message.type) {
        case 'deposit':
          return active(balance + message.amount)
        case 'get-balance':
          message.replyTo.tell(balance)
          return Behaviors.same
      }
    })
  }
  return active(0)
}

const seedNodes = ['node-1:1', 'node-2:1']

async function startBank(
  world: SystemWorld,
  host: string,
  requiredQuorum = 1,
): Promise<ClusteredActorSystem> {
  const started = ClusteredActorSystem.start({
    ...world.optionsFor(host), // Where it runs: its network, clock and chance.
    name: 'bank',
    host,
    port: 1,
    nodeId: host,
    seedNodes,
    roles: ['teller'],
    bindHost: host,
    requiredQuorum,
  })
  return world.add(host, await world.settled(started))
}

test('accounts of a bank are told from either node, and asked from either', async () => {
  const world = new SystemWorld()
  await using _ = world
  const node1 = await startBank(world, 'node-1')
  // Before both are up an account might move to the other, and what it has in memory stays behind.
  const node2 = await startBank(world, 'node-2', 2)

  const accounts1 = node1.spawn(Behaviors.sharded(accountEntity, { numShards: 100 }), 'accounts')
  const accounts2 = node2.spawn(Behaviors.sharded(accountEntity, { numShards: 100 }), 'accounts')
  accounts1.tell(ShardEnvelope('alice', { type: 'deposit', amount: 100 }))
  accounts1.tell(ShardEnvelope('bob', { type: 'deposit', amount: 200 }))
  accounts2.tell(ShardEnvelope('alice', { type: 'deposit', amount: 50 }))
  await world.pass(5_000)
  const balance = node1.ask(
    accounts1,
    (replyTo: ActorRef<number>) => ShardEnvelope('alice', { type: 'get-balance', replyTo }),
    { timeoutMs: 2_000 },
  )
  expect(await world.settled(balance)).toBe(150)

  const shards = node1.getClusterState().shardAllocations.get('accounts')
  expect(shards?.size).toBe(100)
  const nodes = new Set([...(shards?.values() ?? [])].map(({ primary }) => String(primary.address)))
  expect([...nodes].toSorted()).toEqual(seedNodes)
  expect(node2.getClusterState().shardAllocations.get('accounts')).toEqual(shards)
})

test('a node alone, which is its own seed, tells and asks its entities at once', async () => {
  const world = new SystemWorld()
  await using _ = world
  const system = await startBank(world, 'node-1')
  const things = system.spawn(Behaviors.sharded(accountEntity, { numShards: 50 }), 'things')
  things.tell(ShardEnvelope('abc', { type: 'deposit', amount: 7 }))
  const asked = system.entityAsk(things, 'abc', (replyTo: ActorRef<number>) => ({
    type: 'get-balance',
    replyTo,
  }))
  expect(await world.settled(asked, 10_000)).toBe(7)
})

test('its methods have the names of the founding document, and do what it says of them', async () => {
  const world = new SystemWorld()
  await using _ = world
  const node1 = await startBank(world, 'node-1')
  const node2 = await startBank(world, 'node-2')

  const state = await world.settled(node1.waitFor(2, { timeoutMs: 30_000 }))
  expect(state.members.length).toBe(2)
  expect(node1.getClusterState().members.map(({ id, roles }) => [id, ...roles])).toEqual([
    ['node-1', 'teller'],
    ['node-2', 'teller'],
  ])
  expect(String(node1.selfNode.address)).toBe('node-1:1')

  const both = [node1.barrier('setup-done', 2), node2.barrier('setup-done', 2)]
  await world.settled(Promise.all(both))

  const payment = new ServiceKey<ActorRef<string>>('payment')
  const paying = Behaviors.receiveMessage<ActorRef<string>>((replyTo) => replyTo.tell('paid'))
  node1.spawn(Behaviors.discoverable(paying, { key: payment }), 'my-actor')
  await world.until(() => node2.lookup(payment).instances.length === 1)
  const byName = node2.lookup<ActorRef<string>>('/my-actor', { node: 'node-1' })
  expect(node1.lookup('/my-actor')).toBeDefined()
  expect(
    byName && (await world.settled(node2.ask(byName, (replyTo: ActorRef<string>) => replyTo))),
  ).toBe('paid')
  expect(node1.receptionist.find(payment).instances.length).toBe(1)
})
