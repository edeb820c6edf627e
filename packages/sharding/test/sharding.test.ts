// All of sharding, on several nodes.
import { Behaviors, type ActorRef } from '@casty/actor'
import type { Clock } from '@casty/clock'
import { inMemoryJournal, type EventJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { ShardingWorld } from './sharding-world.ts'

type Counting =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'total'; readonly replyTo: ActorRef<number> }

const counter: EntityType<Counting> = {
  name: 'counter',
  numShards: 12,
  entity: (entity) =>
    Behaviors.setup(() => {
      let total = typeof entity.handedOver === 'number' ? entity.handedOver : 0
      entity.handOver(() => total)
      return Behaviors.receive<Counting>((message) => {
        if (message.type === 'add') total += message.amount
        else message.replyTo.tell(total)
      })
    }),
}

/** A clock that was set back by an hour. */
function setBack(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow() - 3_600_000,
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
  }
}

type Regions = ReadonlyMap<string, EntityRegion<Counting>>

function of(regions: Regions, host: string): EntityRegion<Counting> {
  const region = regions.get(host)
  if (!region) throw new Error(`No region at ${host}`)
  return region
}

async function total(
  world: ShardingWorld,
  region: EntityRegion<Counting>,
  id: string,
): Promise<number> {
  return await world.settled(region.ask<number>(id, (replyTo) => ({ type: 'total', replyTo })))
}

function shardsOf(regions: Regions): readonly number[] {
  return [...regions.values()].map((region) => region.statistics().shards)
}

/** Starts the type everywhere, and waits until all shards have a home. */
async function started(world: ShardingWorld, type: EntityType<Counting>): Promise<Regions> {
  const regions = world.startType(type)
  await world.until(() => shardsOf(regions).reduce((sum, count) => sum + count, 0) === 12)
  return regions
}

const ids = Array.from({ length: 30 }, (_, index) => `e${index}`)

test('entities answer on three nodes, each from one of them', async () => {
  await using world = await ShardingWorld.of('a b c')
  const regions = await started(world, counter)
  expect(shardsOf(regions)).toEqual([4, 4, 4])
  for (const region of regions.values()) {
    for (const id of ids) region.tell(id, { type: 'add', amount: 1 })
  }
  await world.settle()
  for (const region of regions.values()) {
    for (const id of ids) expect(await total(world, region, id)).toBe(3)
  }
  expect(world.nodes.flatMap(({ lost }) => lost)).toEqual([])
})

test('a node whose shards nobody takes leaves in time, though an entity never finishes', async () => {
  await using world = await ShardingWorld.of('a')
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const regions = await started(world, {
    name: 'counter',
    numShards: 12,
    entity: () =>
      Behaviors.receive(async () => {
        await held
      }),
  })
  const region = of(regions, 'a')
  region.tell('e0', { type: 'add', amount: 1 })
  await world.until(() => region.statistics().delivered === 1)
  const beganAt = world.clock.now()
  await world.leave('a')
  const tookMs = world.clock.now() - beganAt
  const { forced, leftBehind } = region.statistics()
  release() // Or its system would wait for it as well.
  // 2.5 s until nobody is waited for, and 10 s for handlers and 3 s for hooks.
  expect([tookMs < 20_000, forced, leftBehind]).toEqual([true, 1, 1])
})

test('what an entity may do can be taken out of its context', async () => {
  await using world = await ShardingWorld.of('a b')
  const regions = await started(world, {
    name: 'counter',
    numShards: 12,
    entity: ({ handedOver, handOver, passivate }) => {
      let total = typeof handedOver === 'number' ? handedOver : 0
      handOver(() => total)
      return Behaviors.receive<Counting>((message) => {
        if (message.type === 'total') message.replyTo.tell(total)
        else total += message.amount
        if (message.type === 'add' && message.amount < 0) passivate()
      })
    },
  })
  for (const id of ids) of(regions, 'a').tell(id, { type: 'add', amount: 1 })
  for (const id of ids) expect(await total(world, of(regions, 'a'), id)).toBe(1)
  await world.leave('b')
  for (const id of ids) expect(await total(world, of(regions, 'a'), id)).toBe(1)
  of(regions, 'a').tell('e0', { type: 'add', amount: -1 })
  expect(await total(world, of(regions, 'a'), 'e0')).toBe(0)
  expect(of(regions, 'a').statistics().passivated).toBe(1)
})

