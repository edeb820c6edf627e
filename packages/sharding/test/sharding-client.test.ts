// Entities for a process outside of the cluster.
import { ActorSystem, Behaviors, type ActorRef } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { ClientAccess, ClusterClient } from '@casty/remote'
import {
  ShardingClient,
  type EntityRegion,
  type EntityType,
  type ShardingLimits,
} from '@casty/sharding'
import { NodeAddress } from '@casty/transport'
import { expect, test } from 'vitest'
import { clientTableFrameType, encodeTableMessage } from '../src/client/table-frames.ts'
import { ShardingWorld } from './sharding-world.ts'

type Counting =
  | { readonly type: 'add'; readonly value: number }
  | { readonly type: 'all'; readonly replyTo: ActorRef<readonly number[]> }

/** Remembers what it was told, in that order; hands it over when its shard moves. */
const memory: EntityType<Counting> = {
  name: 'memory',
  numShards: 12,
  entity: (context) =>
    Behaviors.setup(() => {
      const values: number[] = [...((context.handedOver as readonly number[] | undefined) ?? [])]
      context.handOver(() => values)
      return Behaviors.receive<Counting>((message) => {
        if (message.type === 'add') values.push(message.value)
        else message.replyTo.tell([...values])
      })
    }),
}

const proxy = { name: 'memory', numShards: 12 }

interface World extends AsyncDisposable {
  readonly nodes: ShardingWorld
  readonly system: ActorSystem
  readonly client: ClusterClient
  readonly sharding: ShardingClient
  readonly region: EntityRegion<Counting>
  readonly lost: string[]
}

async function worldOf(hosts: string, limits: ShardingLimits = {}): Promise<World> {
  const nodes = await ShardingWorld.of(hosts)
  const accesses = nodes.nodes.map(({ remoting }) => new ClientAccess(remoting))
  const regions = nodes.startType(memory)
  await nodes.until(
    () => [...regions.values()].reduce((sum, each) => sum + each.statistics().shards, 0) === 12,
  )
  const random = seededRandom(7)
  const system = new ActorSystem({ clock: nodes.clock, random })
  const lost: string[] = []
  system.subscribe((event) => {
    if (event.type !== 'dead-letter') return
    lost.push(`${event.deadLetter.reason} ${event.deadLetter.path}`)
  })
  const connecting = ClusterClient.connect({
    system,
    transport: nodes.network.transport({ host: 'x' }),
    contactPoints: ['a:1'],
    random,
  })
  const client = await nodes.settled(connecting)
  const sharding = ShardingClient.attach({ client, limits })
  const region = sharding.startProxy<Counting>(proxy)
  return {
    nodes,
    system,
    client,
    sharding,
    region,
    lost,
    [Symbol.asyncDispose]: async () => {
      sharding[Symbol.dispose]()
      await client[Symbol.asyncDispose]()
      for (const access of accesses) access[Symbol.dispose]()
      const stopped = system.shutdown()
      await nodes.clock.advanceAsync(0)
      await stopped
      await nodes[Symbol.asyncDispose]()
    },
  }
}

async function valuesOf({ nodes, region }: World, id: string): Promise<readonly number[]> {
  const ask = region.ask<readonly number[]>(id, (replyTo) => ({ type: 'all', replyTo }))
  return await nodes.settled(ask)
}

const ids = Array.from({ length: 24 }, (_, index) => `id-${index}`)

test('entities of every member answer a client, one hop away', async () => {
  await using world = await worldOf('a b c')
  for (const id of ids) world.region.tell(id, { type: 'add', value: 1 })
  for (const id of ids) expect(await valuesOf(world, id)).toEqual([1])
  for (const { sharding } of world.nodes.nodes) {
    const [statistics] = sharding.explain().regions
    expect(statistics).toMatchObject({ sent: 0, sentBack: 0 }) // None went through another.
    expect(statistics?.received).toBeGreaterThan(0)
  }
  expect(world.sharding.explain().summary).toMatch(/^It is known who has the shards of memory\./)
  expect(world.lost).toEqual([])
})

test('a ref to an entity works for the client that is sent it, and in the other direction', async () => {
  await using world = await worldOf('a b')
  const told: ActorRef<Counting>[] = []
  const inbox = world.system.spawn(
    Behaviors.receive<ActorRef<Counting>>((ref) => void told.push(ref)),
    { name: 'inbox' },
  )
  const [a] = world.nodes.nodes
  const relay = Behaviors.receive<ActorRef<Counting>>((ref) => {
    a?.remoting.ref<ActorRef<Counting>>(world.client.self, '/inbox').tell(ref)
  })
  a?.system.spawn(relay, { name: 'relay' })
  world.client
    .ref<ActorRef<Counting>>(a?.cluster.self ?? world.client.self, '/relay')
    .tell(world.region.ref('id-1'))
  await world.nodes.until(() => told.length === 1)
  told[0]?.tell({ type: 'add', value: 5 })
  expect(await valuesOf(world, 'id-1')).toEqual([5])
  expect(inbox.path).toBe('/inbox')
})

test('messages of a client keep their order while shards move to a member that joins', async () => {
  await using world = await worldOf('a b')
  let count = 0
  const tellAll = (): void => {
    for (const id of ids) world.region.tell(id, { type: 'add', value: count })
    count++
  }
  const joined = await world.nodes.start('c')
  new ClientAccess(joined.remoting)
  const region = joined.sharding.start(memory)
  await world.nodes.until(() => {
    tellAll()
    return region.statistics().shards === 4
  })
  tellAll()
  const expected = Array.from({ length: count }, (_, value) => value)
  for (const id of ids) expect(await valuesOf(world, id)).toEqual(expected)
  expect(world.lost).toEqual([])
})

test.each(['a', 'b', 'c'])(
  'nothing that a client sends is lost where %s leaves, its contact or not',
  async (host) => {
    await using world = await worldOf('a b c')
    await world.nodes.settle()
    let count = 0
    let isLeft = false
    const talk = (): void => {
      if (isLeft) return
      for (const id of ids) world.region.tell(id, { type: 'add', value: count })
      count++
      world.nodes.clock.schedule(1, talk)
    }
    talk()
    const here = NodeAddress.of('x', 0)
    for (const { address } of world.nodes.nodes) {
      world.nodes.network.delay(address, here, { latencyMs: 60 })
      world.nodes.network.delay(here, address, { latencyMs: 60 })
    }
    await world.nodes.leave(host)
    isLeft = true
    await world.nodes.settle()
    const expected = Array.from({ length: count }, (_, value) => value)
    for (const id of ids) expect(await valuesOf(world, id)).toEqual(expected)
    expect(world.lost).toEqual([])
  },
)

test.each([
  // A second more is for its connection to close in order.
  { who: 'is cut off', isCut: true, leastMs: 2_000, mostMs: 3_500 },
  { who: 'has let go of its entities', isCut: false, leastMs: 0, mostMs: 500 },
])('a client that $who holds up a member that leaves for that long', async (given) => {
  const { isCut, leastMs, mostMs } = given
  await using world = await worldOf('a b c')
  for (const id of ids) world.region.tell(id, { type: 'add', value: 1 })
  await world.nodes.settle()
  const { clock, network } = world.nodes
  const here = NodeAddress.of('x', 0)
  if (isCut) network.cut(here, world.nodes.node('b').address, { mode: 'silent' })
  else {
    world.sharding[Symbol.dispose]()
    await world.nodes.settle(11_000)
  }
  const begin = clock.now()
  await world.nodes.leave('b')
  expect(clock.now() - begin).toBeGreaterThanOrEqual(leastMs)
  expect(clock.now() - begin).toBeLessThan(mostMs)
})

test('a client goes on with entities elsewhere when their member dies, its contact or not', async () => {
  await using world = await worldOf('a b c')
  for (const id of ids) world.region.tell(id, { type: 'add', value: 1 })
  await world.nodes.settle()
  const contact = world.client.contact?.address.host ?? ''
  await world.nodes.kill(contact)
  await world.nodes.settle(10_000)
  for (const id of ids) expect((await valuesOf(world, id)).length).toBeLessThanOrEqual(1)
  expect(world.client.contact?.address.host).not.toBe(contact)
})