test('a node that joins gets its share, with what entities hand over', async () => {
  await using world = await ShardingWorld.of('a b')
  const regions = new Map(await started(world, counter))
  for (const id of ids) of(regions, 'a').tell(id, { type: 'add', amount: 1 })
  await world.settle()
  const c = await world.start('c')
  regions.set('c', c.sharding.start(counter))
  await world.until(() => of(regions, 'c').statistics().shards === 4)
  await world.settle(500)
  expect(shardsOf(regions)).toEqual([4, 4, 4])
  for (const id of ids) expect(await total(world, of(regions, 'c'), id)).toBe(1)
  expect(world.nodes.flatMap(({ lost }) => lost)).toEqual([])
})

test('a node that leaves hands over all that it has, under load, and loses nothing', async () => {
  await using world = await ShardingWorld.of('a b c')
  const regions = await started(world, counter)
  const senders = ['a', 'c'].map((host) => of(regions, host))
  let sent = 0
  let isLoaded = true
  const load = (): void => {
    for (const region of senders) {
      for (const id of ids) region.tell(id, { type: 'add', amount: 1 })
    }
    sent += senders.length
    if (isLoaded) world.clock.schedule(7, load)
  }
  load()
  const leaving = world.leave('b')
  expect(await leaving).toBe('left')
  isLoaded = false
  await world.settle(500)
  for (const id of ids) expect(await total(world, of(regions, 'a'), id)).toBe(sent)
  expect(world.everStarted.flatMap(({ lost }) => lost)).toEqual([])
})

test('the coordinator may be the one that leaves', async () => {
  await using world = await ShardingWorld.of('a b c')
  const regions = await started(world, counter)
  for (const id of ids) of(regions, 'b').tell(id, { type: 'add', amount: 1 })
  await world.settle()
  expect(world.node('a').sharding.explain().isCoordinator).toBe(true)
  expect(world.node('a').sharding.hasLease).toBe(true)
  expect(await world.leave('a')).toBe('left')
  for (const id of ids) expect(await total(world, of(regions, 'b'), id)).toBe(1)
})

test.each(['a', 'b'])(
  '%s leaves without delay where nobody else hosts what it has, and its entities stop in good order',
  async (only) => {
    await using world = await ShardingWorld.of('a b c')
    let stops = 0
    const { entity, ...type } = counter
    const stopping: EntityType<Counting> = {
      ...type,
      entity: (context) =>
        Behaviors.withLifecycle(entity(context), { postStop: () => void stops++ }),
    }
    world.node(only).sharding.start(stopping)
    const router = world.node('c').sharding.startProxy<Counting>(type)
    for (const id of ids) await total(world, router, id)
    const before = world.clock.now()
    expect(await world.leave(only)).toBe('left')
    expect(world.clock.now() - before).toBeLessThan(5_000)
    expect(stops).toBe(ids.length)
    const taker = world.node('c').sharding.start(counter)
    await world.until(() => taker.statistics().shards === 12, 10_000)
    expect(await total(world, router, 'e1')).toBe(0)
  },
)