test('what a client sends while nobody is in reach waits, as long and as much as it may', async () => {
  const limits = { maxBuffered: 10, bufferTimeoutMs: 20_000 }
  await using world = await worldOf('a b', limits)
  await world.nodes.settle()
  const here = NodeAddress.of('x', 0)
  for (const { address } of world.nodes.nodes) {
    world.nodes.network.cut(here, address, { mode: 'silent' })
  }
  await world.nodes.until(() => world.client.contact === undefined)
  for (const id of ids.slice(0, 12)) world.region.tell(id, { type: 'add', value: 1 })
  expect(world.region.statistics().waiting).toBe(10)
  expect(world.lost.map((line) => line.split(' ')[0])).toEqual(['buffer-full', 'buffer-full'])
  world.nodes.network.heal()
  await world.nodes.until(() => world.region.statistics().waiting === 0)
  for (const id of ids.slice(0, 10)) expect(await valuesOf(world, id)).toEqual([1])
  for (const { address } of world.nodes.nodes) {
    world.nodes.network.cut(here, address, { mode: 'silent' })
  }
  await world.nodes.until(() => world.client.contact === undefined)
  const asked = world.region.ask<readonly number[]>(
    'id-0',
    (replyTo) => ({ type: 'all', replyTo }),
    { timeoutMs: 60_000 },
  )
  await expect(world.nodes.settled(asked, 30_000)).rejects.toMatchObject({
    code: 'CASTY_ACTOR_ASK_UNANSWERED',
    reason: 'overdue',
  })
})

// As many seeds as CASTY_RUNS says.
const seeds = Array.from({ length: Number(process.env['CASTY_RUNS'] ?? 3) }, (_, at) => at + 1)

test.each(seeds)(
  'messages of a client come in order and once, whatever members and the network do (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const draw = (count: number): number => Math.floor(random() * count)
    await using world = await worldOf('a b c', { bufferTimeoutMs: 5_000 })
    const { nodes, region } = world
    const here = NodeAddress.of('x', 0)
    const fresh = ['d', 'e', 'f', 'g']
    let count = 0
    let asked = 0
    let ended = 0
    for (let round = 0; round < 12; round++) {
      const { host, address } = nodes.nodes[draw(nodes.nodes.length)] ?? nodes.node('a')
      const action = draw(6)
      const next = fresh[0]
      if (action === 0 && next) {
        fresh.shift()
        const seedNodes = nodes.nodes.map((node) => node.address.toString())
        const node = await nodes.start(next, { cluster: { seedNodes } })
        new ClientAccess(node.remoting)
        node.sharding.start(memory)
      } else if (action === 1 && nodes.nodes.length > 3) await nodes.leave(host)
      else if (action === 2) {
        nodes.network.cut(here, address, { mode: draw(2) === 0 ? 'silent' : 'reset' })
      } else if (action === 3) nodes.network.heal()
      for (let burst = 0; burst < 20; burst++) {
        count++
        for (const id of ids.slice(0, 6)) region.tell(id, { type: 'add', value: count })
        if (burst === 10) {
          asked++
          const end = (): void => void ended++
          const id = ids[draw(6)] ?? ''
          region
            .ask(id, (replyTo: ActorRef<readonly number[]>) => ({ type: 'all', replyTo }))
            .then(end, end)
        }
        await nodes.settle(draw(100))
      }
      await nodes.settle(draw(2_000))
    }
    nodes.network.heal()
    await nodes.until(() => world.client.contact !== undefined)
    await nodes.settle(20_000)
    expect(ended).toBe(asked)
    expect(region.statistics().waiting).toBe(0)
    let handled = 0
    for (const id of ids.slice(0, 6)) {
      const values = await valuesOf(world, id)
      handled += values.length
      const increasing = values.every((value, at) => at === 0 || value > (values[at - 1] ?? 0))
      expect(increasing, `${id}: ${values.join(' ')}`).toBe(true)
    }
    // Nobody died here: what was not handled is accounted for, or was on a connection that was cut.
    expect(handled + world.lost.length).toBeLessThanOrEqual(6 * count + asked)
    expect(handled).toBeGreaterThan(count)
  },
)

test('a client is refused a number of shards that is not that of the cluster', async () => {
  await using world = await worldOf('a')
  await world.nodes.settle()
  expect(() => world.sharding.startProxy({ name: 'memory', numShards: 13 })).toThrow(
    expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION' }),
  )
})

test('a client that never has what it was told is not told all of it each time', async () => {
  await using world = await worldOf('a')
  const { client, nodes } = world
  world.sharding[Symbol.dispose]()
  let told = 0
  using _ = client.cluster.endpoint.handle(clientTableFrameType, () => void told++)
  const version = { term: 7, seq: 7 }
  const bytes = encodeTableMessage({ type: 'has', dataCenter: 'default', version })
  for (let ms = 0; ms < 1_000; ms++) {
    client.cluster.endpoint.send(nodes.node('a').cluster.self, 'data', clientTableFrameType, bytes)
    await nodes.settle(1)
  }
  expect(told).toBeGreaterThan(3)
  expect(told).toBeLessThan(8)
})