test('a journal that only one process reaches is warned of where others host the type too, and keep no copies', async () => {
  await using world = await ShardingWorld.of('a')
  const warnings: string[] = []
  const warn = (_details: object, what: string): void => {
    if (what.includes('only this process reaches')) warnings.push(what)
  }
  await world.start('b', { logger: { debug() {}, info() {}, warn, error() {} } })
  const local = Object.assign(inMemoryJournal(), { isLocal: true })
  const copied = { ...counter, name: 'copied', replication: { replicas: 1, minAcks: 1 } }
  const ownDisk = (): EventJournal => Object.assign(inMemoryJournal(), { isLocal: true })
  for (const { sharding } of world.nodes) sharding.start({ ...copied, journal: ownDisk() })
  const far = world.node('b').sharding.start({ ...counter, journal: inMemoryJournal() })
  const near = world.node('b').sharding.start({ ...counter, name: 'near', journal: local })
  const ready = (): boolean => far.statistics().shards + near.statistics().shards === 24
  await world.until(ready)
  expect(warnings).toEqual([])
  world.node('a').sharding.start({ ...counter, journal: inMemoryJournal() })
  world.node('a').sharding.start({ ...counter, name: 'near', journal: inMemoryJournal() })
  await world.until(() => near.statistics().shards === 6)
  await world.settle(500)
  expect(warnings).toEqual([expect.stringContaining('Other nodes host near as well')])
})

test.each(['a', 'b'])(
  'when %s dies, others answer for it within four seconds, and no question outlives its time',
  async (dead) => {
    await using world = await ShardingWorld.of('a b c')
    const regions = await started(world, counter)
    const region = of(regions, 'c')
    for (const id of ids) await total(world, region, id)
    const waiting = new Set(ids)
    let asked = 0
    let settled = 0
    const ask = (id: string): void => {
      asked++
      region
        .ask<number>(id, (replyTo) => ({ type: 'total', replyTo }), { timeoutMs: 400 })
        .then(
          () => void waiting.delete(id),
          () => {},
        )
        .finally(() => settled++)
    }
    await world.kill(dead)
    const died = world.clock.now()
    while (waiting.size > 0 && world.clock.now() - died < 10_000) {
      for (const id of waiting) ask(id)
      await world.settle(100)
    }
    expect(world.clock.now() - died).toBeLessThanOrEqual(4_000)
    await world.settle(400)
    expect(settled).toBe(asked)
  },
)

test('entities live on members with their role only', async () => {
  await using world = await ShardingWorld.of('a')
  const b = await world.start('b', { cluster: { roles: ['worker'] } })
  await world.until(() =>
    world.nodes.every(({ cluster }) => cluster.getState().members.length === 2),
  )
  const regions = await started(world, { ...counter, role: 'worker' })
  expect(shardsOf(regions)).toEqual([0, 12])
  expect(await total(world, of(regions, 'a'), 'x')).toBe(0)
  expect(b.sharding.explain().regions[0]?.entities).toBe(1)
})

test('a node that is downed stops what it ran', async () => {
  const stopped: string[] = []
  await using world = await ShardingWorld.of('a b c')
  const regions = await started(world, {
    ...counter,
    entity: ({ entityId }) =>
      Behaviors.withLifecycle(
        Behaviors.receive<Counting>(() => {}),
        { postStop: () => void stopped.push(entityId) },
      ),
  })
  for (const id of ids) of(regions, 'a').tell(id, { type: 'add', amount: 1 })
  await world.settle()
  const { entities } = of(regions, 'b').statistics()
  world.node('a').cluster.down(world.node('b').cluster.self)
  await world.until(() => stopped.length === entities)
  expect(of(regions, 'b').statistics().entities).toBe(0)
})

test('a node whose wall clock was set back between two lives takes part again, and hands over when it leaves', async () => {
  await using world = await ShardingWorld.of('a b')
  const regions = await started(world, counter)
  await world.leave('b')
  const b = await world.start('b', { cluster: { clock: setBack(world.clock) } })
  const region = b.sharding.start(counter)
  await world.until(() => region.statistics().shards === 6)
  for (let id = 0; id < 24; id++) region.tell(`id${id}`, { type: 'add', amount: 1 })
  expect(await total(world, region, 'x')).toBe(0)
  await world.leave('b')
  for (let id = 0; id < 24; id++) expect(await total(world, of(regions, 'a'), `id${id}`)).toBe(1)
  expect(of(regions, 'a').statistics().handedOver).toBeGreaterThan(0)
})

test('a node that splits a type otherwise than the others neither hosts it nor sends to it', async () => {
  await using world = await ShardingWorld.of('a b')
  const here = world.node('a').sharding.start(counter)
  await world.until(() => here.statistics().shards === 12)
  const there = world.node('b').sharding.start({ ...counter, numShards: 13 })
  await world.settle(2_000)
  const wrong = expect.objectContaining({ code: 'CASTY_SHARDING_TYPE_DIFFERS' }) as Error
  expect(() => there.tell('x', { type: 'add', amount: 1 })).toThrow(wrong)
  expect(there.explain(12).summary).toContain(
    'Nothing is sent to it from here: its type has 13 shards on this node, and 12 in the cluster.',
  )
  expect(here.explain(0).summary).not.toContain('Nothing is sent')
  expect(here.statistics().shards).toBe(12)
  expect(await total(world, here, 'x')).toBe(0)
})

test('what entities hand over arrives through frames that are smaller than usual', async () => {
  const cluster = { limits: { maxDataFrameBytes: 65_536 } }
  await using world = await ShardingWorld.of('a', { cluster })
  const wordy: EntityType<Counting> = {
    ...counter,
    entity: (entity) =>
      Behaviors.setup(() => {
        const before = entity.handedOver as { readonly total: number } | undefined
        let total = before?.total ?? 0
        entity.handOver(() => ({ total, remarks: 'x'.repeat(5_000) }))
        return Behaviors.receive<Counting>((message) => {
          if (message.type === 'add') total += message.amount
          else message.replyTo.tell(total)
        })
      }),
  }
  const here = (await started(world, wordy)).get('a')
  const ids = Array.from({ length: 360 }, (_, index) => `id${index}`)
  for (const id of ids) here?.tell(id, { type: 'add', amount: 1 })
  await world.start('b', { cluster })
  const there = world.node('b').sharding.start(wordy)
  await world.until(() => there.statistics().shards === 6)
  expect(there.statistics().handedOver).toBeGreaterThan(100)
  for (const id of ids) expect(await total(world, there, id)).toBe(1)
})

test('frames that parts of the table would not fit are refused at the start', async () => {
  const small = { cluster: { limits: { maxDataFrameBytes: 16_384 } } }
  await expect(ShardingWorld.of('a', small)).rejects.toMatchObject({
    code: 'CASTY_SHARDING_INVALID_OPTION',
  })
})

test.each([
  ['of changes', ['info']],
  ['of whatever it is told', ['debug', 'info', 'warn', 'error']],
])('a logger that throws %s keeps no node from giving out shards', async (_what, throwing) => {
  const say = (level: string) => (): void => {
    if (throwing.includes(level)) throw new Error(`No room for ${level}`)
  }
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  await using world = await ShardingWorld.of('a b c', { logger })
  const regions = await started(world, counter)
  for (const region of regions.values()) expect(await total(world, region, 'e1')).toBe(0)
  await world.kill('a')
  await world.until(
    () =>
      shardsOf(regions)
        .slice(1)
        .reduce((sum, count) => sum + count, 0) === 12,
  )
})

test('what comes to a node whose sharding has ended is a dead letter, and whoever asks is told at once', async () => {
  await using world = await ShardingWorld.of('a b')
  const regions = await started(world, counter)
  const [here, there] = [of(regions, 'a'), of(regions, 'b')]
  const id = ids.find((one) => there.explain(there.shardOf(one)).stage === 'running') ?? ''
  expect(await total(world, here, id)).toBe(0)
  world.node('b').sharding[Symbol.dispose]()
  here.tell(id, { type: 'add', amount: 1 })
  const asked = here.ask<number>(id, (replyTo) => ({ type: 'total', replyTo }))
  const failed = expect(asked).rejects.toMatchObject({ reason: 'stopped' })
  await world.settle(10)
  await failed
  const [told] = world.node('b').lost
  expect(told).toBe(`stopped /sharding/counter/${id}: {"type":"add","amount":1}`)
  expect(there.statistics().dropped).toEqual({ stopped: 2 })
})
